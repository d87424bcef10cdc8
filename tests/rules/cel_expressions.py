"""CEL expressions as Envoy's dump has them, made of text by the library that Envoy uses.

The library writes what it parsed as a protobuf message; this reads it into the JSON that a control
plane sends. It is written apart from `osmscope.rules.cel_message`, which does the reverse.
"""

import base64
import struct
from collections.abc import Iterator

import msgspec
import pytest

from osmscope.resources.cel import CelExpr

Json = dict[str, object]

cel = pytest.importorskip("cel_expr_python.cel", reason="the extra osmscope[cel] is not installed")


def expression(text: str) -> CelExpr:
    """Parse an expression."""
    return msgspec.convert(expression_json(text), CelExpr, strict=False)


def expression_json(text: str) -> Json:
    packed = cel.NewEnv(variables={}).compile(text, disable_check=True).serialize()
    return _expr(_dict(_dict(packed)[2])[2])


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(message):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            size = 8 if key & 7 == 1 else varint()
            yield key >> 3, message[place : place + size]
            place += size


def _dict(message: bytes) -> dict[int, bytes]:
    return {field: value for field, value in _fields(message) if isinstance(value, bytes)}


def _expr(message: bytes) -> Json:
    fields = dict(_fields(message))
    kind = max(field for field in fields if field != 2)
    body = fields[kind]
    assert isinstance(body, bytes)
    name, read = _KINDS[kind]
    return {"id": str(fields[2]), name: read(body)}


def _constant(message: bytes) -> Json:
    ((field, value),) = _fields(message)
    if isinstance(value, int):
        signed = value - 2**64 if field == 3 and value >> 63 else value
        return {_CONSTANTS[field]: bool(value) if field == 2 else str(signed)}
    if field == 5:
        return {"double_value": struct.unpack("<d", value)[0]}
    return {_CONSTANTS[field]: value.decode() if field == 6 else base64.b64encode(value).decode()}


def _select(message: bytes) -> Json:
    fields = dict(_fields(message))
    tested = {"test_only": True} if 3 in fields else {}
    both = _dict(message)
    return {"operand": _expr(both[1]), "field": both[2].decode(), **tested}


def _call(message: bytes) -> Json:
    call: Json = {"function": _dict(message)[2].decode()}
    if 1 in _dict(message):
        call["target"] = _expr(_dict(message)[1])
    return call | {
        "args": [_expr(v) for f, v in _fields(message) if f == 3 and isinstance(v, bytes)]
    }


def _list(message: bytes) -> Json:
    return {"elements": [_expr(v) for _, v in _fields(message) if isinstance(v, bytes)]}


def _struct(message: bytes) -> Json:
    entries = [_dict(value) for _, value in _fields(message) if isinstance(value, bytes)]
    return {"entries": [{"map_key": _expr(e[3]), "value": _expr(e[4])} for e in entries]}


_CONSTANTS = {1: "null_value", 2: "bool_value", 3: "int64_value", 4: "uint64_value",
              6: "string_value", 7: "bytes_value"}  # fmt: skip
_KINDS = {
    3: ("const_expr", _constant),
    4: ("ident_expr", lambda message: {"name": _dict(message)[1].decode()}),
    5: ("select_expr", _select),
    6: ("call_expr", _call),
    7: ("list_expr", _list),
    8: ("struct_expr", _struct),
    9: ("comprehension_expr", lambda _: {}),
}

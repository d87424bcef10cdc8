"""A CEL expression as the message that the CEL library reads.

What Envoy does: it hands the parsed expression of its configuration to the CEL library for C++.
osmscope hands it to the same library, which takes a serialized `cel.expr.ParsedExpr`: this writes
one, so that nothing is parsed again.
Checked against Envoy 1.40.0. Not modelled: comprehensions and messages, which
Envoy refuses to load.
"""

from __future__ import annotations

import base64
import struct

from osmscope.resources.cel import CelCall, CelConstant, CelEntry, CelExpr

_TYPE = b"type.googleapis.com/cel.expr.ParsedExpr"
_VARINT, _FIXED64, _LENGTH = 0, 1, 2


def is_evaluable(expr: CelExpr | None) -> bool:
    """Tell whether an expression holds only what Envoy's own configuration may hold."""
    if expr is None:
        return False
    if expr.comprehension_expr is not None:
        return False
    if expr.struct_expr is not None and expr.struct_expr.message_name:
        return False
    return all(map(is_evaluable, children(expr)))


def children(expr: CelExpr) -> tuple[CelExpr, ...]:
    """List the expressions that an expression is made of, one level down."""
    found: list[CelExpr | None] = []
    if expr.select_expr is not None:
        found.append(expr.select_expr.operand)
    if expr.call_expr is not None:
        found += [expr.call_expr.target, *expr.call_expr.args]
    if expr.list_expr is not None:
        found += expr.list_expr.elements
    if expr.struct_expr is not None:
        for entry in expr.struct_expr.entries:
            found += [entry.map_key, entry.value]
    return tuple(one for one in found if one is not None)


def serialize(expr: CelExpr) -> bytes:
    """Write an expression as a packed `cel.expr.ParsedExpr`."""
    return _bytes(1, _TYPE) + _bytes(2, _bytes(2, _Writer().expr(expr)))


class _Writer:
    """Writes one expression; every node needs a number of its own."""

    def __init__(self) -> None:
        self._id = 0

    def expr(self, expr: CelExpr) -> bytes:
        self._id += 1
        return _number(2, self._id) + self._kind(expr)

    def _kind(self, expr: CelExpr) -> bytes:
        if expr.const_expr is not None:
            return _bytes(3, _constant(expr.const_expr))
        if expr.ident_expr is not None:
            return _bytes(4, _bytes(1, expr.ident_expr.name.encode()))
        if expr.select_expr is not None:
            select = expr.select_expr
            content = _bytes(1, self.expr(select.operand or CelExpr()))
            content += _bytes(2, select.field.encode()) + _number(3, select.test_only)
            return _bytes(5, content)
        if expr.call_expr is not None:
            return _bytes(6, self._call(expr.call_expr))
        if expr.list_expr is not None:
            return _bytes(7, b"".join(_bytes(1, self.expr(e)) for e in expr.list_expr.elements))
        entries = expr.struct_expr.entries if expr.struct_expr is not None else ()
        return _bytes(8, b"".join(_bytes(2, self._entry(entry)) for entry in entries))

    def _call(self, call: CelCall) -> bytes:
        target = _bytes(1, self.expr(call.target)) if call.target is not None else b""
        arguments = b"".join(_bytes(3, self.expr(argument)) for argument in call.args)
        return target + _bytes(2, call.function.encode()) + arguments

    def _entry(self, entry: CelEntry) -> bytes:
        self._id += 1
        head = _number(1, self._id) + _bytes(3, self.expr(entry.map_key or CelExpr()))
        return head + _bytes(4, self.expr(entry.value or CelExpr()))


def _constant(constant: CelConstant) -> bytes:
    if constant.bool_value is not None:
        return _number(2, constant.bool_value)
    if constant.int64_value is not None:
        return _number(3, constant.int64_value)
    if constant.uint64_value is not None:
        return _number(4, constant.uint64_value)
    if constant.double_value is not None:
        return _tag(5, _FIXED64) + struct.pack("<d", constant.double_value)
    if constant.string_value is not None:
        return _bytes(6, constant.string_value.encode())
    if constant.bytes_value is not None:
        return _bytes(7, base64.b64decode(constant.bytes_value))
    return _number(1, 0)


def _tag(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _number(field: int, value: int) -> bytes:
    return _tag(field, _VARINT) + _varint(value % 2**64)


def _bytes(field: int, content: bytes) -> bytes:
    return _tag(field, _LENGTH) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)

"""JSON in the form of another writer, brought to the form in which Envoy prints it.

Decision: canonical input is never converted, and whether it is canonical is told by samples. What
Go's protojson, istioctl or a YAML writer made is converted once, as a whole: names of fields to
snake_case, enum numbers to names, {seconds, nanos} to text. Keys of maps and the contents of
Structs are somebody's data: they are listed in `fields` and stay as they are.
"""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from osmscope.dump import fields
from osmscope.dump.text import Text, decode, refusal

Value = dict[str, "Value"] | list["Value"] | str | int | float | bool | None
"""A decoded JSON value."""

_SAMPLE = 1 << 12
_SAMPLES = 64
_MARK = re.compile(rb'"(?:%s)"\s*:' % "|".join(fields.MARKS).encode())
_CAPITAL = re.compile("[A-Z]")
_HIDDEN = "hidden_envoy_deprecated_"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BILLION = 1_000_000_000


def is_foreign(document: Text) -> bool:
    """Whether samples of a JSON text show field names that Envoy does not write."""
    view = memoryview(document)
    step = max(_SAMPLE, len(view) // _SAMPLES)
    return any(_MARK.search(view[start : start + _SAMPLE]) for start in range(0, len(view), step))


def canonical_json(document: Text, *, where: str) -> bytes:
    """Convert a JSON text.

    Raises:
        DumpError: The text is not JSON, is cut off, or is nested too deeply.
    """
    try:
        return msgspec.json.encode(canonical(decode(document, object, where=where)))
    except RecursionError as error:
        raise refusal(error, size=len(memoryview(document)), where=where) from None


def canonical(value: object) -> object:
    """Convert a decoded JSON value."""
    return _convert(value, "", "")


def snake_case(name: str) -> str:
    """Envoy's name of a field: "versionInfo" is version_info; without the mark of hidden ones."""
    if name in fields.IRREGULAR:
        return fields.IRREGULAR[name]
    if name[:1].islower():
        name = _CAPITAL.sub(lambda capital: "_" + capital[0].lower(), name)
    return name.removeprefix(_HIDDEN)


def _convert(value: object, field: str, parent: str) -> object:
    """Convert the value of a field; of a list its elements, each below the same field."""
    if isinstance(value, dict):
        return _convert_object(value, field, parent)
    if isinstance(value, list):
        return [
            _message(item, field) if isinstance(item, dict) else _convert(item, field, parent)
            for item in value
        ]
    if isinstance(value, int) and not isinstance(value, bool):
        return _enum_name(value, field, parent)
    return value


def _convert_object(value: dict[str, object], field: str, parent: str) -> object:
    if _listed(fields.OPAQUE, field, parent):
        return value
    if _listed(fields.MAPS, field, parent):
        return {key: _convert(item, "", field) for key, item in value.items()}
    if value and value.keys() <= {"seconds", "nanos"}:
        return _time(value, field)
    return _message(value, field)


def _message(value: dict[str, object], field: str) -> dict[str, object]:
    """Convert the fields of a message that stands in a field."""
    opaque = _holds_foreign_value(value)
    converted: dict[str, object] = {}
    for key, item in value.items():
        name = snake_case(key)
        if name in converted and name != key:
            continue  # a deprecated or camelCase name next to the one that Envoy reads
        converted[name] = item if opaque and key == "value" else _convert(item, name, field)
    return converted


def _holds_foreign_value(value: dict[str, object]) -> bool:
    """Whether `value` in a message is a Struct: in TypedStruct, and where metadata is set."""
    type_url = value.get("@type")
    if isinstance(type_url, str) and type_url.endswith((".TypedStruct", "protobuf.Struct")):
        return True
    return not value.keys().isdisjoint({"metadataNamespace", "metadata_namespace"})


def _listed(names: frozenset[str], field: str, parent: str) -> bool:
    return field in names or f"{parent}.{field}" in names


def _enum_name(number: int, field: str, parent: str) -> object:
    names = fields.ENUMS.get(f"{parent}.{field}") or fields.ENUMS.get(field)
    return names[number] if names is not None and 0 <= number < len(names) else number


def _time(value: dict[str, object], field: str) -> object:
    """Write {seconds, nanos} as Envoy writes it, with 0, 3, 6 or 9 digits."""
    try:
        total = int(str(value.get("seconds", 0))) * _BILLION + int(str(value.get("nanos", 0)))
        if field in fields.TIMESTAMPS:
            seconds, nanos = divmod(total, _BILLION)
            moment = _EPOCH + timedelta(seconds=seconds)
            return f"{moment:%Y-%m-%dT%H:%M:%S}{_fraction(nanos)}Z"
    except (ValueError, OverflowError):
        return value
    seconds, nanos = divmod(abs(total), _BILLION)
    return f"{'-' if total < 0 else ''}{seconds}{_fraction(nanos)}s"


def _fraction(nanos: int) -> str:
    if not nanos:
        return ""
    digits = f"{nanos:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return "." + digits

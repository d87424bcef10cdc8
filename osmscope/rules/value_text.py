"""A value of a Struct as text.

What Envoy does: a text stands for itself, anything else for its JSON: without blanks, keys in
order, and numbers in the fewest characters that tell them apart, so that 100000 is `1e+05`. Checked
against Envoy 1.40.0. Not modelled: nothing.
"""

import decimal
import math

import msgspec


def value_text(value: object) -> str:
    """Write a value of metadata as a matcher sees it."""
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_json(key)}:{_json(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(float(value))
    return msgspec.json.encode(value).decode()


def _number(value: float) -> str:
    sign = "-" if math.copysign(1, value) < 0 else ""
    shortest = decimal.Decimal(repr(abs(value)))
    _, digits, exponent = shortest.normalize().as_tuple()
    assert isinstance(exponent, int)
    fixed = str(int(abs(value))) if value.is_integer() else f"{shortest:f}"
    first, *rest = map(str, digits)
    power = exponent + len(rest)
    fraction = f".{''.join(rest)}" if rest else ""
    scientific = f"{first}{fraction}e{'-' if power < 0 else '+'}{abs(power):02}"
    return sign + (fixed if len(fixed) <= len(scientific) else scientific)

"""Fractions that a runtime key may override.

What Envoy does: the key's value, where it is set, is a percentage as a whole number or a
FractionalPercent; else the default counts. A random number fits where its remainder by the
denominator is below the numerator.
Checked against Envoy 1.40.0. Not modelled: values of other kinds, which leave the default.
"""

from collections.abc import Mapping
from fractions import Fraction

from osmscope.resources.matcher import RuntimeFractionalPercent
from osmscope.rules.runtime_value import whole_number
from osmscope.rules.stream_random import Draw

_DENOMINATORS = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}


def probability(fraction: RuntimeFractionalPercent, runtime: Mapping[str, object]) -> Fraction:
    """Return the share of requests that fit, from 0 to 1."""
    numerator, denominator = _parts(fraction, runtime)
    return min(Fraction(numerator, denominator), Fraction(1))


def draw(fraction: RuntimeFractionalPercent, runtime: Mapping[str, object]) -> Draw:
    """Return the random numbers that fit."""
    numerator, denominator = _parts(fraction, runtime)
    return Draw(denominator, 0, min(numerator, denominator))


def fits(
    fraction: RuntimeFractionalPercent, runtime: Mapping[str, object], random_value: int
) -> bool:
    """Tell whether a request with this random number fits."""
    numerator, denominator = _parts(fraction, runtime)
    return random_value % denominator < numerator


def _parts(fraction: RuntimeFractionalPercent, runtime: Mapping[str, object]) -> tuple[int, int]:
    value = runtime.get(fraction.runtime_key) if fraction.runtime_key else None
    percent = whole_number(value)
    if percent is not None:
        return percent, 100
    if isinstance(value, Mapping):
        numerator = whole_number(value.get("numerator", 0))
        denominator = _DENOMINATORS.get(str(value.get("denominator", "HUNDRED")))
        if numerator is not None and denominator is not None:
            return numerator, denominator
    default = fraction.default_value
    return default.numerator, _DENOMINATORS.get(default.denominator, 100)

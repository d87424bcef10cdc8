"""Runtime values, read as the whole numbers that most keys take.

What Envoy does: a number is cut to a whole one; a text counts if it is one. A negative number, a
text that is something else, true, false and an object leave the default. Checked against Envoy
1.40.0. Not modelled: fractions that are written as text.
"""


def whole_number(value: object) -> int | None:
    """Return a runtime value as a number from 0; None where the default counts."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if value >= 0 else None
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    return None

"""Durations as protobuf's JSON writes them.

What Envoy does: it counts timeouts in whole milliseconds and drops what is smaller.
Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from __future__ import annotations

import decimal

from osmscope.errors import DumpError


def milliseconds(duration: str) -> int:
    """Return the whole milliseconds of a duration such as "15s" or "0.250s".

    Raises:
        DumpError: It is not a duration.
    """
    number = duration.removesuffix("s")
    try:
        return int(decimal.Decimal(number) * 1000)
    except (ArithmeticError, ValueError) as error:
        raise DumpError(
            f"{duration!r} is not a duration",
            hint="check that the dump is unchanged: Envoy writes durations like 1.5s",
        ) from error

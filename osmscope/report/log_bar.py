"""A span of time as a bar of text, on a scale on which an hour and a year can both be seen."""

import bisect
import datetime

_STEPS = (
    (datetime.timedelta(hours=1), "1h"),
    (datetime.timedelta(days=1), "1d"),
    (datetime.timedelta(days=7), "7d"),
    (datetime.timedelta(days=30), "30d"),
    (datetime.timedelta(days=365), "1y"),
    (datetime.timedelta(days=3650), "10y"),
)
_CELLS = 4
"""How many cells lie between two steps."""
SCALE = "".join(label.rjust(_CELLS) for _, label in _STEPS)
"""The scale, as wide as the longest bar."""


def log_bar(left: datetime.timedelta) -> str:
    """Draw how much time is left.

    Args:
        left: The time; none is left where it is negative.

    Returns:
        A bar that ends where `SCALE` has that much time, at most as long as `SCALE`.
    """
    if left <= datetime.timedelta(0):
        return ""
    times = [step for step, _ in _STEPS]
    index = bisect.bisect_right(times, left)
    if index == len(times):
        return "━" * len(SCALE)
    start = times[index - 1] if index else datetime.timedelta(0)
    share = (left - start) / (times[index] - start)
    return "━" * max(1, round((index + share) * _CELLS))

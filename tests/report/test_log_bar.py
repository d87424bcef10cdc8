"""A span of time as a bar of text."""

import datetime

import pytest

from osmscope.report.log_bar import SCALE, log_bar

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


@pytest.mark.parametrize(
    ("left", "length"),
    [
        (-DAY, 0), (0 * DAY, 0), (HOUR / 60, 1), (HOUR / 2, 2), (HOUR, 4), (DAY, 8), (4 * DAY, 10),
        (7 * DAY, 12), (30 * DAY, 16), (365 * DAY, 20), (3650 * DAY, 24), (99999 * DAY, 24),
    ],
)  # fmt: skip
def test_a_bar_ends_where_the_scale_has_that_much_time(left, length):
    assert log_bar(left) == "━" * length


@pytest.mark.parametrize(
    ("label", "end"), [("1h", 4), ("1d", 8), ("7d", 12), ("30d", 16), ("1y", 20), ("10y", 24)]
)
def test_the_scale(label, end):
    assert SCALE[:end].endswith(label)

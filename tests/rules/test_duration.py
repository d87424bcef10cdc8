"""Durations as protobuf's JSON writes them."""

import pytest

from osmscope.errors import DumpError
from osmscope.rules.duration import milliseconds


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("15s", 15000),
        ("0s", 0),
        ("0.250s", 250),
        ("0.0015s", 1),
        ("0.000000001s", 0),
        ("315576000000s", 315576000000000),
    ],
)
def test_milliseconds(duration: str, expected: int) -> None:
    assert milliseconds(duration) == expected


@pytest.mark.parametrize("duration", ["", "s", "abc", "NaNs", "infs"])
def test_what_is_no_duration_is_an_error(duration: str) -> None:
    with pytest.raises(DumpError, match="is not a duration"):
        milliseconds(duration)

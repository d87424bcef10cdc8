"""Runtime values, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.rules.runtime_value import whole_number


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0),
        (30, 30),
        (49.7, 49),
        ("100", 100),
        ("49.7", None),
        ("many", None),
        ("-1", None),
        ("٣", None),
        (-1, None),
        (True, None),
        (False, None),
        (None, None),
        ({"numerator": 50}, None),
    ],
)
def test_whole_numbers(value: object, number: int | None) -> None:
    assert whole_number(value) == number

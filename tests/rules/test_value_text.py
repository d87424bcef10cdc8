"""Values of Structs as text, as a table of what Envoy 1.40.0 writes."""

import pytest

from osmscope.rules.value_text import value_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),
        ("", ""),
        (None, "null"),
        (True, "true"),
        (1, "1"),
        (1.0, "1"),
        (-1.0, "-1"),
        (-0.0, "-0"),
        (0, "0"),
        (1.5, "1.5"),
        (0.1, "0.1"),
        (0.0001, "1e-04"),
        (0.00001, "1e-05"),
        (1000, "1000"),
        (100000, "1e+05"),
        (12345678, "12345678"),
        (1e15, "1e+15"),
        (1e20, "1e+20"),
        (123456789012345680.0, "123456789012345680"),
        ([1, "a"], '[1,"a"]'),
        ([], "[]"),
        ({}, "{}"),
        ({"b": 1, "a": [True]}, '{"a":[true],"b":1}'),
        (['é"/<\x01'], '["é\\"/<\\u0001"]'),
    ],
)
def test_text(value: object, text: str) -> None:
    assert value_text(value) == text

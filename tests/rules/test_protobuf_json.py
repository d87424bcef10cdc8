"""A text as protobuf's JSON, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.rules.protobuf_json import protobuf_json


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", '""'),
        ("a", '"a"'),
        ('a"b\\c/', '"a\\"b\\\\c/"'),
        ("a\tb", '"a\\tb"'),
        ("<&>'", '"\\u003c&\\u003e\'"'),
        ("é€", '"é€"'),
        ("\U0001f600", '"\U0001f600"'),
        ("\x80\x9f\xa0", '"\\u0080\\u009f\xa0"'),
        ("\u00ad\u00ae", '"\\u00ad\u00ae"'),
        ("\u200b\u2010", '"\\u200b\u2010"'),
        ("\u202e\u202f", '"\\u202e\u202f"'),
        ("\ufeff", '"\\ufeff"'),
        ("\U0001d173\U0001d17b", '"\\ud834\\udd73\U0001d17b"'),
        ("\U000e0001", '"\\udb40\\udc01"'),
    ],
)
def test_text(text: str, written: str) -> None:
    assert protobuf_json(text) == written

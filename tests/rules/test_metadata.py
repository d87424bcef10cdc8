"""Metadata and value matchers, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.matcher import (
    DoubleMatcher,
    DoubleRange,
    ListMatcher,
    MetadataMatcher,
    OrMatcher,
    PathSegment,
    StringMatcher,
    ValueMatcher,
)
from osmscope.rules.metadata import match_metadata
from osmscope.rules.result import Outcome

METADATA = {
    "ns": {
        "text": "a",
        "number": 5,
        "yes": True,
        "no": False,
        "null": None,
        "list": ["a", 2],
        "empty": [],
        "deep": {"er": "b"},
    }
}
STRING_A = ValueMatcher(string_match=StringMatcher(exact="a"))
NULL = ValueMatcher(null_match={})
PRESENT = ValueMatcher(present_match=True)
NOT_PRESENT = ValueMatcher(present_match=False)


def number(**fields: object) -> ValueMatcher:
    return ValueMatcher(double_match=DoubleMatcher(**fields))  # type: ignore[arg-type]


def matcher(path: str, value: ValueMatcher | None, invert: bool = False) -> MetadataMatcher:
    segments = tuple(PathSegment(key=key) for key in path.split(".") if key)
    return MetadataMatcher(filter="ns", path=segments, value=value, invert=invert)


@pytest.mark.parametrize(
    ("path", "value", "fits"),
    [
        ("text", STRING_A, True),
        ("deep.er", STRING_A, False),
        ("deep.er", ValueMatcher(string_match=StringMatcher(exact="b")), True),
        ("number", STRING_A, False),
        ("number", number(exact=5.0), True),
        ("number", number(exact=6.0), False),
        ("number", number(range=DoubleRange(start=5, end=6)), True),
        ("number", number(range=DoubleRange(start=4, end=5)), False),
        ("yes", number(exact=1.0), False),
        ("text", number(exact=1.0), False),
        ("yes", ValueMatcher(bool_match=True), True),
        ("no", ValueMatcher(bool_match=False), True),
        ("no", ValueMatcher(bool_match=True), False),
        ("number", ValueMatcher(bool_match=True), False),
        ("null", NULL, True),
        ("text", NULL, False),
        ("missing", NULL, False),
        ("missing", STRING_A, False),
        ("text.deeper", PRESENT, False),
        ("", PRESENT, False),
        ("text", PRESENT, True),
        ("null", PRESENT, True),
        ("missing", PRESENT, False),
        ("text", NOT_PRESENT, False),
        ("missing", NOT_PRESENT, False),
        ("list", ValueMatcher(list_match=ListMatcher(one_of=STRING_A)), True),
        ("list", ValueMatcher(list_match=ListMatcher(one_of=number(exact=2.0))), True),
        ("list", ValueMatcher(list_match=ListMatcher(one_of=number(exact=3.0))), False),
        ("empty", ValueMatcher(list_match=ListMatcher(one_of=PRESENT)), False),
        ("text", ValueMatcher(list_match=ListMatcher(one_of=STRING_A)), False),
        ("list", ValueMatcher(list_match=ListMatcher()), False),
        ("text", ValueMatcher(or_match=OrMatcher(value_matchers=(NULL, STRING_A))), True),
        ("number", ValueMatcher(or_match=OrMatcher(value_matchers=(NULL, STRING_A))), False),
        ("missing", ValueMatcher(or_match=OrMatcher(value_matchers=(NULL, PRESENT))), False),
        ("text", ValueMatcher(or_match=OrMatcher()), False),
        ("text", None, False),
    ],
)
def test_value(path: str, value: ValueMatcher | None, fits: bool) -> None:
    plain = match_metadata(matcher(path, value), METADATA, ())
    inverted = match_metadata(matcher(path, value, invert=True), METADATA, ())
    assert plain.outcome is (Outcome.MATCH if fits else Outcome.NO_MATCH)
    assert inverted.outcome is (Outcome.NO_MATCH if fits else Outcome.MATCH)


def test_an_absent_namespace_is_an_absent_value() -> None:
    match = match_metadata(matcher("text", PRESENT), {}, ())
    assert match.outcome is Outcome.NO_MATCH
    assert match.reason == 'metadata "text" of "ns" is absent'


def test_what_an_opaque_filter_may_have_left_is_unknown() -> None:
    match = match_metadata(matcher("claim", PRESENT, invert=True), METADATA, ("ext_authz", "lua"))
    assert match.is_unknown
    assert match.missing == 'the metadata "claim" of "ns", which ext_authz or lua may set'


def test_what_is_known_is_known_after_an_opaque_filter_too() -> None:
    assert match_metadata(matcher("text", STRING_A), METADATA, ("lua",)).is_match

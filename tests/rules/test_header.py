"""Header matchers, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.matcher import HeaderMatcher, Int64Range, RegexMatcher, StringMatcher
from osmscope.rules.facts import Headers
from osmscope.rules.header import match_header, match_headers
from osmscope.rules.result import Outcome

REGEX = StringMatcher(safe_regex=RegexMatcher(regex="a.*c"))
ANYTHING = StringMatcher(safe_regex=RegexMatcher(regex=".*"))
ONE_TO_TEN = Int64Range(start=1, end=10)


def matcher(**fields: object) -> HeaderMatcher:
    return msgspec.convert({"name": "X", **fields}, HeaderMatcher, from_attributes=True)


def headers(values: list[str]) -> Headers:
    return Headers.of(("x", value) for value in values)


@pytest.mark.parametrize(
    ("fields", "values", "fits"),
    [
        ({"exact_match": "a"}, ["a"], True),
        ({"exact_match": "a"}, ["A"], False),
        ({"exact_match": "a"}, ["a", "a"], True),
        ({"exact_match": "a"}, ["a", "b"], True),
        ({"exact_match": "a"}, ["b", "a"], True),
        ({"exact_match": "a"}, ["a,b"], False),
        ({"exact_match": "a"}, [], False),
        ({"exact_match": ""}, [""], True),
        ({"exact_match": ""}, ["a"], True),
        ({"exact_match": ""}, [], False),
        ({"exact_match": "", "treat_missing_header_as_empty": True}, [], True),
        ({"string_match": StringMatcher(exact="a,b")}, ["a", "b"], False),
        ({"string_match": StringMatcher(exact="a,b")}, ["a,b"], True),
        ({"string_match": StringMatcher(exact="a,b")}, ["a, b"], False),
        ({"string_match": StringMatcher(exact="")}, [""], True),
        ({"string_match": StringMatcher(exact="")}, ["a"], False),
        ({"prefix_match": "ab"}, ["ab"], True),
        ({"prefix_match": "ab"}, ["AB"], False),
        ({"prefix_match": "ab"}, ["x", "ab"], True),
        ({"suffix_match": "ab"}, ["xab"], True),
        ({"suffix_match": "ab"}, ["abx"], False),
        ({"contains_match": "b"}, ["ac", "b"], True),
        ({"contains_match": "b"}, ["ac"], False),
        ({"safe_regex_match": RegexMatcher(regex="a.*c")}, ["abc"], True),
        ({"safe_regex_match": RegexMatcher(regex="a.*c")}, ["xabc"], False),
        ({"string_match": REGEX}, ["a", "c"], False),
        ({"string_match": REGEX}, ["abcd"], False),
        ({"present_match": True}, ["a"], True),
        ({"present_match": True}, [""], True),
        ({"present_match": True}, [], False),
        ({"present_match": True, "invert_match": True}, [], True),
        ({"present_match": True, "treat_missing_header_as_empty": True}, [], True),
        (
            {
                "present_match": True,
                "treat_missing_header_as_empty": True,
                "invert_match": True,
            },
            [],
            False,
        ),
        ({"present_match": False}, ["a"], False),
        ({"present_match": False}, [], True),
        ({"present_match": False, "invert_match": True}, ["a"], True),
        ({"present_match": False, "invert_match": True}, [], False),
        ({"present_match": False, "treat_missing_header_as_empty": True}, [], False),
        ({}, ["a"], True),
        ({}, [], False),
        ({"range_match": ONE_TO_TEN}, ["1"], True),
        ({"range_match": ONE_TO_TEN}, ["9"], True),
        ({"range_match": ONE_TO_TEN}, ["10"], False),
        ({"range_match": ONE_TO_TEN}, ["0"], False),
        ({"range_match": ONE_TO_TEN}, ["+5"], True),
        ({"range_match": ONE_TO_TEN}, ["05"], True),
        ({"range_match": ONE_TO_TEN}, [" 5 "], True),
        ({"range_match": ONE_TO_TEN}, ["5.0"], False),
        ({"range_match": ONE_TO_TEN}, ["5a"], False),
        ({"range_match": ONE_TO_TEN}, ["-1"], False),
        ({"range_match": ONE_TO_TEN}, [""], False),
        ({"range_match": ONE_TO_TEN}, ["5", "50"], True),
        ({"range_match": ONE_TO_TEN}, ["9" * 5000], False),
        ({"range_match": ONE_TO_TEN, "treat_missing_header_as_empty": True}, [], False),
        ({"range_match": ONE_TO_TEN, "invert_match": True}, ["5"], False),
        ({"range_match": ONE_TO_TEN, "invert_match": True}, ["50"], True),
        ({"range_match": ONE_TO_TEN, "invert_match": True}, ["abc"], True),
        ({"range_match": ONE_TO_TEN, "invert_match": True}, [], False),
        ({"exact_match": "a", "invert_match": True}, ["a"], False),
        ({"exact_match": "a", "invert_match": True}, ["b"], True),
        ({"exact_match": "a", "invert_match": True}, [], False),
        ({"exact_match": "a", "invert_match": True}, ["a", "b"], False),
        ({"exact_match": "a", "invert_match": True}, ["b", "c"], True),
        (
            {"exact_match": "a", "invert_match": True, "treat_missing_header_as_empty": True},
            [],
            True,
        ),
        ({"string_match": ANYTHING, "treat_missing_header_as_empty": True}, [], True),
    ],
)
def test_header_matcher(fields: dict[str, object], values: list[str], fits: bool) -> None:
    match = match_header(matcher(**fields), headers(values))
    assert match.outcome is (Outcome.MATCH if fits else Outcome.NO_MATCH)
    assert match.reason.startswith('header "X" ')


def test_host_and_authority_are_the_same_header() -> None:
    request = Headers.of([("Host", "a:80")])
    asked = HeaderMatcher(name=":authority", string_match=StringMatcher(exact="a:80"))
    assert match_header(asked, request).is_match


def test_what_a_custom_matcher_decides_stays_unknown_when_inverted() -> None:
    custom = StringMatcher(custom=msgspec.Raw(b"{}"))
    match = match_header(HeaderMatcher(name="x", string_match=custom), headers(["a"]))
    inverted = HeaderMatcher(name="x", string_match=custom, invert_match=True)
    assert match.is_unknown
    assert match_header(inverted, headers(["a"])).missing == match.missing


def test_all_matchers_have_to_fit_and_the_one_that_fails_is_named() -> None:
    asked = (matcher(present_match=True), matcher(exact_match="b"))
    assert match_headers(asked, headers(["b"])).is_match
    match = match_headers(asked, headers(["a"]))
    assert match.outcome is Outcome.NO_MATCH
    assert match.consulted == ("headers[1].exact_match",)
    assert match.reason == 'header "X" "a" does not equal "b"'


def test_no_matcher_is_a_match() -> None:
    assert match_headers((), headers([])).is_match

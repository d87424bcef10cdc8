"""String matchers, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.errors import DumpError
from osmscope.resources.matcher import RegexMatcher, StringMatcher
from osmscope.rules.result import Outcome
from osmscope.rules.string_matcher import match_string


def regex(pattern: str) -> StringMatcher:
    return StringMatcher(safe_regex=RegexMatcher(regex=pattern))


@pytest.mark.parametrize(
    ("matcher", "value", "fits"),
    [
        (StringMatcher(exact="a"), "a", True),
        (StringMatcher(exact="a"), "A", False),
        (StringMatcher(exact="a", ignore_case=True), "A", True),
        (StringMatcher(exact=""), "", True),
        (StringMatcher(exact=""), "a", False),
        (StringMatcher(prefix="ab"), "abc", True),
        (StringMatcher(prefix="ab"), "xab", False),
        (StringMatcher(suffix="C", ignore_case=True), "abc", True),
        (StringMatcher(suffix="c"), "cb", False),
        (StringMatcher(contains="b"), "abc", True),
        (StringMatcher(contains="B", ignore_case=True), "abc", True),
        (StringMatcher(contains="b"), "ac", False),
        (StringMatcher(exact="É", ignore_case=True), "é", False),
        (regex("a.*c"), "abc", True),
        (regex("a.*c"), "xabc", False),
        (regex("a|ab"), "ab", True),
        (regex("(?i)ABC"), "abc", True),
        (regex("a.c"), "a\nc", False),
        (regex("abc$"), "abc\n", False),
        (StringMatcher(), "", False),
    ],
)
def test_string_matcher(matcher: StringMatcher, value: str, fits: bool) -> None:
    match = match_string(matcher, value, "path")
    assert match.outcome is (Outcome.MATCH if fits else Outcome.NO_MATCH)
    assert match.reason.startswith(f'path "{value}" ')


def test_custom_matcher_is_unknown() -> None:
    match = match_string(StringMatcher(custom=msgspec.Raw(b"{}")), "a", "path")
    assert match.outcome is Outcome.UNKNOWN
    assert match.missing == "what a custom string matcher decides"


@pytest.mark.parametrize(
    ("matcher", "value"),
    [
        (StringMatcher(exact="[redacted]"), "a"),
        (StringMatcher(prefix="Bearer [redacted]"), "Bearer a"),
        (regex("[redacted]"), "r"),
        (StringMatcher(exact="a"), "Bearer [redacted]"),
    ],
)
def test_what_was_redacted_is_unknown(matcher: StringMatcher, value: str) -> None:
    """Envoy puts this in the place of secrets, and so does a capture."""
    match = match_string(matcher, value, "header")
    assert match.outcome is Outcome.UNKNOWN
    assert match.missing == "header without the redaction, or what it is held against"


def test_an_expression_that_re2_refuses_is_an_error() -> None:
    with pytest.raises(DumpError, match="RE2 refuses"):
        match_string(regex("(?=a)"), "a", "path")


@pytest.mark.parametrize(
    ("matcher", "value", "reason"),
    [
        (StringMatcher(prefix="/a"), "/b", 'path "/b" does not start with "/a"'),
        (StringMatcher(exact="/a"), "/a", 'path "/a" equals "/a"'),
        (regex("/a.*"), "/ab", 'path "/ab" fits the expression "/a.*"'),
        (
            StringMatcher(exact="a", ignore_case=True),
            "b",
            'path "b" does not equal "a" (ignoring case)',
        ),
    ],
)
def test_reason_says_what_was_asked_and_what_came(
    matcher: StringMatcher, value: str, reason: str
) -> None:
    assert match_string(matcher, value, "path").reason == reason

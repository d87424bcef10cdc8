"""Texts that fit a matcher: what RE2 itself confirms, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osmscope.resources.matcher import HeaderMatcher, RegexMatcher, StringMatcher
from osmscope.rules.facts import Headers
from osmscope.rules.header import match_header
from osmscope.rules.regular_expression import full_match
from osmscope.trace.witness.samples import fitting, header_values, regex_samples, string_samples


@pytest.mark.parametrize(
    ("pattern", "first"),
    [
        (".*", ("", "a")),
        ("/.*", ("/", "/a")),
        ("v1|v2", ("v1", "v2")),
        ("(foo|bar)[0-9]{2}", ("foo00", "bar00")),
        ("^/a/[^/]+/b$", ("/a/a/b",)),
        ("[[:alpha:]]+\\d", ("a0",)),
        ("\\Qa.b\\E", ("a.b",)),
        ("\\S\\w[^a]", ("aa/",)),
        ("(?i)ABC", ("ABC",)),
        ("a\\z", ("a",)),
        ("(?P<name>x)\\.(?:y){2,}?", ("x.yy",)),
        ("[bc]", ("b", "c")),
        ("[\\W]", ("/",)),
    ],
)
def test_texts_of_an_expression_the_plainest_first(pattern, first):
    assert regex_samples(pattern)[: len(first)] == first


@pytest.mark.parametrize("pattern", ["\\p{Greek}", "[^\\x00-\\x{10FFFF}]", "a{900}"])
def test_what_cannot_be_written_has_no_text(pattern):
    assert all(full_match(pattern, text) for text in regex_samples(pattern))


_PIECES = st.sampled_from(
    ["a", "b?", "[x-z]+", "(c|d)*", ".", "\\d{1,3}", "[^/]", "/", "\\w+", "e{0}"]
)


@given(st.lists(_PIECES, min_size=1, max_size=6).map("".join))
def test_every_text_fits_and_plain_expressions_have_one(pattern):
    texts = regex_samples(pattern)
    assert texts
    assert all(full_match(pattern, text) for text in texts)


_STRINGS = [
    StringMatcher(exact="a"), StringMatcher(prefix="a"), StringMatcher(suffix="a"),
    StringMatcher(contains="a"), StringMatcher(safe_regex=RegexMatcher(regex="a+")),
]  # fmt: skip


@pytest.mark.parametrize("matcher", _STRINGS)
def test_a_string_matcher_has_texts_that_fit_and_others(matcher):
    assert string_samples(matcher)
    assert "a" in fitting(matcher)
    assert "a" not in fitting(matcher, inverted=True)
    assert "1" in fitting(matcher, inverted=True)


def test_of_a_custom_string_matcher_nothing_is_known():
    assert fitting(StringMatcher(custom={})) == ()


_HEADERS = [
    HeaderMatcher(name="x", exact_match="a"),
    HeaderMatcher(name="x", prefix_match="a", invert_match=True),
    HeaderMatcher(name="x", string_match=StringMatcher(suffix="b")),
    HeaderMatcher(name="x", safe_regex_match=RegexMatcher(regex="v[12]")),
    HeaderMatcher(name="x", range_match={"start": 3, "end": 5}),
    HeaderMatcher(name="x", present_match=True),
    HeaderMatcher(name="x", present_match=False),
    HeaderMatcher(name="x", contains_match="c", treat_missing_header_as_empty=True),
    HeaderMatcher(name=":method", safe_regex_match=RegexMatcher(regex="P.*")),
]


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("matcher", _HEADERS[:4] + _HEADERS[5:])
def test_values_of_a_header_fit_its_matcher(matcher, inverted):
    values = header_values(matcher, inverted=inverted)
    assert values
    for value in values:
        headers = Headers.of([] if value is None else [(matcher.name, value)])
        assert match_header(matcher, headers).is_match is not inverted


@pytest.mark.parametrize(
    ("matcher", "value"),
    [
        (HeaderMatcher(name=":method", safe_regex_match=RegexMatcher(regex=".*")), "GET"),
        (HeaderMatcher(name=":method", safe_regex_match=RegexMatcher(regex="P.*T")), "PT"),
        (HeaderMatcher(name="x", present_match=False), None),
        (HeaderMatcher(name="x", exact_match="a", invert_match=True), "1"),
    ],
)
def test_the_plainest_value_comes_first(matcher, value):
    assert header_values(matcher)[0] == value


def test_a_preferred_value_comes_first_where_it_fits():
    matcher = HeaderMatcher(name="x", safe_regex_match=RegexMatcher(regex="a.b"))
    assert header_values(matcher, preferred=("no", "axb"))[0] == "axb"

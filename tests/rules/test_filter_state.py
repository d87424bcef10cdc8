"""Filter state matchers: objects that a filter left, known or not."""

import pytest

from osmscope.resources.matcher import FilterStateMatcher, StringMatcher
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.filter_state import StateText, filter_state_text, match_filter_state
from osmscope.rules.result import Outcome

MATCHER = FilterStateMatcher(key="tenant", string_match=StringMatcher(exact="a"))


@pytest.mark.parametrize(
    ("state", "opaque", "outcome", "words"),
    [
        ({}, (), Outcome.NO_MATCH, 'filter state "tenant" is absent'),
        ({}, ("wasm",), Outcome.UNKNOWN, 'the filter state "tenant", which wasm may set'),
        ({"tenant": "a"}, ("wasm",), Outcome.MATCH, 'filter state "tenant" "a" equals "a"'),
        ({"tenant": "b"}, (), Outcome.NO_MATCH, 'filter state "tenant" "b" does not equal "a"'),
    ],
)
def test_objects(
    state: dict[str, str], opaque: tuple[str, ...], outcome: Outcome, words: str
) -> None:
    match = match_filter_state(MATCHER, state, opaque)
    assert (match.outcome, match.missing or match.reason) == (outcome, words)


def test_an_address_is_not_told_from_text() -> None:
    match = match_filter_state(FilterStateMatcher(key="tenant"), {"tenant": "1.2.3.4"}, ())
    assert match.missing == 'whether the filter state "tenant" is an address that fits'


@pytest.mark.parametrize(
    ("state", "opaque", "expected"),
    [
        ({"k": "v"}, ("wasm",), StateText("v")),
        ({}, (), StateText()),
        ({}, ("wasm",), StateText(missing='the filter state "k", which wasm may set')),
    ],
)
def test_text(state: dict[str, str], opaque: tuple[str, ...], expected: StateText) -> None:
    request = Request(
        connection=Connection(), headers=Headers(), filter_state=state, opaque_filters=opaque
    )
    assert filter_state_text("k", request) == expected

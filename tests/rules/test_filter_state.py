"""Filter state matchers: objects that a filter left, known or not."""

import msgspec
import pytest

from osmscope.resources.matcher import FilterStateMatcher, StringMatcher
from osmscope.rules.facts import Connection, FilterState, Headers, Request, StateObject
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
        ({"tenant": None}, (), Outcome.UNKNOWN, 'what the filter state "tenant" holds'),
    ],
)
def test_objects(
    state: dict[str, str | None], opaque: tuple[str, ...], outcome: Outcome, words: str
) -> None:
    objects = {key: StateObject(text) for key, text in state.items()}
    match = match_filter_state(MATCHER, objects, opaque)
    assert (match.outcome, match.missing or match.reason) == (outcome, words)


def test_a_matcher_that_asks_nothing_fits_nothing() -> None:
    match = match_filter_state(FilterStateMatcher(key="k"), {"k": StateObject("a")}, ())
    assert match.outcome is Outcome.NO_MATCH


IP = StateObject("1.2.3.4:0", "envoy.network.ip")
IPV6 = StateObject("[::1]:0", "envoy.network.ip")


@pytest.mark.parametrize(
    ("found", "address", "invert", "outcome"),
    [
        (IP, "1.0.0.0", False, Outcome.MATCH),
        (IP, "2.0.0.0", False, Outcome.NO_MATCH),
        (IP, "2.0.0.0", True, Outcome.MATCH),
        (IPV6, "::1", False, Outcome.MATCH),
        (IPV6, "1.0.0.0", False, Outcome.NO_MATCH),
        (StateObject("1.2.3.4"), "1.0.0.0", False, Outcome.NO_MATCH),
        (StateObject("2.2.2.2"), "1.0.0.0", True, Outcome.NO_MATCH),
        (StateObject(None, "envoy.network.ip"), "1.0.0.0", False, Outcome.UNKNOWN),
        (StateObject(None), "1.0.0.0", False, Outcome.NO_MATCH),
    ],
)
def test_addresses(found: StateObject, address: str, invert: bool, outcome: Outcome) -> None:
    ranges = [{"address_prefix": address, "prefix_len": 8}]
    fields = {"key": "k", "address_match": {"ranges": ranges, "invert_match": invert}}
    matcher = msgspec.convert(fields, FilterStateMatcher)
    assert match_filter_state(matcher, {"k": found}, ()).outcome is outcome


@pytest.mark.parametrize(
    ("state", "opaque", "expected"),
    [
        ({"k": StateObject("v")}, ("wasm",), StateText("v")),
        ({"k": StateObject(None)}, (), StateText(missing='what the filter state "k" holds')),
        ({}, (), StateText()),
        ({}, ("wasm",), StateText(missing='the filter state "k", which wasm may set')),
    ],
)
def test_text(state: FilterState, opaque: tuple[str, ...], expected: StateText) -> None:
    request = Request(
        connection=Connection(), headers=Headers(), filter_state=state, opaque_filters=opaque
    )
    assert filter_state_text("k", request) == expected

"""Filter state matchers: only filters that osmscope cannot evaluate leave objects."""

from osmscope.resources.matcher import FilterStateMatcher
from osmscope.rules.filter_state import match_filter_state
from osmscope.rules.result import Outcome

MATCHER = FilterStateMatcher(key="tenant")


def test_a_missing_object_does_not_match() -> None:
    match = match_filter_state(MATCHER, ())
    assert match.outcome is Outcome.NO_MATCH
    assert match.reason == 'filter state "tenant" is absent'


def test_what_an_opaque_filter_may_have_left_is_unknown() -> None:
    match = match_filter_state(MATCHER, ("wasm",))
    assert match.is_unknown
    assert match.missing == 'the filter state "tenant", which wasm may set'

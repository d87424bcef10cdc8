"""Filter state matchers.

What Envoy does: an object of that key has to exist and its text has to fit; a missing one does not
match. Objects are left by filters only: of those that osmscope evaluates, `set_filter_state`.
Checked against Envoy 1.40.0. Not modelled: objects that other filters leave, and matchers of
addresses, which are unknown.
"""

from collections.abc import Mapping

import msgspec

from osmscope.resources.matcher import FilterStateMatcher
from osmscope.rules.facts import Request
from osmscope.rules.result import Match, missed, unknown
from osmscope.rules.string_matcher import match_string


class StateText(msgspec.Struct, frozen=True):
    """The text of an object."""

    text: str | None = None
    """None where there is no object."""
    missing: str = ""
    """The fact that is not known, as a noun."""


def match_filter_state(
    matcher: FilterStateMatcher, state: Mapping[str, str], opaque_filters: tuple[str, ...]
) -> Match:
    """Put the filter state to a matcher.

    Args:
        matcher: The matcher.
        state: The text of each object that is known to be there.
        opaque_filters: Filters that ran before and may have left objects.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    text = state.get(matcher.key)
    if text is None:
        return filter_state_object(matcher.key, opaque_filters)
    if matcher.string_match is None:
        return unknown(f'whether the filter state "{matcher.key}" is an address that fits')
    return match_string(matcher.string_match, text, f'filter state "{matcher.key}"')


def filter_state_object(key: str, opaque_filters: tuple[str, ...]) -> Match:
    """Say whether an object exists that no evaluated filter left: it does not, or is unknown."""
    subject = f'filter state "{key}"'
    if opaque_filters:
        return unknown(f"the {subject}, which {' or '.join(opaque_filters)} may set")
    return missed(f"{subject} is absent")


def filter_state_text(key: str, request: Request) -> StateText:
    """Return the text of a request's object."""
    text = request.filter_state.get(key)
    if text is not None:
        return StateText(text)
    return StateText(missing=filter_state_object(key, request.opaque_filters).missing)

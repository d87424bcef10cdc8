"""Filter state matchers.

What Envoy does: an object of that key has to exist and its text has to fit; a missing one does not
match. A matcher of addresses fits objects that are addresses alone, its inversion too. Objects are
left by filters only: of those that osmscope evaluates, `set_filter_state`, of all three kinds.
Checked against Envoy 1.40.0. Not modelled: objects that other filters leave, which are unknown.
"""

import msgspec

from osmscope.resources.address import split_host_port
from osmscope.resources.matcher import AddressMatcher, FilterStateMatcher
from osmscope.rules.facts import FilterState, Request, StateObject
from osmscope.rules.filter_state_value import ADDRESS
from osmscope.rules.ip_range import match_any_range
from osmscope.rules.result import Match, missed, negated, unknown
from osmscope.rules.string_matcher import match_string


class StateText(msgspec.Struct, frozen=True):
    """The text of an object."""

    text: str | None = None
    """None where there is no object."""
    missing: str = ""
    """The fact that is not known, as a noun."""


def match_filter_state(
    matcher: FilterStateMatcher, state: FilterState, opaque_filters: tuple[str, ...]
) -> Match:
    """Put the filter state to a matcher.

    Args:
        matcher: The matcher.
        state: The objects that are known to be there.
        opaque_filters: Filters that ran before and may have left objects.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    found = state.get(matcher.key)
    if found is None:
        return filter_state_object(matcher.key, opaque_filters)
    subject = f'filter state "{matcher.key}"'
    if matcher.address_match is not None:
        return _match_address(matcher.address_match, found, subject)
    if found.text is None:
        return unknown(f"what the {subject} holds")
    if matcher.string_match is None:
        return missed(f"nothing is asked of the {subject}")
    return match_string(matcher.string_match, found.text, subject)


def _match_address(matcher: AddressMatcher, found: StateObject, subject: str) -> Match:
    if found.factory != ADDRESS:
        return missed(f"the {subject} is no address")
    if found.text is None:
        return unknown(f"what the {subject} holds")
    match = match_any_range(matcher.ranges, split_host_port(found.text)[0], subject)
    return negated(match) if matcher.invert_match else match


def filter_state_object(key: str, opaque_filters: tuple[str, ...]) -> Match:
    """Say whether an object exists that no evaluated filter left: it does not, or is unknown."""
    subject = f'filter state "{key}"'
    if opaque_filters:
        return unknown(f"the {subject}, which {' or '.join(opaque_filters)} may set")
    return missed(f"{subject} is absent")


def filter_state_text(key: str, request: Request) -> StateText:
    """Return the text of a request's object."""
    found = request.filter_state.get(key)
    if found is not None:
        missing = f'what the filter state "{key}" holds' if found.text is None else ""
        return StateText(found.text, missing)
    return StateText(missing=filter_state_object(key, request.opaque_filters).missing)

"""Filter state matchers.

What Envoy does: an object of that key has to exist and to fit; a missing one does not match.
Objects are left by filters only, and none of the filters that osmscope evaluates leaves one: the
object is missing unless a filter that cannot be evaluated ran before.
Checked against Envoy 1.40.0. Not modelled: objects that a filter left.
"""

from osmscope.resources.matcher import FilterStateMatcher
from osmscope.rules.result import Match, missed, unknown


def match_filter_state(matcher: FilterStateMatcher, opaque_filters: tuple[str, ...]) -> Match:
    """Put the filter state to a matcher.

    Args:
        matcher: The matcher.
        opaque_filters: Filters that ran before and may have left objects.
    """
    return filter_state_object(matcher.key, opaque_filters)


def filter_state_object(key: str, opaque_filters: tuple[str, ...]) -> Match:
    """Say whether an object exists: it does not, or that is unknown."""
    subject = f'filter state "{key}"'
    if opaque_filters:
        return unknown(f"the {subject}, which {' or '.join(opaque_filters)} may set")
    return missed(f"{subject} is absent")

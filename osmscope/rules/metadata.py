"""Metadata matchers.

What Envoy does: the path leads through Structs to a value, which the value matcher has to fit; a
path that leads nowhere fits nothing, `present_match: false` and `null_match` included. `invert`
turns the final answer around, for absent values too.
Checked against Envoy 1.40.0. Not modelled: typed metadata.
"""

from collections.abc import Iterable, Mapping

from osmscope.resources.matcher import (
    DoubleMatcher,
    ListMatcher,
    MetadataMatcher,
    PathSegment,
    ValueMatcher,
)
from osmscope.rules.facts import Metadata
from osmscope.rules.result import Match, any_of, decided, missed, negated, unknown
from osmscope.rules.string_matcher import match_string

ABSENT = object()
"""Stands for a value that is not there; None is the null value."""
_NO_ALTERNATIVE = missed("the matcher has no alternative")


def match_metadata(
    matcher: MetadataMatcher, metadata: Metadata, opaque_filters: tuple[str, ...]
) -> Match:
    """Put metadata to a matcher.

    Args:
        matcher: The matcher.
        metadata: The metadata that is known.
        opaque_filters: Filters that may have left more: a value that is absent is then unknown.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    value = metadata_value(metadata, matcher.filter, matcher.path)
    subject = metadata_subject(matcher.filter, matcher.path)
    if value is ABSENT and opaque_filters:
        return unknown(f"the {subject}, which {' or '.join(opaque_filters)} may set")
    match = match_value(matcher.value or ValueMatcher(), value, subject)
    return negated(match) if matcher.invert else match


def metadata_value(metadata: Metadata, namespace: str, path: Iterable[PathSegment]) -> object:
    """Return the value that a path leads to, `ABSENT` where it leads nowhere."""
    value: object = metadata.get(namespace, ABSENT)
    empty = True
    for segment in path:
        empty = False
        if not isinstance(value, Mapping):
            return ABSENT
        value = value.get(segment.key, ABSENT)
    return ABSENT if empty else value


def metadata_subject(namespace: str, path: Iterable[PathSegment]) -> str:
    """Name a value of metadata: 'metadata "a.b" of "envoy.lb"'."""
    return f'metadata "{".".join(segment.key for segment in path)}" of "{namespace}"'


def match_value(matcher: ValueMatcher, value: object, subject: str) -> Match:
    """Put one value to a value matcher.

    Args:
        matcher: The matcher.
        value: A value of a Struct, or `ABSENT`.
        subject: What the value is, for the reason.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    if value is ABSENT:
        return missed(f"{subject} is absent")
    if matcher.string_match is not None and isinstance(value, str):
        return match_string(matcher.string_match, value, subject)
    if matcher.or_match is not None:
        nested = matcher.or_match.value_matchers
        return any_of((match_value(inner, value, subject) for inner in nested), _NO_ALTERNATIVE)
    if matcher.list_match is not None:
        return _match_list(matcher.list_match, value, subject)
    fits = _fits(matcher, value)
    return decided(fits, f"{subject} {'fits' if fits else 'does not fit'}: it is {value!r}")


def _match_list(matcher: ListMatcher, value: object, subject: str) -> Match:
    one_of = matcher.one_of
    if one_of is None or not isinstance(value, list | tuple):
        return missed(f"{subject} is not a list")
    nothing = missed(f"{subject} is an empty list")
    return any_of(
        (match_value(one_of, item, f"an element of {subject}") for item in value), nothing
    )


def _fits(matcher: ValueMatcher, value: object) -> bool:
    if matcher.null_match is not None:
        return value is None
    if matcher.bool_match is not None:
        return value is matcher.bool_match
    if matcher.double_match is not None:
        return _fits_number(matcher.double_match, value)
    return matcher.present_match is True


def _fits_number(matcher: DoubleMatcher, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if matcher.range is not None:
        return matcher.range.start <= value < matcher.range.end
    return value == matcher.exact

"""Ways through a matcher tree: what a connection or a request has to be to come to an action.

Decision: the tree is inverted. Each condition on the way to an action gives a choice of values that
meet it, each entry that is passed by a choice of values that it does not fit. They are proposals:
whether they go together, an evaluation tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from osmscope.resources.extension import decode_extension
from osmscope.resources.matcher import (
    Matcher,
    MatcherTree,
    OnMatch,
    Predicate,
    TypedExtensionConfig,
)
from osmscope.resources.matcher_inputs import IPMatcher, ServerNameMatcher
from osmscope.resources.resource import Resource
from osmscope.trace.witness.fields import Fields, nearest_first
from osmscope.trace.witness.input_values import Choice, fields_of, in_ranges, others, unfit, values

IsWanted = Callable[[TypedExtensionConfig | None], bool]
"""Whether an action is what is to be come to; None stands for no action."""
_MOST_OF_ONE = 4
"""How many values of one of several alternatives are proposed."""


def ways_to(matcher: Matcher, is_wanted: IsWanted) -> Iterator[list[Choice]]:
    """Yield, for each way to a wanted action, a choice of values for each condition on it.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    steps = list(_steps(matcher))
    tree = matcher.matcher_tree
    for place, step in enumerate(steps):
        before = steps[:place] if tree is None else []
        for way in _after(step.on_match, is_wanted):
            for passed in _passing(before):
                yield [*passed, *step.met, *way]
    elsewhere = [] if tree is None else [others(decode_extension(tree.input))]
    for way in _after(matcher.on_no_match or OnMatch(), is_wanted):
        for passed in _passing(steps):
            yield [*elsewhere, *passed, *way]


class _Step(NamedTuple):
    """An entry of one level: what it is taken by, what it is passed by, and where it leads."""

    met: list[Choice]
    unmet: list[Choice]
    on_match: OnMatch


def _steps(matcher: Matcher) -> Iterator[_Step]:
    for entry in matcher.matcher_list.matchers if matcher.matcher_list is not None else ():
        yield _Step(_met(entry.predicate), _unmet(entry.predicate), entry.on_match)
    if matcher.matcher_tree is not None:
        for choice, on_match in _branches(matcher.matcher_tree):
            yield _Step([choice], [], on_match)


def _passing(steps: list[_Step]) -> Iterator[list[Choice]]:
    """Yield choices that pass entries: none fits, or the matcher in one that fits finds nothing."""
    plain = [choice for step in steps for choice in step.unmet]
    yield plain
    for step in steps:
        if step.on_match.matcher is not None:
            for way in ways_to(step.on_match.matcher, lambda action: action is None):
                yield [*plain, *step.met, *way]


def held_actions(matcher: Matcher) -> Iterator[TypedExtensionConfig]:
    """Yield the actions that a matcher tree holds.

    Raises:
        DumpError: An extension cannot be read.
    """
    for on_match in _every_on_match(matcher):
        if on_match is not None and on_match.action is not None:
            yield on_match.action


def may_lead_elsewhere(matcher: Matcher) -> bool:
    """Whether a matcher tree may lead to actions that it does not hold in sight."""
    return any(one is None or one.keep_matching for one in _every_on_match(matcher))


def _every_on_match(matcher: Matcher) -> Iterator[OnMatch | None]:
    """Yield where the entries of all levels lead to; None for entries that are not known."""
    listed = matcher.matcher_list.matchers if matcher.matcher_list is not None else ()
    found = [entry.on_match for entry in listed]
    if matcher.matcher_tree is not None:
        if not _is_understood(matcher.matcher_tree):
            yield None
        found += [on_match for _, on_match in _branches(matcher.matcher_tree)]
    if matcher.on_no_match is not None:
        found.append(matcher.on_no_match)
    for on_match in found:
        yield on_match
        if on_match.matcher is not None:
            yield from _every_on_match(on_match.matcher)


def _is_understood(tree: MatcherTree) -> bool:
    custom = tree.custom_match
    return custom is None or isinstance(decode_extension(custom), IPMatcher | ServerNameMatcher)


def _after(on_match: OnMatch, is_wanted: IsWanted) -> Iterator[list[Choice]]:
    if on_match.matcher is not None:
        yield from ways_to(on_match.matcher, is_wanted)
    elif is_wanted(on_match.action):
        yield []


def _branches(tree: MatcherTree) -> Iterator[tuple[Choice, OnMatch]]:
    source = decode_extension(tree.input)
    for looked_up in (tree.exact_match_map, tree.prefix_match_map):
        for text, on_match in looked_up.map.items() if looked_up is not None else ():
            yield fields_of(source, text), on_match
    if tree.custom_match is not None:
        yield from _custom_branches(source, decode_extension(tree.custom_match))


def _custom_branches(source: Resource, config: Resource) -> Iterator[tuple[Choice, OnMatch]]:
    if isinstance(config, IPMatcher):
        for entry in config.range_matchers:
            yield in_ranges(source, entry.ranges), entry.on_match
    elif isinstance(config, ServerNameMatcher):
        for domains in config.domain_matchers:
            names = [one for name in domains.domains for one in fields_of(source, name)]
            yield names, domains.on_match


def _met(predicate: Predicate) -> list[Choice]:
    """List a choice of values for each condition that a predicate has."""
    if predicate.single_predicate is not None:
        return [values(predicate.single_predicate)]
    if predicate.and_matcher is not None:
        return [choice for one in predicate.and_matcher.predicate for choice in _met(one)]
    if predicate.or_matcher is not None:
        return [_either(list(map(_met, predicate.or_matcher.predicate)))]
    return _unmet(predicate.not_matcher) if predicate.not_matcher is not None else []


def _unmet(predicate: Predicate) -> list[Choice]:
    """List a choice of values for each condition that is not to hold, for a predicate not to."""
    if predicate.single_predicate is not None:
        return [unfit(predicate.single_predicate)]
    if predicate.and_matcher is not None:
        return [_either(list(map(_unmet, predicate.and_matcher.predicate)))]
    if predicate.or_matcher is not None:
        return [choice for one in predicate.or_matcher.predicate for choice in _unmet(one)]
    return _met(predicate.not_matcher) if predicate.not_matcher is not None else []


def _either(alternatives: list[list[Choice]]) -> Choice:
    """Join alternatives to one choice."""
    found: list[Fields] = []
    for choices in alternatives:
        found += nearest_first(*choices, most=_MOST_OF_ONE)
    return found

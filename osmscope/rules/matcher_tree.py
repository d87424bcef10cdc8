"""The unified matcher (`xds.type.matcher.v3.Matcher`).

What Envoy does: a list takes the first entry whose predicate fits, a tree looks its input up: by
its exact text, by its longest prefix, by the longest address range or by the most specific domain.
What is found is an action, which is final, or another matcher; where that one yields nothing, a
list goes on with the next entry, prefixes, ranges and domains with the next less specific one, and
only then `on_no_match` counts. An `exclusive` range is no fallback for a more specific one.
`keep_matching` turns what is found into nothing found. An absent input finds nothing.
Checked against Envoy 1.40.0. Not modelled: custom trees other than ranges and domains.

What is unknown is followed both ways: the answer is certain where all ways lead to one action.
"""

from collections.abc import Callable, Iterator

import msgspec

from osmscope.resources.extension import Unsupported, decode_extension
from osmscope.resources.matcher import (
    Matcher,
    MatcherTree,
    MatchMap,
    OnMatch,
    TypedExtensionConfig,
)
from osmscope.resources.matcher_inputs import IPMatcher, ServerNameMatcher
from osmscope.resources.resource import Resource
from osmscope.rules.ip_range import contains, network_of
from osmscope.rules.matcher_input import MatcherInputs, read_input
from osmscope.rules.matcher_predicate import match_predicate
from osmscope.rules.result import Match, Outcome, matched, unknown
from osmscope.rules.string_matcher import REDACTED

__all__ = ["MatcherInputs", "MatcherResult", "evaluate"]

Accept = Callable[[TypedExtensionConfig], bool]
Branch = tuple[Match, OnMatch]
"""Whether something is found, and where it leads."""


class MatcherResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a matcher leads to."""

    action: TypedExtensionConfig | None = None
    """The action; None where nothing was found, or where it is unknown."""
    missing: str = ""
    """Where it is unknown: the fact that decides, as a noun."""
    trail: tuple[str, ...] = ()
    """What was tried, each a clause, in order."""
    keeps_matching: bool = False
    """Whether an entry that says `keep_matching` was come by."""
    possible: tuple[TypedExtensionConfig | None, ...] = ()
    """Where it is unknown: all that it may lead to, None standing for no action; () for anything.
    """


def evaluate(
    matcher: Matcher, inputs: MatcherInputs, accept: Accept | None = None
) -> MatcherResult:
    """Find the action that a matcher leads to.

    Args:
        matcher: The matcher.
        inputs: The facts.
        accept: Which actions count; one that does not is passed over as if it were not there.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    walk = _Walk(inputs, accept)
    possible = tuple(_unique(walk.matcher(matcher)))
    trail = tuple(walk.trail)
    keeps = walk.keeps_matching
    if walk.is_open:
        return MatcherResult(missing=walk.missing, trail=trail, keeps_matching=keeps)
    if len(possible) == 1:
        return MatcherResult(action=possible[0], trail=trail, keeps_matching=keeps)
    return MatcherResult(missing=walk.missing, trail=trail, possible=possible, keeps_matching=keeps)


def _unique(
    actions: list[TypedExtensionConfig | None],
) -> Iterator[TypedExtensionConfig | None]:
    for place, action in enumerate(actions):
        if action not in actions[:place]:
            yield action


class _Walk:
    """One evaluation: what it found out on its way."""

    def __init__(self, inputs: MatcherInputs, accept: Accept | None) -> None:
        self.trail: list[str] = []
        self.missing = ""
        self.is_open = False
        """Whether a tree that is not understood may lead anywhere."""
        self.keeps_matching = False
        self._inputs = inputs
        self._accept = accept

    def matcher(self, matcher: Matcher) -> list[TypedExtensionConfig | None]:
        """Return the actions that are possible; None, if it is, stands last."""
        possible: list[TypedExtensionConfig | None] = []
        for match, on_match in self._branches(matcher):
            self.keeps_matching = self.keeps_matching or on_match.keep_matching
            if match.reason:
                self.trail.append(match.reason)
            if match.outcome is Outcome.NO_MATCH:
                continue
            if match.outcome is Outcome.UNKNOWN:
                self.missing = self.missing or match.missing
            found = self._follow(on_match)
            certain = match.outcome is Outcome.MATCH and found[-1] is not None
            possible += [action for action in found if action is not None]
            if certain:
                return possible
        return possible + self._follow(matcher.on_no_match or OnMatch())

    def _follow(self, on_match: OnMatch) -> list[TypedExtensionConfig | None]:
        found: list[TypedExtensionConfig | None] = [None]
        if on_match.matcher is not None:
            found = self.matcher(on_match.matcher)
        elif on_match.action is not None and (
            self._accept is None or self._accept(on_match.action)
        ):
            found = [on_match.action]
        self.keeps_matching = self.keeps_matching or on_match.keep_matching
        return [None] if on_match.keep_matching else found

    def _branches(self, matcher: Matcher) -> Iterator[Branch]:
        if matcher.matcher_list is not None:
            for entry in matcher.matcher_list.matchers:
                yield match_predicate(entry.predicate, self._inputs), entry.on_match
        elif matcher.matcher_tree is not None:
            yield from self._tree(matcher.matcher_tree)

    def _tree(self, tree: MatcherTree) -> Iterator[Branch]:
        custom = decode_extension(tree.custom_match) if tree.custom_match is not None else None
        found = read_input(decode_extension(tree.input), self._inputs)
        if custom is not None and not isinstance(custom, IPMatcher | ServerNameMatcher):
            name = custom.type_name if isinstance(custom, Unsupported) else type(custom).__name__
            self.is_open = True
            yield unknown(f"what the matcher {name} decides"), OnMatch()
        elif found.missing:
            for on_match in _every_branch(tree, custom):
                yield unknown(found.missing), on_match
        elif found.value is None:
            self.trail.append(f"{found.subject} is absent")
        else:
            branches = list(_lookup(tree, custom, found.value, found.subject))
            if not branches:
                self.trail.append(f'{found.subject} "{found.value}" fits no key')
            yield from branches


def _every_branch(tree: MatcherTree, custom: Resource | None) -> Iterator[OnMatch]:
    if isinstance(custom, IPMatcher):
        yield from (entry.on_match for entry in custom.range_matchers)
    elif isinstance(custom, ServerNameMatcher):
        yield from (entry.on_match for entry in custom.domain_matchers)
    else:
        yield from (tree.exact_match_map or tree.prefix_match_map or MatchMap()).map.values()


def _lookup(
    tree: MatcherTree, custom: Resource | None, value: str, subject: str
) -> Iterator[Branch]:
    if isinstance(custom, IPMatcher):
        return _ranges(custom, value, subject)
    if isinstance(custom, ServerNameMatcher):
        return _domains(custom, value, subject)
    if tree.exact_match_map is not None:
        return _exact(tree.exact_match_map, value, subject)
    return _prefixes(tree.prefix_match_map or MatchMap(), value, subject)


def _exact(exact: MatchMap, value: str, subject: str) -> Iterator[Branch]:
    on_match = exact.map.get(value)
    if on_match is not None:
        yield matched(f'{subject} is "{value}"'), on_match
    else:
        yield from _redacted(exact, subject)


def _redacted(keys: MatchMap, subject: str) -> Iterator[Branch]:
    """Give the branches whose key is a secret, which a capture does not hold."""
    for key, on_match in keys.map.items():
        if REDACTED in key:
            yield unknown(f"the redacted text that {subject} is held against"), on_match


def _prefixes(prefixes: MatchMap, value: str, subject: str) -> Iterator[Branch]:
    yield from _redacted(prefixes, subject)
    for length in range(len(value), -1, -1):
        on_match = prefixes.map.get(value[:length])
        if on_match is not None:
            yield matched(f'{subject} "{value}" starts with "{value[:length]}"'), on_match


def _ranges(matcher: IPMatcher, ip: str, subject: str) -> Iterator[Branch]:
    candidates = [
        (network, entry)
        for entry in matcher.range_matchers
        for network in map(network_of, entry.ranges)
        if contains(network, ip)
    ]
    # Sorting is stable: of ranges of one length the first that was declared comes first.
    candidates.sort(key=lambda candidate: -candidate[0].prefixlen)
    for place, (network, entry) in enumerate(candidates):
        if place == 0 or not entry.exclusive:
            yield matched(f"{subject} {ip} is in {network}"), entry.on_match


def _domains(matcher: ServerNameMatcher, name: str, subject: str) -> Iterator[Branch]:
    if not name:
        return
    by_domain: dict[str, OnMatch] = {}
    for entry in matcher.domain_matchers:
        for domain in entry.domains:
            by_domain.setdefault(domain, entry.on_match)
    labels = name.split(".")
    suffixes = (f"*.{'.'.join(labels[place:])}" for place in range(1, len(labels)))
    for domain in (name, *suffixes, "*"):
        on_match = by_domain.get(domain)
        if on_match is not None:
            yield matched(f'{subject} "{name}" is of the domain "{domain}"'), on_match

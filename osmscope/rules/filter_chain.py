"""Which filter chain of a listener takes a connection.

What Envoy does: it asks for nine criteria in a fixed order (`LEVELS`). At each it takes the most
specific key among the chains that are left, and keeps only the chains under that key. It never
goes back: where a later criterion fits none of the chains that are left, the connection gets the
default chain, or is closed, though a chain under a less specific key would have fitted.
Checked against Envoy 1.40.0. Not modelled: chain choosers of other types than Envoy's own.

The tree grows where connections walk: the chains under a key are filed when a connection first
gets there, so that an index over ten thousand chains costs a few milliseconds. A criterion that
all chains left leave open decides nothing, and is skipped.
"""

from collections.abc import Iterable

import msgspec

from osmscope.resources.listener import FilterChain, Listener
from osmscope.resources.matcher import Matcher
from osmscope.rules.facts import Connection
from osmscope.rules.filter_chain_level import LEVELS, Key, is_every_address
from osmscope.rules.filter_chain_matcher import MatcherVerdict, choose_by_matcher


class Taken(msgspec.Struct, frozen=True):
    """What was taken at one criterion."""

    level: int
    """The index in `LEVELS`."""
    key: Key | None
    """The most specific key; None for the chains that leave the criterion open."""


class FilterChainChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The chain that takes a connection, or why none does."""

    chain: FilterChain | None = None
    is_default: bool = False
    """Whether it is the `default_filter_chain`."""
    index: int | None = None
    """The chain's place in `filter_chains`; None for the default chain."""
    level: str = ""
    """The field at which the search ended without a chain; "" where it found one."""
    ambiguous: str = ""
    """Why Envoy may take another chain, as a clause: it holds equal keys in no fixed order."""
    missing: str = ""
    """The fact that is not known and would have to decide, as a noun; no chain is then chosen."""
    taken: tuple[Taken, ...] = ()
    """The criteria that decided, in order."""
    verdict: MatcherVerdict | None = None
    """What the listener's `filter_chain_matcher` answered, where it has one."""


class _Node:
    """Chains that are left, filed under what they ask for at their first open criterion."""

    __slots__ = ("chains", "children", "level")

    def __init__(self, chains: tuple[int, ...], level: int, listener: Listener) -> None:
        self.chains = chains
        self.level = level
        self.children: dict[Key | None, tuple[int, ...] | _Node] = {}
        while self.level < len(LEVELS):
            self.children = _file(chains, self.level, listener)
            if self.children.keys() != {None}:
                return
            self.level += 1
        self.children = {}


def _file(
    chains: tuple[int, ...], level: int, listener: Listener
) -> dict[Key | None, "tuple[int, ...] | _Node"]:
    filed: dict[Key | None, list[int]] = {}
    keys_of = LEVELS[level].keys
    for index in chains:
        for key in set(keys_of(listener.filter_chains[index].filter_chain_match)) or (None,):
            filed.setdefault(key, []).append(index)
    return {key: tuple(indices) for key, indices in filed.items()}


class FilterChainIndex:
    """The filter chains of one listener, filed once and asked often."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self._root: _Node | None = None

    def find(self, connection: Connection) -> FilterChainChoice:
        """Choose the chain for a connection, as the listener filters left it.

        Raises:
            DumpError: A `filter_chain_matcher` holds an expression or a value that Envoy refuses.
        """
        if self.listener.filter_chain_matcher is not None:
            return self._ask(self.listener.filter_chain_matcher, connection)
        if self._root is None:
            self._root = self._grow(tuple(range(len(self.listener.filter_chains))), 0)
        return self._walk(self._root, connection)

    def _grow(self, chains: tuple[int, ...], level: int) -> _Node:
        return _Node(chains, level, self.listener)

    def _walk(self, node: _Node, connection: Connection) -> FilterChainChoice:
        taken: list[Taken] = []
        ambiguous = ""
        while node.children:
            level = LEVELS[node.level]
            missing = level.missing(connection)
            if missing:
                return FilterChainChoice(missing=missing, level=level.field, taken=tuple(taken))
            key = _most_specific(node, level.lookups(connection))
            if key not in node.children:
                return self._without_chain(level.field, taken, ambiguous)
            ambiguous = ambiguous or _ambiguity(node, key)
            taken.append(Taken(node.level, key))
            node = self._child(node, key)
        if not node.chains:
            return self._without_chain("filter_chains", taken)
        if len(node.chains) > 1:
            ambiguous = "several filter chains have the same filter_chain_match"
        index = node.chains[0]
        return FilterChainChoice(
            chain=self.listener.filter_chains[index],
            index=index,
            ambiguous=ambiguous,
            taken=tuple(taken),
        )

    def _child(self, node: _Node, key: Key | None) -> _Node:
        child = node.children[key]
        if not isinstance(child, _Node):
            child = node.children[key] = self._grow(child, node.level + 1)
        return child

    def _without_chain(
        self, level: str, taken: Iterable[Taken] = (), ambiguous: str = ""
    ) -> FilterChainChoice:
        default = self.listener.default_filter_chain
        return FilterChainChoice(
            chain=default,
            is_default=default is not None,
            level=level,
            ambiguous=ambiguous,
            taken=tuple(taken),
        )

    def _ask(self, matcher: Matcher, connection: Connection) -> FilterChainChoice:
        verdict = choose_by_matcher(matcher, connection)
        if verdict.missing:
            return FilterChainChoice(
                level="filter_chain_matcher", missing=verdict.missing, verdict=verdict
            )
        if verdict.name is None:
            choice = self._without_chain("filter_chain_matcher")
            return msgspec.structs.replace(choice, verdict=verdict)
        for index, chain in enumerate(self.listener.filter_chains):
            if chain.name == verdict.name:
                return FilterChainChoice(chain=chain, index=index, verdict=verdict)
        return FilterChainChoice(level="filter_chain_matcher", verdict=verdict)


def _most_specific(node: _Node, lookups: Iterable[Key]) -> Key | None:
    for key in lookups:
        if key in node.children:
            return key
    return None


def _ambiguity(node: _Node, key: Key | None) -> str:
    # An empty list of ranges is filed as 0.0.0.0/0 and ::/0, beside those that say so themselves.
    if is_every_address(key) and None in node.children:
        return (
            f"{LEVELS[node.level].field} of one filter chain is every address and of another is "
            "empty, which is the same for Envoy: it takes either"
        )
    return ""

"""Why the other filter chains of a listener did not take a connection.

Two reasons are told apart, because they ask for different remedies: a criterion that does not fit
the connection, and a chain whose every criterion fits but that lost to a more specific key of
another chain, since Envoy never goes back to a less specific one.
Checked against Envoy 1.40.0. Not modelled: nothing; where the listener has a
`filter_chain_matcher`, the chains' own criteria are ignored and only the matcher's answer counts.
"""

from collections.abc import Iterable, Iterator

import msgspec

from osmscope.resources.listener import FilterChain, Listener
from osmscope.rules.facts import Connection
from osmscope.rules.filter_chain import FilterChainChoice
from osmscope.rules.filter_chain_level import LEVELS, Key, is_every_address, key_words

_EITHER = "it fits as well, and Envoy takes either"


class FilterChainLoser(msgspec.Struct, frozen=True):
    """One chain that did not take the connection, and the one reason why."""

    chain: FilterChain
    index: int
    reason: str
    """A clause: 'the destination port is 80, not 443'."""
    field: str
    """The field that decided, as a path within the chain."""


def losers(
    listener: Listener,
    connection: Connection,
    choice: FilterChainChoice,
    among: Iterable[int] | None = None,
) -> Iterator[FilterChainLoser]:
    """List the chains that were not chosen.

    Args:
        listener: The listener that was asked.
        connection: The connection, as the listener filters left it.
        choice: What `FilterChainIndex.find` answered to it.
        among: The places of the chains to tell of, in that order; None for all, in the listener's.
    """
    for index in range(len(listener.filter_chains)) if among is None else among:
        if index != choice.index:
            chain = listener.filter_chains[index]
            reason, field = _why(chain, connection, choice)
            yield FilterChainLoser(chain, index, reason, field)


def _why(chain: FilterChain, connection: Connection, choice: FilterChainChoice) -> tuple[str, str]:
    if choice.verdict is not None:
        return "the listener's filter_chain_matcher does not name it", "name"
    reason, field = (
        _does_not_fit(chain, connection)
        or _looked_up_later(chain, connection, choice)
        or _undecided(choice)
    )
    return reason, f"filter_chain_match.{field}" if field else "filter_chain_match"


def _does_not_fit(chain: FilterChain, connection: Connection) -> tuple[str, str] | None:
    for level in LEVELS:
        keys = set(level.keys(chain.filter_chain_match))
        if keys and not level.missing(connection) and keys.isdisjoint(level.lookups(connection)):
            wanted = _wanted(chain, level.field)
            return f"{level.words(connection)}, and it asks for {wanted}", level.field
    return None


def _looked_up_later(
    chain: FilterChain, connection: Connection, choice: FilterChainChoice
) -> tuple[str, str] | None:
    for taken in choice.taken:
        level = LEVELS[taken.level]
        keys: set[Key | None] = {*level.keys(chain.filter_chain_match)} or {None}
        if taken.key not in keys:
            if is_every_address(taken.key):
                return _EITHER, level.field
            named = key_words(taken.level, taken.key)
            return (
                f"it fits, but {level.words(connection)} and another filter chain names {named}, "
                "which Envoy looks up first; it does not go back",
                level.field,
            )
    return None


def _undecided(choice: FilterChainChoice) -> tuple[str, str]:
    if choice.missing:
        return f"it may fit: {choice.missing} is not known", choice.level
    return _EITHER, ""


def _wanted(chain: FilterChain, field: str) -> str:
    value = getattr(chain.filter_chain_match, field)
    if not isinstance(value, tuple):
        return str(value)
    return " or ".join(item.text() if hasattr(item, "text") else str(item) for item in value)

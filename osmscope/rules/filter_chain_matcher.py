"""`filter_chain_matcher`: the unified matcher that names a filter chain.

What Envoy does: where a listener has one, it alone decides, and the chains' own criteria are
ignored. It leads to a chain's name, or to nothing: then the default chain takes the connection.
Envoy 1.40 itself ends with a segmentation fault where it comes by an entry with `keep_matching`,
whether it fits or not: what becomes of the connection is unknown then.
Checked against Envoy 1.40.0. Not modelled: actions other than a name, which are unknown.
"""

import msgspec

from osmscope.resources.extension import type_name
from osmscope.resources.matcher import Matcher, TypedExtensionConfig
from osmscope.resources.resource import Resource, decode
from osmscope.rules.facts import Connection
from osmscope.rules.matcher_tree import MatcherInputs, evaluate

_KEEPS_MATCHING = "what keep_matching does in a filter_chain_matcher (Envoy 1.40 crashes)"


class MatcherVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a listener's matcher answers."""

    name: str | None = None
    """The chain's name; None where the matcher leads to nothing, or where it is unknown."""
    missing: str = ""
    """Where it is unknown: the fact that decides, as a noun."""
    trail: tuple[str, ...] = ()
    """What was tried, each a clause, in order."""


class _Name(Resource, frozen=True):
    value: str = ""


def choose_by_matcher(matcher: Matcher, connection: Connection) -> MatcherVerdict:
    """Ask a listener's matcher for the name of a filter chain.

    Args:
        matcher: The listener's `filter_chain_matcher`.
        connection: The connection, as the listener filters left it.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    result = evaluate(matcher, MatcherInputs(connection=connection))
    if result.keeps_matching:
        return MatcherVerdict(missing=_KEEPS_MATCHING, trail=result.trail)
    if result.missing:
        return MatcherVerdict(missing=result.missing, trail=result.trail)
    if result.action is None:
        return MatcherVerdict(trail=result.trail)
    return named_chain(result.action, result.trail)


def named_chain(action: TypedExtensionConfig, trail: tuple[str, ...] = ()) -> MatcherVerdict:
    """Read which filter chain an action names.

    Args:
        action: The action.
        trail: How it was come to.

    Raises:
        DumpError: It cannot be read.
    """
    kind = type_name(action.typed_config)
    if kind != "google.protobuf.StringValue":
        return MatcherVerdict(missing=f"what the action {kind or action.name} chooses", trail=trail)
    name = decode(_Name, action.typed_config, "the name of a filter chain")
    return MatcherVerdict(name=name.value, trail=trail)

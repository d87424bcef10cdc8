"""The cluster of a route, or the clusters that it draws from.

What Envoy does: a route names its cluster, reads the name from the first value of a header, or
draws from several by weight. The drawn number is, in this order: the one number in the header
`header_name`, the request's hash if `use_hash_policy` is set and there is one, else the request's
random number; its remainder by the sum of all weights falls into one cluster's interval. Health
plays no part. With `runtime_key_prefix` a runtime key of the cluster's name replaces its weight.
A name that is empty or unknown is found out later. `runtime_fraction` of the routes compared the
same random number. Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate

import msgspec

from osmscope.resources.route import (
    ClusterSpecifierPlugin,
    ClusterWeight,
    Route,
    RouteAction,
    WeightedCluster,
)
from osmscope.rules.cluster_specifier import specify_cluster
from osmscope.rules.facts import Request
from osmscope.rules.runtime_value import whole_number
from osmscope.rules.stream_random import Draw, Drawn, likelihood, narrowed

_LARGEST_NUMBER = 2**64 - 1


class ClusterChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster that a request may go to."""

    name: str
    """"" where a header that should name it is absent."""
    probability: Fraction = Fraction(1)
    entry: ClusterWeight | None = None
    """The entry of `weighted_clusters` that was drawn."""
    reason: str = ""
    drawn: Drawn | None = None
    """The random numbers for which it is this one; None where they play no part."""
    missing: str = ""
    """The fact that is missing to tell, as a noun."""


def choose_clusters(
    route: Route,
    request: Request,
    hash_value: int | None,
    plugins: Sequence[ClusterSpecifierPlugin] = (),
    drawn: Drawn = (),
) -> tuple[ClusterChoice, ...]:
    """List the clusters that a route sends a request to; the probabilities add up to 1.

    Args:
        route: A route that forwards, or does not: then nothing is listed.
        request: The request as it is when its route is looked up.
        hash_value: What the route's hash policies make of the request; None without a hash.
        plugins: The route table's `cluster_specifier_plugins`.
        drawn: What choosing the route told of the request's random number.

    Raises:
        DumpError: RE2 refuses an expression of a plugin.
    """
    action = route.route
    if action is None:
        return ()
    if action.weighted_clusters is not None:
        return _draw(action.weighted_clusters, request, hash_value, drawn)
    if action.cluster is not None:
        return (ClusterChoice(name=action.cluster, reason="the route names it"),)
    if action.cluster_header is not None:
        name, reason = _from_header(action.cluster_header, request)
        return (ClusterChoice(name=name, reason=reason),)
    return (_by_plugin(action, request, plugins),)


def _from_header(header: str, request: Request) -> tuple[str, str]:
    name = request.headers.first(header)
    if name:
        return name, f'header "{header}" names it'
    return (
        "",
        f'header "{header}", which should name it, is {"absent" if name is None else "empty"}',
    )


def _by_plugin(
    action: RouteAction, request: Request, plugins: Sequence[ClusterSpecifierPlugin]
) -> ClusterChoice:
    name = action.cluster_specifier_plugin
    for plugin in (action.inline_cluster_specifier_plugin, *plugins):
        if plugin is not None and name in (None, plugin.extension.name):
            chosen = specify_cluster(plugin, request)
            return ClusterChoice(name=chosen.name, reason=chosen.reason, missing=chosen.missing)
    return ClusterChoice(name="", missing=f'the cluster specifier plugin "{name or ""}"')


def _draw(
    weighted: WeightedCluster, request: Request, hash_value: int | None, drawn: Drawn
) -> tuple[ClusterChoice, ...]:
    prefix = weighted.runtime_key_prefix
    weights = [_weight(entry, prefix, request.runtime) for entry in weighted.clusters]
    total = sum(weights)
    if not total:
        return (ClusterChoice(name="", reason="all weights are 0"),)
    number, source = _number(weighted, request, hash_value)
    ends = tuple(accumulate(weights))
    if number is None:
        return tuple(_shares(weighted, request, (weights, ends), drawn))
    remainder = number % total
    entry = weighted.clusters[bisect_right(ends, remainder)]
    return (_drawn(entry, request, f"{source} modulo {total} is {remainder}"),)


def _shares(
    weighted: WeightedCluster,
    request: Request,
    numbers: tuple[list[int], tuple[int, ...]],
    drawn: Drawn,
) -> Iterator[ClusterChoice]:
    total = numbers[1][-1]
    for entry, weight, end in zip(weighted.clusters, *numbers, strict=True):
        taken = narrowed(drawn, Draw(total, end - weight, end))
        if share := likelihood(taken, drawn):
            choice = _drawn(entry, request, f"weight {weight} of {total}")
            yield msgspec.structs.replace(choice, probability=share, drawn=taken)


def _number(
    weighted: WeightedCluster, request: Request, hash_value: int | None
) -> tuple[int | None, str]:
    if weighted.header_name:
        values = request.headers.all(weighted.header_name)
        number = _unsigned(values[0]) if len(values) == 1 else None
        if number is not None:
            return number, f'header "{weighted.header_name}"'
    if weighted.use_hash_policy and hash_value is not None:
        return hash_value, "the request's hash"
    return request.random_value, "the random number"


def _unsigned(text: str) -> int | None:
    digits = text.strip(" \t").removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return None
    number = int(digits)
    return number if number <= _LARGEST_NUMBER else None


def _weight(entry: ClusterWeight, prefix: str, runtime: Mapping[str, object]) -> int:
    override = whole_number(runtime.get(f"{prefix}.{entry.name}")) if prefix else None
    return entry.weight if override is None else override


def _drawn(entry: ClusterWeight, request: Request, reason: str) -> ClusterChoice:
    name = entry.name
    if not name:
        name, words = _from_header(entry.cluster_header, request)
        reason = f"{reason}; {words}"
    return ClusterChoice(name=name, entry=entry, reason=reason)

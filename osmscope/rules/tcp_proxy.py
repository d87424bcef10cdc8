"""The cluster that a `tcp_proxy` takes for a connection.

What Envoy does: one draw from `weighted_clusters` by weight over the sum of all, where there are
some; else a sni_cluster filter before it makes a detected SNI the cluster's name, else the one
`cluster`. The draw is made once: where the drawn cluster is missing, no other is tried.
Checked against Envoy 1.40.0. Not modelled: the routes of before 2019 (`deprecated_v1`), and names
that other filters leave in the filter state.
"""

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from osmscope.resources.network_filters import TcpProxy, TcpWeightedCluster
from osmscope.rules.facts import Connection


class TcpClusterChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster that may be taken."""

    name: str
    entry: TcpWeightedCluster | None = None
    """The weighted cluster that was drawn, for its `metadata_match`."""
    probability: Fraction = Fraction(1)
    reason: str = ""
    """A clause in words."""


def choose(
    config: TcpProxy, connection: Connection, *, sni_cluster: bool, random_value: int | None
) -> tuple[TcpClusterChoice, ...]:
    """List the clusters that may be taken; their probabilities add up to 1.

    Args:
        config: The filter's configuration.
        connection: The connection, as the listener filters left it.
        sni_cluster: Whether a sni_cluster filter stands before it in the chain.
        random_value: Fixes the draw; None where all choices are listed.

    Returns:
        The choices; empty where the configuration names no cluster.
    """
    if config.weighted_clusters is None:
        if sni_cluster and connection.detected_server_name:
            name = connection.detected_server_name
            return (TcpClusterChoice(name=name, reason="sni_cluster takes the server name"),)
        if not config.cluster:
            return ()
        return (TcpClusterChoice(name=config.cluster, reason="tcp_proxy names it"),)
    entries = tuple(one for one in config.weighted_clusters.clusters if one.weight > 0)
    if random_value is None:
        return tuple(_shares(entries))
    return tuple(_drawn(entries, random_value))


def _shares(entries: tuple[TcpWeightedCluster, ...]) -> Iterator[TcpClusterChoice]:
    total = sum(entry.weight for entry in entries)
    for entry in entries:
        yield TcpClusterChoice(
            name=entry.name,
            entry=entry,
            probability=Fraction(entry.weight, total),
            reason=f"it has weight {entry.weight} of {total}",
        )


def _drawn(
    entries: tuple[TcpWeightedCluster, ...], random_value: int
) -> Iterator[TcpClusterChoice]:
    total = sum(entry.weight for entry in entries)
    left = random_value % total if total else 0
    for entry in entries:
        if left < entry.weight:
            reason = (
                f"the random value {random_value} falls to it (weight {entry.weight} of {total})"
            )
            yield TcpClusterChoice(name=entry.name, entry=entry, reason=reason)
            return
        left -= entry.weight

"""The cluster that a `tcp_proxy` takes for a connection.

What Envoy does: one draw from `weighted_clusters` by weight over the sum of all, where there are
some; else the object of the filter state that sni_cluster or set_filter_state made before, if it is
of the kind that is meant for it; else the one `cluster`. The draw is made once: where the drawn
cluster is missing, no other is tried.
Checked against Envoy 1.40.0. Not modelled: the routes of before 2019 (`deprecated_v1`).
"""

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from osmscope.resources.network_filters import TcpProxy, TcpWeightedCluster
from osmscope.rules.facts import Connection
from osmscope.rules.filter_state_value import CLUSTER


class TcpClusterChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster that may be taken."""

    name: str
    entry: TcpWeightedCluster | None = None
    """The weighted cluster that was drawn, for its `metadata_match`."""
    probability: Fraction = Fraction(1)
    reason: str = ""
    """A clause in words."""
    missing: str = ""
    """Where the name is not known: what is missing to tell it, as a noun."""


def choose(
    config: TcpProxy, connection: Connection, *, random_value: int | None
) -> tuple[TcpClusterChoice, ...]:
    """List the clusters that may be taken; their probabilities add up to 1.

    Args:
        config: The filter's configuration.
        connection: The connection, as the filters before it left it when it was new.
        random_value: Fixes the draw; None where all choices are listed.

    Returns:
        The choices; empty where the configuration names no cluster.
    """
    if config.weighted_clusters is None:
        found = connection.filter_state.get(CLUSTER)
        if found is not None and found.factory == CLUSTER:
            missing = f'what the filter state "{CLUSTER}" holds' if found.text is None else ""
            reason = f'the filter state "{CLUSTER}" names it'
            return (TcpClusterChoice(name=found.text or "", reason=reason, missing=missing),)
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

"""Endpoints by the name that their cluster looks them up by.

Decision: Envoy up to 1.18 prints the endpoints of an EDS cluster without `service_name` under no
name at all. Such a list is given to the one cluster that it can belong to: the only one that is
left without a list, or the only one that /clusters shows with the same addresses. Where several
could have it, none gets it and a gap says so.
"""

from collections.abc import Mapping

import msgspec

from osmscope.dump.clusters import Clusters
from osmscope.dump.entries import Entry
from osmscope.dump.gaps import Gap
from osmscope.dump.host_status import Address, printed_address
from osmscope.dump.sections import Dump


class _EdsClusterConfig(msgspec.Struct, frozen=True):
    service_name: str = ""


class _Cluster(msgspec.Struct, frozen=True):
    type: str = ""
    eds_cluster_config: _EdsClusterConfig = _EdsClusterConfig()


class _Endpoint(msgspec.Struct, frozen=True):
    address: Address = Address()


class _LbEndpoint(msgspec.Struct, frozen=True):
    endpoint: _Endpoint = _Endpoint()


class _LocalityLbEndpoints(msgspec.Struct, frozen=True):
    lb_endpoints: tuple[_LbEndpoint, ...] = ()


class _ClusterLoadAssignment(msgspec.Struct, frozen=True):
    endpoints: tuple[_LocalityLbEndpoints, ...] = ()


def assignments(dump: Dump, clusters: Clusters | None = None) -> Mapping[str, tuple[Entry, ...]]:
    """The dump's endpoint entries by `cluster_name`.

    Clusters that share a service name have an entry each, all under that name.

    Args:
        dump: The dump; its gaps are told of endpoints that belong to no one cluster.
        clusters: The live hosts of the same Envoy, if known.
    """
    named: dict[str, list[Entry]] = {}
    nameless: list[Entry] = []
    for entry in dump.entries("endpoint"):
        if entry.name:
            named.setdefault(entry.name, []).append(entry)
        elif entry.state.serves:
            nameless.append(entry)
    if nameless:
        candidates = [name for name in _eds_clusters(dump) if name not in named]
        for entry in nameless:
            owner = _owner(entry, candidates, len(nameless), clusters)
            if owner is None:
                what = "endpoints without a cluster's name, which several clusters could have"
                dump.gaps.append(Gap(entry.path, what))
            else:
                named[owner] = [msgspec.structs.replace(entry, name=owner)]
    return {name: tuple(entries) for name, entries in named.items()}


def _owner(
    entry: Entry, candidates: list[str], nameless: int, clusters: Clusters | None
) -> str | None:
    if nameless == 1 and len(candidates) == 1:
        return candidates[0]
    addresses = _addresses(entry.body)
    if clusters is None or not addresses:
        return None
    fitting = [
        name
        for name in candidates
        if name in clusters and addresses == {host.address for host in clusters[name].hosts}
    ]
    return fitting[0] if len(fitting) == 1 else None


def _eds_clusters(dump: Dump) -> list[str]:
    """The EDS clusters that look their endpoints up by their own name."""
    names = []
    for name, entry in dump.serving("cluster").items():
        try:
            cluster = msgspec.json.decode(entry.body, type=_Cluster)
        except msgspec.ValidationError as error:
            dump.gaps.append(Gap(entry.path, f"not of the expected type: {error}"))
            continue
        if cluster.type == "EDS" and not cluster.eds_cluster_config.service_name:
            names.append(name)
    return names


def _addresses(body: msgspec.Raw) -> set[str]:
    try:
        assignment = msgspec.json.decode(body, type=_ClusterLoadAssignment)
    except msgspec.ValidationError:
        return set()
    return {
        printed_address(host.endpoint.address)
        for locality in assignment.endpoints
        for host in locality.lb_endpoints
    }

"""The cluster's part of a way: refusals, endpoints with their shares, and what they receive."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

import msgspec

from osmscope.resources.cluster import Cluster, http_protocol_options
from osmscope.resources.http_filters.router import Router
from osmscope.resources.network_filters import TcpWeightedCluster
from osmscope.rules import upstream_request
from osmscope.rules.absent_load_assignment import NO_DROPS
from osmscope.rules.circuit_breaker import connection_refusal
from osmscope.rules.drop_overload import drop_overload
from osmscope.rules.facts import Headers, Request
from osmscope.rules.hash_policy import connection_hash
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.maintenance_mode import maintenance_mode
from osmscope.rules.network_filters.network_filter_result import Closed
from osmscope.rules.subset import criteria_of
from osmscope.rules.substitution_format import FormatContext
from osmscope.rules.upgrade import terminates_connect
from osmscope.rules.upstream_pool import upstream_pool
from osmscope.rules.upstream_request import Forwarding, UpstreamHeaders, for_endpoint
from osmscope.trace.cluster_hosts import of_load_assignment
from osmscope.trace.path import ConnectionPath, HttpPath, SentUpstream, Upstream
from osmscope.trace.picking import Picking, pick
from osmscope.trace.sidecar import Sidecar
from osmscope.trace.upstream_filters import run_upstream_filters
from osmscope.trace.upstream_secrets import with_secrets

_replace = msgspec.structs.replace


class Forwarded(msgspec.Struct, frozen=True, kw_only=True):
    """A request that its router forwards."""

    path: HttpPath
    """As the router gets it."""
    router: Router
    forwarding: Forwarding
    restored: bool
    """Whether a listener filter restored the connection's original destination."""


def evaluate_upstream(
    sidecar: Sidecar, cluster: Cluster, asked: Forwarded
) -> Iterator[tuple[Upstream, SentUpstream]]:
    """Yield every way of a request that is forwarded to a cluster, with what is sent.

    Args:
        sidecar: The sidecar.
        cluster: The cluster.
        asked: The request.

    Raises:
        DumpError: A resource cannot be read.
    """
    hosts = sidecar.cluster_hosts(cluster)
    sent = upstream_request.finish(asked.forwarding)
    request = asked.path.request.with_headers(sent.headers)
    pool = upstream_pool(cluster, of_request=True)
    assumed = (*_network_filters(cluster), *pool.assumptions)
    if hosts.is_unassigned:
        assumed = (*assumed, of_load_assignment(cluster.name, NO_DROPS))
    start = Upstream(name=cluster.name, cluster=cluster, assumptions=assumed)
    rest = Fraction(1)
    received = SentUpstream(
        headers=sent.headers,
        steering=sent.steering,
        forwarding=asked.forwarding,
        is_raw=pool.carries_bodies_alone
        or terminates_connect(asked.forwarding.action, request.headers),
    )
    for refused in (
        maintenance_mode(cluster.name, request.runtime),
        drop_overload(hosts.assignment_policy, request.runtime),
    ):
        if refused is not None and rest:
            share = rest * refused.probability
            rest -= share
            yield _replace(start, reply=refused.reply, probability=share), received
    if rest == 0:
        return
    picking = _picking_of_request(cluster, request, asked.forwarding, asked.restored)
    ways = pick(sidecar, hosts, start, picking)
    for upstream in _secured(sidecar, ways, of_request=True):
        assumptions = (f"the header command {name} is empty" for name in sent.missing)
        upstream = _replace(
            upstream,
            probability=rest * upstream.probability,
            assumptions=(*upstream.assumptions, *assumptions),
        )
        for way, headers in _by_hostname(upstream, sent, asked.forwarding):
            if way.reply is not None or way.missing or received.is_raw:
                yield way, _replace(received, headers=headers)
            else:
                yield from _filtered(sidecar, asked, way, (request.with_headers(headers), received))


def _secured(sidecar: Sidecar, ways: Iterator[Upstream], *, of_request: bool) -> Iterator[Upstream]:
    for upstream in ways:
        yield from with_secrets(sidecar, upstream, of_request=of_request)


def _filtered(
    sidecar: Sidecar,
    asked: Forwarded,
    upstream: Upstream,
    sent: tuple[Request, SentUpstream],
) -> Iterator[tuple[Upstream, SentUpstream]]:
    """Put a request with its endpoint to the upstream filters."""
    request, received = sent
    assert upstream.cluster is not None
    for way in run_upstream_filters(
        sidecar, asked.router, upstream.cluster, asked.path.resolved, request
    ):
        further = _replace(
            upstream,
            reply=way.reply,
            probability=upstream.probability * way.probability,
            assumptions=(*upstream.assumptions, *way.assumptions),
        )
        yield further, _replace(received, headers=way.request.headers, runs=way.runs)


def forwarding_of(router: Router, path: HttpPath) -> Forwarding:
    """Gather what decides how the request of a path is forwarded to its cluster."""
    resolved = path.resolved
    assert resolved.route is not None
    assert resolved.table is not None
    assert resolved.cluster_choice is not None
    choice = resolved.virtual_host_choice
    assert choice is not None
    assert choice.virtual_host is not None
    return Forwarding(
        context=FormatContext(
            request=path.request,
            route_name=resolved.route.name,
            cluster=resolved.cluster_choice.name,
        ),
        route=resolved.route,
        virtual_host=choice.virtual_host,
        route_configuration=resolved.table.configuration,
        entry=resolved.cluster_choice.entry,
        suppress_envoy_headers=router.suppress_envoy_headers,
        respect_expected_rq_timeout=router.respect_expected_rq_timeout,
    )


def _picking_of_request(
    cluster: Cluster, request: Request, forwarding: Forwarding, restored: bool
) -> Picking:
    options = http_protocol_options(cluster)
    policies = (options and options.hash_policy) or forwarding.action.hash_policy
    return Picking(
        connection=request.connection,
        request=request,
        restored=restored,
        hash_policies=policies,
        criteria=criteria_of(
            forwarding.action.metadata_match,
            forwarding.entry.metadata_match if forwarding.entry is not None else None,
            request.metadata,
        ),
        priority=forwarding.action.priority,
        runtime=request.runtime,
    )


def evaluate_tcp_upstream(
    sidecar: Sidecar,
    cluster: Cluster,
    connection: ConnectionPath,
    entry: TcpWeightedCluster | None,
    runtime: Mapping[str, object],
) -> Iterator[Upstream]:
    """Yield every way of a connection that `tcp_proxy` forwards to a cluster.

    Args:
        sidecar: The sidecar.
        cluster: The cluster.
        connection: The connection.
        entry: The weighted cluster that was drawn.
        runtime: Runtime keys that are set.

    Raises:
        DumpError: A resource cannot be read.
    """
    config = connection.tcp_proxy
    assert config is not None
    facts = connection.connection
    picking = Picking(
        connection=facts,
        restored=connection.restores_destination,
        hashed=connection_hash(config.hash_policy, facts),
        criteria=criteria_of(
            config.metadata_match, entry.metadata_match if entry is not None else None, {}
        ),
        runtime=runtime,
        tunnels=config.tunneling_config is not None,
    )
    pool = upstream_pool(cluster, of_request=picking.tunnels)
    assumed = (*_network_filters(cluster), *pool.assumptions)
    start = Upstream(name=cluster.name, cluster=cluster, assumptions=assumed)
    refused = connection_refusal(cluster, runtime)
    if refused is not None:
        yield _closed(start, refused)
        return
    ways = pick(sidecar, sidecar.cluster_hosts(cluster), start, picking)
    for upstream in _secured(sidecar, ways, of_request=False):
        yield upstream if upstream.reply is None else _closed(upstream, upstream.reply)


def _network_filters(cluster: Cluster) -> tuple[str, ...]:
    """Name the network filters between Envoy and the endpoints: none of them is evaluated."""
    return tuple(
        f'the upstream network filter "{entry.name}" lets everything pass'
        for entry in cluster.filters
    )


def _closed(upstream: Upstream, reply: LocalReply) -> Upstream:
    closed = Closed(flags=reply.flags, reason=reply.reason)
    return _replace(upstream, reply=None, closed=closed, shares=None)


def _by_hostname(
    upstream: Upstream, sent: UpstreamHeaders, forwarding: Forwarding
) -> Iterator[tuple[Upstream, Headers]]:
    """Yield the endpoints whose hostname becomes the host, and those that have none, with headers.

    Where hostnames differ, each endpoint carries its own, and the headers keep the request's.
    """
    shares = upstream.shares
    if not sent.host_by_endpoint or shares is None or upstream.reply is not None:
        yield upstream, sent.headers
        return
    whole = sum((share.probability for share in shares.endpoints), Fraction(0))
    for is_named in (True, False):
        chosen = tuple(one for one in shares.endpoints if bool(one.host.hostname) is is_named)
        if not chosen:
            continue
        names = dict.fromkeys(share.host.hostname for share in chosen)
        headers = for_endpoint(forwarding, sent, next(iter(names)))
        if len(names) > 1:
            headers = headers.set(":authority", sent.headers.first(":authority") or "")
        part = sum((share.probability for share in chosen), Fraction(0)) / whole
        further = _replace(
            upstream,
            shares=_replace(shares, endpoints=chosen),
            probability=upstream.probability * part,
            endpoint_hosts=tuple(share.host.hostname or None for share in chosen),
        )
        yield further, headers

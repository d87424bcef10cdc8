"""The cluster's part of a way: refusals, endpoints with their shares, and what they receive."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

import msgspec

from osmscope.resources.address import parse_ip, split_host_port
from osmscope.resources.cluster import Cluster, http_protocol_options
from osmscope.resources.http_filters.router import Router
from osmscope.resources.network_filters import TcpWeightedCluster
from osmscope.resources.route import HashPolicy
from osmscope.rules import circuit_breaker, upstream_request
from osmscope.rules.aggregate import member_shares
from osmscope.rules.cluster_type import ClusterKind
from osmscope.rules.drop_overload import drop_overload
from osmscope.rules.facts import Connection, Request
from osmscope.rules.hash_policy import HashResult, connection_hash, request_hash
from osmscope.rules.host_health import Health
from osmscope.rules.hosts import Host
from osmscope.rules.load_balancing import LoadBalancer
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.network_filters.network_filter_result import Closed
from osmscope.rules.original_dst import destination
from osmscope.rules.override_host import override_addresses
from osmscope.rules.shares import EndpointShare, Shares
from osmscope.rules.subset import Criteria, criteria_of
from osmscope.rules.substitution_format import FormatContext
from osmscope.rules.upstream_request import Forwarding, UpstreamHeaders
from osmscope.trace.cluster_hosts import ClusterHosts
from osmscope.trace.path import ConnectionPath, HttpPath, SentUpstream, Upstream
from osmscope.trace.sidecar import Sidecar

_replace = msgspec.structs.replace

_NO_HOST = LocalReply(
    code=503, flags=("UH",), details="no_healthy_upstream", reason="the cluster has no endpoint"
)


class Picking(msgspec.Struct, frozen=True, kw_only=True):
    """What the pick of an endpoint depends on."""

    connection: Connection
    request: Request | None = None
    """As forwarded; None for a `tcp_proxy`."""
    restored: bool = True
    hash_policies: tuple[HashPolicy, ...] = ()
    hashed: HashResult = HashResult()
    criteria: Criteria = {}


def evaluate_upstream(
    sidecar: Sidecar, cluster: Cluster, path: HttpPath, forwarding: Forwarding, *, restored: bool
) -> Iterator[tuple[Upstream, SentUpstream]]:
    """Yield every way of a request that is forwarded to a cluster, with what is sent.

    Args:
        sidecar: The sidecar.
        cluster: The cluster.
        path: The request, as the router gets it.
        forwarding: What decides how it is forwarded.
        restored: Whether a listener filter restored the connection's original destination.

    Raises:
        DumpError: A resource cannot be read.
    """
    hosts = sidecar.cluster_hosts(cluster)
    sent = upstream_request.finish(forwarding)
    request = path.request.with_headers(sent.headers)
    start = Upstream(name=cluster.name, cluster=cluster)
    drop = drop_overload(hosts.assignment_policy, request.runtime)
    rest = Fraction(1)
    received = SentUpstream(headers=sent.headers)
    if drop is not None:
        rest -= drop.probability
        yield _replace(start, reply=drop.reply, probability=drop.probability), received
    if rest == 0:
        return
    refusal = circuit_breaker.refusal(cluster)
    picking = _picking_of_request(cluster, request, forwarding, restored)
    for upstream in _pick(sidecar, hosts, start, picking):
        upstream = _replace(upstream, probability=rest * upstream.probability)
        # Without any endpoint Envoy answers UH before it looks at limits.
        if refusal is not None and upstream.reply is None:
            upstream = _replace(upstream, reply=refusal.reply)
        yield _with_endpoint_hosts(upstream, sent, forwarding), received


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
    )


def evaluate_tcp_upstream(
    sidecar: Sidecar,
    cluster: Cluster,
    connection: ConnectionPath,
    entry: TcpWeightedCluster | None,
) -> Iterator[Upstream]:
    """Yield every way of a connection that `tcp_proxy` forwards to a cluster.

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
    )
    start = Upstream(name=cluster.name, cluster=cluster)
    for upstream in _pick(sidecar, sidecar.cluster_hosts(cluster), start, picking):
        if upstream.reply is None:
            yield upstream
        else:
            closed = Closed(flags=upstream.reply.flags, reason=upstream.reply.reason)
            yield _replace(upstream, reply=None, closed=closed)


def _pick(
    sidecar: Sidecar, hosts: ClusterHosts, start: Upstream, picking: Picking
) -> Iterator[Upstream]:
    if hosts.missing:
        yield _replace(start, missing=hosts.missing)
    elif hosts.kind is ClusterKind.ORIGINAL_DST:
        yield _original_destination(start, picking)
    elif hosts.kind is ClusterKind.AGGREGATE:
        yield from _aggregate(sidecar, hosts, start, picking)
    elif hosts.kind in _BY_REQUEST:
        what = f'the endpoint of the {hosts.kind.value} cluster "{start.name}"'
        yield _replace(start, missing=f"{what}, which is found at request time")
    else:
        if hosts.kind.is_dns:
            start = _replace(start, assumptions=tuple(_unresolved(hosts.balancer.hosts)))
        yield from _balance(hosts.balancer, start, picking)


_BY_REQUEST = (
    ClusterKind.DYNAMIC_FORWARD_PROXY,
    ClusterKind.COMPOSITE,
    ClusterKind.REDIS,
    ClusterKind.OTHER,
)


def _unresolved(hosts: Iterable[Host]) -> Iterator[str]:
    """Name what DNS decides: without /clusters, names stand for the addresses that they have."""
    for host in hosts:
        name, _ = split_host_port(host.address)
        if parse_ip(name) is None:
            yield f"{name} resolves to one address"


def _original_destination(start: Upstream, picking: Picking) -> Upstream:
    assert start.cluster is not None
    found = destination(
        start.cluster, picking.connection, picking.request, restored=picking.restored
    )
    if found.missing:
        return _replace(start, missing=found.missing)
    if found.address is None:
        return _replace(start, reply=_replace(_NO_HOST, reason=found.reason))
    host = Host(address=found.address)
    share = EndpointShare(host, Fraction(1), Health.HEALTHY)
    return _replace(start, shares=Shares(endpoints=(share,), reasons=(found.reason,)))


def _aggregate(
    sidecar: Sidecar, hosts: ClusterHosts, start: Upstream, picking: Picking
) -> Iterator[Upstream]:
    members = []
    for name in hosts.members:
        cluster = sidecar.proxy.cluster(name)
        if cluster is not None:
            member = sidecar.cluster_hosts(cluster)
            if member.missing:
                yield _replace(start, missing=member.missing)
                return
            members.append((name, member.balancer))
    hashed = _hash(hosts.balancer, picking)
    if hashed.missing:
        yield _replace(start, missing=hashed.missing)
        return
    parts = member_shares(hosts.balancer.policy, members, hashed.value)
    shares = Shares(
        endpoints=tuple(
            EndpointShare(share.host, part.probability * share.probability, share.health)
            for part in parts
            for share in part.shares.endpoints
        ),
        unavailable=Fraction(1)
        - sum((p.probability * (1 - p.shares.unavailable) for p in parts), Fraction(0)),
        reasons=tuple(f"{float(p.probability):.0%} to {p.cluster}" for p in parts),
    )
    yield from _split(start, shares)


def _hash(balancer: LoadBalancer, picking: Picking) -> HashResult:
    if not balancer.policy.is_hashing:
        return HashResult()
    if picking.request is None:
        return picking.hashed
    return request_hash(balancer.policy.hash_policy or picking.hash_policies, picking.request)


def _balance(balancer: LoadBalancer, start: Upstream, picking: Picking) -> Iterator[Upstream]:
    hashed = _hash(balancer, picking)
    if hashed.missing:
        yield _replace(start, missing=hashed.missing)
        return
    override: tuple[str, ...] = ()
    if balancer.policy.override_host_sources and picking.request is not None:
        override = override_addresses(balancer.policy.override_host_sources, picking.request)
    start = _replace(start, hash_value=hashed.value)
    yield from _split(start, balancer.shares(hashed.value, picking.criteria, override))


def _split(start: Upstream, shares: Shares) -> Iterator[Upstream]:
    """Yield the part that finds an endpoint and the part that does not."""
    if shares.unavailable < 1:
        yield _replace(start, shares=shares, probability=1 - shares.unavailable)
    if shares.unavailable > 0:
        words = "; ".join(shares.reasons) or _NO_HOST.reason
        reply = _replace(_NO_HOST, reason=f"no endpoint can be picked: {words}")
        yield _replace(start, reply=reply, probability=shares.unavailable)


def _with_endpoint_hosts(
    upstream: Upstream, sent: UpstreamHeaders, forwarding: Forwarding
) -> Upstream:
    assumptions = tuple(f"the header command {name} is empty" for name in sent.missing)
    upstream = _replace(upstream, assumptions=(*upstream.assumptions, *assumptions))
    if not sent.host_by_endpoint or upstream.shares is None:
        return upstream
    hosts = tuple(share.host.hostname or None for share in upstream.shares.endpoints)
    return _replace(upstream, endpoint_hosts=hosts)

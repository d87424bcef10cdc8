"""The pick of an endpoint: by load balancing, by the destination, or by a cluster of clusters."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

import msgspec

from osmscope.resources.address import parse_ip, split_host_port
from osmscope.resources.cluster import Cluster
from osmscope.resources.route import HashPolicy
from osmscope.rules import circuit_breaker
from osmscope.rules.absent_load_assignment import depends_on_metadata
from osmscope.rules.aggregate import Member, MemberShare, member_shares
from osmscope.rules.cluster_type import ClusterKind
from osmscope.rules.composite import asked
from osmscope.rules.dynamic_forward_proxy import dynamic_host
from osmscope.rules.facts import Connection, Request
from osmscope.rules.hash_policy import HashResult, request_hash
from osmscope.rules.host_health import Health, health
from osmscope.rules.hosts import Host
from osmscope.rules.load_balancing import LoadBalancer
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.original_dst import destination
from osmscope.rules.override_host import override_addresses
from osmscope.rules.override_status import may_override
from osmscope.rules.result import Outcome
from osmscope.rules.shares import EndpointShare, Shares
from osmscope.rules.subset import Criteria
from osmscope.rules.transport_socket import speaks_tls
from osmscope.trace.cluster_hosts import ClusterHosts
from osmscope.trace.path import Upstream
from osmscope.trace.sidecar import Sidecar

_replace = msgspec.structs.replace
ASKED_BEFORE = "the host was asked for before: a first request may find no endpoint yet (503 UH)"
"""Seen of Envoy 1.40.0 now and then: it picks before its workers know the new host."""

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
    priority: str = "DEFAULT"
    """The routing priority, which chooses the circuit breaker."""
    runtime: Mapping[str, object] = {}
    tunnels: bool = False
    """Whether a `tcp_proxy` sends its bytes inside an HTTP request."""
    within: tuple[str, ...] = ()
    """The composite clusters' members that are being asked."""


def pick(
    sidecar: Sidecar, hosts: ClusterHosts, start: Upstream, picking: Picking
) -> Iterator[Upstream]:
    """Yield every way that an endpoint of a cluster can be picked, and that none can.

    Args:
        sidecar: The sidecar.
        hosts: The cluster's endpoints.
        start: The cluster.
        picking: What the pick depends on.

    Raises:
        DumpError: A resource cannot be read.
    """
    kept = _kept_by_session(hosts, start, picking)
    if hosts.missing:
        yield _replace(start, missing=hosts.missing)
    elif isinstance(kept, Upstream):
        yield _refused(kept, start.cluster, picking)
    else:
        yield from _picked(sidecar, hosts, start, picking)


def _picked(
    sidecar: Sidecar, hosts: ClusterHosts, start: Upstream, picking: Picking
) -> Iterator[Upstream]:
    """Yield what a cluster picks where no session names an endpoint."""
    if missing := _missing(hosts, start.name, picking):
        yield _replace(start, missing=missing)
    elif hosts.kind is ClusterKind.ORIGINAL_DST:
        yield _refused(_original_destination(start, picking), start.cluster, picking)
    elif hosts.kind is ClusterKind.DYNAMIC_FORWARD_PROXY and picking.request is not None:
        yield _refused(_dynamic(start, picking.request), start.cluster, picking)
    elif hosts.kind is ClusterKind.AGGREGATE:
        yield from _aggregate(sidecar, hosts, start, picking)
    elif hosts.kind is ClusterKind.COMPOSITE:
        yield from _composite(sidecar, hosts, start, picking)
    elif hosts.kind in _BY_REQUEST:
        what = f'the endpoint of the {hosts.kind.value} cluster "{start.name}"'
        yield _replace(start, missing=f"{what}, which is found at request time")
    else:
        unresolved = _unresolved(hosts.balancer.hosts) if hosts.kind.is_dns else ()
        assumed = (*start.assumptions, *unresolved, *hosts.assumptions)
        start = _replace(start, assumptions=assumed)
        for upstream in _balance(hosts.balancer, start, picking):
            yield _refused(upstream, start.cluster, picking)


_BY_REQUEST = (ClusterKind.DYNAMIC_FORWARD_PROXY, ClusterKind.REDIS, ClusterKind.OTHER)
_MADE_BY_REQUESTS = (ClusterKind.ORIGINAL_DST, *_BY_REQUEST)
"""Kinds that have endpoints once requests have asked for them."""


def _missing(hosts: ClusterHosts, cluster: str, picking: Picking) -> str:
    """Name what has to be known of a cluster's endpoints; "" where nothing is missing."""
    balancer = hosts.balancer
    if hosts.missing or not depends_on_metadata(balancer.policy, balancer.hosts, picking.criteria):
        return hosts.missing
    return (
        f'the metadata of the endpoints of cluster "{cluster}", by which subsets are made'
        " (the dump was taken without include_eds)"
    )


def _kept_by_session(hosts: ClusterHosts, start: Upstream, picking: Picking) -> Upstream | None:
    """Return the endpoint that a session names, or its failure; None where load balancing picks.

    Only the cluster's own endpoints count, not those of members or of a destination.
    """
    request, cluster = picking.request, start.cluster
    if request is None or cluster is None or not request.session_host:
        return None
    listed = hosts.balancer.hosts if hosts.kind not in _WITHOUT_OWN_HOSTS else ()
    named = next((host for host in listed if host.address == request.session_host), None)
    verdict = None if named is None else may_override(cluster.common_lb_config, named)
    if named is not None and verdict is not None and verdict.outcome is not Outcome.NO_MATCH:
        assumed = (f"{verdict.missing}: it may be taken",) if verdict.is_unknown else ()
        share = EndpointShare(named, Fraction(1), health(named))
        reason = f"the request's session names {named.address}"
        return _replace(
            start,
            shares=Shares(endpoints=(share,), reasons=(reason,)),
            assumptions=(*start.assumptions, *hosts.assumptions, *assumed),
        )
    if not request.session_is_strict:
        return None
    why = "it is no endpoint of the cluster" if verdict is None else verdict.reason
    reason = f"the request's session asks for {request.session_host}, and {why}"
    return _replace(start, reply=_replace(_NO_HOST, reason=reason))


_WITHOUT_OWN_HOSTS = (
    ClusterKind.ORIGINAL_DST,
    ClusterKind.AGGREGATE,
    ClusterKind.COMPOSITE,
    ClusterKind.DYNAMIC_FORWARD_PROXY,
    ClusterKind.REDIS,
    ClusterKind.OTHER,
)


def _refused(upstream: Upstream, cluster: Cluster | None, picking: Picking) -> Upstream:
    """Apply the circuit breaker: without any endpoint Envoy answers UH before it looks at it."""
    if cluster is None or upstream.reply is not None or upstream.missing:
        return upstream
    if picking.request is None:
        tunnels = picking.tunnels
        reply = circuit_breaker.pending_refusal(cluster, picking.runtime, tunnels=tunnels)
    else:
        reply = circuit_breaker.refusal(cluster, picking.priority, picking.runtime)
    return upstream if reply is None else _replace(upstream, reply=reply)


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
    return _certain(start, found.address, found.reason)


def _dynamic(start: Upstream, request: Request) -> Upstream:
    found = dynamic_host(request, tls=start.cluster is not None and speaks_tls(start.cluster))
    if found.missing:
        return _replace(start, missing=found.missing)
    start = _replace(start, assumptions=(*start.assumptions, ASKED_BEFORE))
    return _certain(start, found.address, "the authority is an address (dynamic forward proxy)")


def _certain(start: Upstream, address: str, reason: str) -> Upstream:
    share = EndpointShare(Host(address=address), Fraction(1), Health.HEALTHY)
    return _replace(start, shares=Shares(endpoints=(share,), reasons=(reason,)))


def _members(
    sidecar: Sidecar, hosts: ClusterHosts, start: Upstream, picking: Picking
) -> tuple[Upstream, tuple[Member, ...]]:
    """Make the members that exist ready; the way then says what is missing and what is assumed."""
    members = []
    sidecar.proxy.expect_clusters(hosts.members)
    for name in hosts.members:
        cluster = sidecar.proxy.cluster(name)
        if cluster is None:
            continue
        member = sidecar.cluster_hosts(cluster)
        hashed = _hash(member.balancer, picking)
        missing = _missing(member, name, picking) or hashed.missing
        has_any = bool(member.balancer.hosts) or not sidecar.proxy.has_endpoints(cluster)
        if member.kind in _MADE_BY_REQUESTS and has_any:
            missing = f'what the member "{name}" picks, whose endpoints are found at request time'
        if missing:
            return _replace(start, missing=missing), ()
        members.append(Member(cluster=name, balancer=member.balancer, hash_value=hashed.value))
        start = _replace(start, assumptions=(*start.assumptions, *member.assumptions))
    return start, tuple(members)


def _aggregate(
    sidecar: Sidecar, hosts: ClusterHosts, start: Upstream, picking: Picking
) -> Iterator[Upstream]:
    start, members = _members(sidecar, hosts, start, picking)
    if start.missing:
        yield start
        return
    parts = member_shares(hosts.balancer.policy, members, picking.criteria)
    yield from _of_parts(sidecar, parts, start, picking)


def _composite(
    sidecar: Sidecar, hosts: ClusterHosts, start: Upstream, picking: Picking
) -> Iterator[Upstream]:
    if picking.request is None:
        reason = "a connection of tcp_proxy has no attempt that a composite cluster could count"
        yield _replace(start, reply=_replace(_NO_HOST, reason=reason))
        return
    sidecar.proxy.expect_clusters(hosts.members)
    ways = [
        list(_of_member(sidecar, cluster, start, picking))
        for cluster in map(sidecar.proxy.cluster, hosts.members)
        if cluster is not None
    ]
    unavailable = (
        sum((way.probability for way in of_one if _finds_none(way)), Fraction(0)) for of_one in ways
    )
    *shares, none = asked(unavailable)
    for share, of_one in zip(shares, ways, strict=True):
        for way in of_one:
            if share and not _finds_none(way):
                yield _replace(way, probability=way.probability * share)
    if none:
        reason = "no member of the composite cluster has an endpoint"
        yield _replace(start, reply=_replace(_NO_HOST, reason=reason), probability=none)


def _of_member(
    sidecar: Sidecar, cluster: Cluster, start: Upstream, picking: Picking
) -> Iterator[Upstream]:
    """Yield what a member of a composite cluster picks, as ways of the composite cluster."""
    if cluster.name in picking.within:
        yield _replace(start, missing=f'what the cluster "{cluster.name}" picks within itself')
        return
    hosts = sidecar.cluster_hosts(cluster)
    if hosts.kind is ClusterKind.DYNAMIC_FORWARD_PROXY:  # Envoy 1.40.0 ends by a fault
        yield _replace(start, missing=f'what the dynamic forward proxy "{cluster.name}" picks')
        return
    picking = _replace(picking, within=(*picking.within, cluster.name))
    member = _replace(start, name=cluster.name, cluster=cluster)
    for way in _picked(sidecar, hosts, member, picking):
        shares = way.shares
        if shares is not None:
            shares = shares.after(f"member {cluster.name}").of_member(cluster.name)
        yield _replace(way, name=start.name, cluster=start.cluster, shares=shares)


def _finds_none(way: Upstream) -> bool:
    """Whether no endpoint was found; one that is found may be refused all the same."""
    return way.reply is not None and way.shares is None


def _of_parts(
    sidecar: Sidecar,
    parts: tuple[MemberShare, ...],
    start: Upstream,
    picking: Picking,
) -> Iterator[Upstream]:
    """Join what members get; those whose circuit breaker refuses stand apart."""
    accepted = []
    for part in parts:
        share = part.probability * (1 - part.shares.unavailable)
        member = sidecar.proxy.cluster(part.cluster)
        of_part = _replace(start, probability=share, shares=part.shares)
        refused = _refused(of_part, member, picking)
        if refused.reply is None:
            accepted.append(part)
        elif share:
            yield refused
    endpoints = tuple(
        EndpointShare(share.host, part.probability * share.probability, share.health, part.cluster)
        for part in accepted
        for share in part.shares.endpoints
    )
    found = sum((share.probability for share in endpoints), Fraction(0))
    unavailable = 1 - sum(
        (part.probability * (1 - part.shares.unavailable) for part in parts), Fraction(0)
    )
    assumed = (text for part in accepted for text in part.shares.assumptions)
    shares = Shares(
        endpoints=endpoints,
        unavailable=unavailable,
        assumptions=tuple(dict.fromkeys(assumed)),
        reasons=tuple(f"{float(p.probability):.0%} to {p.cluster}" for p in parts),
    )
    yield from _split(start, shares, found)


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
    shares = balancer.shares(hashed.value, picking.criteria, override)
    yield from _split(start, shares, 1 - shares.unavailable)


def _split(start: Upstream, shares: Shares, found: Fraction) -> Iterator[Upstream]:
    """Yield the part that finds an endpoint and the part that does not."""
    if found:
        yield _replace(start, shares=shares, probability=found)
    if shares.unavailable > 0:
        words = "; ".join(shares.reasons) or _NO_HOST.reason
        reply = _replace(_NO_HOST, reason=f"no endpoint can be picked: {words}")
        yield _replace(start, reply=reply, probability=shares.unavailable)

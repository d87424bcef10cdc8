"""Which load balancing a cluster asks for, old style or new, as one small object.

What Envoy does: `load_balancing_policy` replaces `lb_policy`; of its policies the first whose type
is known counts. Policies that wrap another (subset, override_host, wrr_locality) are taken apart.
`healthy_panic_threshold` comes from `common_lb_config` in both styles. Without any configuration
zone aware routing is on, locality weights are off. Checked against Envoy 1.40.0.
Not modelled: load_aware_locality, dynamic modules.
"""

import enum
import math
from collections.abc import Iterator, Mapping

import msgspec

from osmscope.resources.cluster import Cluster
from osmscope.resources.extension import Unsupported, decode_extension
from osmscope.resources.load_balancing import (
    ClientSideWeightedRoundRobin,
    ClusterProvided,
    ConsistentHashing,
    LbSubsetConfig,
    LeastRequest,
    LoadBalancingPolicy,
    LocalityLbConfig,
    Maglev,
    OverrideHost,
    OverrideHostSource,
    Percent,
    Random,
    RingHash,
    RoundRobin,
    SlowStart,
    Subset,
    WrrLocality,
    ZoneAwareLbConfig,
)
from osmscope.resources.resource import Resource, decode
from osmscope.resources.route import HashPolicy
from osmscope.rules.maglev import DEFAULT_TABLE_SIZE
from osmscope.rules.ring_hash import RingSize
from osmscope.rules.runtime_value import whole_number
from osmscope.rules.zone_aware import ZoneAware

_PANIC_THRESHOLD = 50


class Kind(enum.Enum):
    """The policies that pick one of several hosts."""

    ROUND_ROBIN = "ROUND_ROBIN"
    LEAST_REQUEST = "LEAST_REQUEST"
    RANDOM = "RANDOM"
    RING_HASH = "RING_HASH"
    MAGLEV = "MAGLEV"
    CLIENT_SIDE_WEIGHTED_ROUND_ROBIN = "CLIENT_SIDE_WEIGHTED_ROUND_ROBIN"
    CLUSTER_PROVIDED = "CLUSTER_PROVIDED"
    UNSUPPORTED = "UNSUPPORTED"


_KINDS: Mapping[type[Resource], Kind] = {
    RoundRobin: Kind.ROUND_ROBIN,
    LeastRequest: Kind.LEAST_REQUEST,
    Random: Kind.RANDOM,
    RingHash: Kind.RING_HASH,
    Maglev: Kind.MAGLEV,
    ClientSideWeightedRoundRobin: Kind.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN,
}
_NOT_MODELLED = frozenset({
    "envoy.extensions.load_balancing_policies.dynamic_modules.v3.DynamicModulesLoadBalancerConfig",
    "envoy.extensions.load_balancing_policies.load_aware_locality.v3.LoadAwareLocality",
})  # fmt: skip
"""Types that Envoy knows: it does not skip them."""


class LbPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How one of a cluster's hosts is picked."""

    kind: Kind = Kind.ROUND_ROBIN
    type_name: str = ""
    """For UNSUPPORTED: what the configuration names."""
    passed_over: tuple[str, ...] = ()
    """The types of policies before this one, which Envoy does not know."""
    slow_start: bool = False
    panic_threshold: int = _PANIC_THRESHOLD
    ignore_new_hosts: bool = False
    locality_weighted: bool = False
    zone_aware: ZoneAware = ZoneAware()
    ring_size: RingSize = RingSize()
    table_size: int = DEFAULT_TABLE_SIZE
    use_hostname_for_hashing: bool = False
    hash_balance_factor: int = 0
    hash_policy: tuple[HashPolicy, ...] = ()
    """The policy's own, which replaces the route's."""
    subset: LbSubsetConfig | None = None
    """Only where it has selectors: without any, everything is as without subsets."""
    override_host_sources: tuple[OverrideHostSource, ...] = ()

    @property
    def is_hashing(self) -> bool:
        """Whether the request's hash decides."""
        return self.kind in (Kind.RING_HASH, Kind.MAGLEV)


def policy_of(cluster: Cluster, runtime: Mapping[str, object] | None = None) -> LbPolicy:
    """Resolve a cluster's load balancing.

    Args:
        cluster: The cluster.
        runtime: Runtime keys that are set; some override the configuration.

    Raises:
        DumpError: The configuration of a policy has a type that Envoy never writes.
    """
    threshold = _whole(cluster.common_lb_config.healthy_panic_threshold, _PANIC_THRESHOLD)
    keys = runtime or {}
    policy = _old_style(cluster)
    if cluster.load_balancing_policy is not None:
        policy = _new_style(cluster.load_balancing_policy, LbPolicy())
    zone_aware = msgspec.structs.replace(
        policy.zone_aware,
        routing_enabled=_number(
            keys.get("upstream.zone_routing.enabled"), policy.zone_aware.routing_enabled
        ),
        min_cluster_size=_number(
            keys.get("upstream.zone_routing.min_cluster_size"), policy.zone_aware.min_cluster_size
        ),
        # A 0 leaves the configuration.
        force_local_zone_min_size=whole_number(
            keys.get("upstream.zone_routing.force_local_zone.min_size")
        )
        or policy.zone_aware.force_local_zone_min_size,
    )
    return msgspec.structs.replace(
        policy,
        panic_threshold=min(100, _number(keys.get("upstream.healthy_panic_threshold"), threshold)),
        ignore_new_hosts=cluster.common_lb_config.ignore_new_hosts_until_first_hc,
        zone_aware=zone_aware,
    )


def _old_style(cluster: Cluster) -> LbPolicy:
    known = cluster.lb_policy in Kind.__members__
    settings = cluster.common_lb_config
    hashing = settings.consistent_hashing_lb_config
    ring, table = cluster.ring_hash_lb_config, cluster.maglev_lb_config
    policy = LbPolicy(
        kind=Kind[cluster.lb_policy] if known else Kind.UNSUPPORTED,
        type_name="" if known else cluster.lb_policy,
        locality_weighted=settings.locality_weighted_lb_config is not None,
        zone_aware=_zone_aware(settings.zone_aware_lb_config),
        table_size=(table and table.table_size) or DEFAULT_TABLE_SIZE,
        use_hostname_for_hashing=hashing is not None and hashing.use_hostname_for_hashing,
        hash_balance_factor=(hashing and hashing.hash_balance_factor) or 0,
        subset=_used(cluster.lb_subset_config),
        slow_start=_old_style_starts_slowly(cluster),
    )
    if ring is None:
        return policy
    size = _ring_size(ring.minimum_ring_size, ring.maximum_ring_size, ring.hash_function)
    return msgspec.structs.replace(policy, ring_size=size)


def _new_style(configured: LoadBalancingPolicy, around: LbPolicy) -> LbPolicy:
    """Take the first known policy; what wraps it is in `around`."""
    names: list[str] = []
    for entry in configured.policies:
        policy = decode_extension(entry.typed_extension_config)
        if not isinstance(policy, Unsupported):
            found = _of_extension(policy, around)
            return msgspec.structs.replace(found, passed_over=(*names, *found.passed_over))
        names.append(policy.type_name)
        if policy.type_name in _NOT_MODELLED:
            break
    return msgspec.structs.replace(
        around, kind=Kind.UNSUPPORTED, type_name=", ".join(names) or "an empty list of policies"
    )


def _of_extension(policy: Resource, around: LbPolicy) -> LbPolicy:
    replace = msgspec.structs.replace
    match policy:
        case Subset():
            return _new_style(policy.subset_lb_policy, replace(around, subset=_used(policy)))
        case OverrideHost():
            sources = policy.override_host_sources
            return _new_style(
                policy.fallback_policy, replace(around, override_host_sources=sources)
            )
        case WrrLocality():
            inner = _new_style(policy.endpoint_picking_policy, around)
            return replace(inner, locality_weighted=True)
        case RingHash() | Maglev():
            return _hashing(policy, around)
        case RoundRobin() | LeastRequest() | Random() | ClientSideWeightedRoundRobin():
            locality = policy.locality_lb_config or LocalityLbConfig()
            return replace(
                around,
                kind=_KINDS[type(policy)],
                locality_weighted=locality.locality_weighted_lb_config is not None,
                zone_aware=_zone_aware(locality.zone_aware_lb_config),
                slow_start=_starts_slowly(policy),
            )
        case ClusterProvided():
            return replace(around, kind=Kind.CLUSTER_PROVIDED)
        case _:
            return replace(around, kind=Kind.UNSUPPORTED, type_name=type(policy).__name__)


def _hashing(policy: RingHash | Maglev, around: LbPolicy) -> LbPolicy:
    own = policy.consistent_hashing_lb_config or ConsistentHashing()
    common = msgspec.structs.replace(
        around,
        kind=_KINDS[type(policy)],
        locality_weighted=policy.locality_weighted_lb_config is not None,
        use_hostname_for_hashing=own.use_hostname_for_hashing,
        hash_balance_factor=own.hash_balance_factor or 0,
        hash_policy=tuple(_hash_policies(own)),
    )
    if isinstance(policy, Maglev):
        return msgspec.structs.replace(common, table_size=policy.table_size or DEFAULT_TABLE_SIZE)
    balance = common.hash_balance_factor or policy.hash_balance_factor or 0
    return msgspec.structs.replace(
        common,
        ring_size=_ring_size(
            policy.minimum_ring_size, policy.maximum_ring_size, policy.hash_function
        ),
        use_hostname_for_hashing=common.use_hostname_for_hashing or policy.use_hostname_for_hashing,
        hash_balance_factor=balance,
    )


def _hash_policies(hashing: ConsistentHashing) -> Iterator[HashPolicy]:
    for body in hashing.hash_policy:
        yield decode(HashPolicy, body, "a hash policy")


def _ring_size(minimum: int | None, maximum: int | None, hash_function: str) -> RingSize:
    default = RingSize()
    return RingSize(
        minimum=default.minimum if minimum is None else minimum,
        maximum=default.maximum if maximum is None else maximum,
        hash_function=hash_function,
    )


def _zone_aware(configured: ZoneAwareLbConfig | None) -> ZoneAware:
    if configured is None:
        return ZoneAware()
    forced = None
    if configured.force_local_zone is not None:
        size = configured.force_local_zone.min_size
        forced = 1 if size is None else size
    elif configured.force_locality_direct_routing:
        forced = 1
    size = configured.min_cluster_size
    return ZoneAware(
        routing_enabled=_whole(configured.routing_enabled, 100),
        min_cluster_size=ZoneAware().min_cluster_size if size is None else size,
        fail_traffic_on_panic=configured.fail_traffic_on_panic,
        force_local_zone_min_size=forced,
        by_weight=configured.locality_basis == "HEALTHY_HOSTS_WEIGHT",
    )


def _old_style_starts_slowly(cluster: Cluster) -> bool:
    if cluster.lb_policy == Kind.LEAST_REQUEST.value:
        return _starts_slowly(cluster.least_request_lb_config)
    in_turn = cluster.lb_policy == Kind.ROUND_ROBIN.value
    return in_turn and _starts_slowly(cluster.round_robin_lb_config)


def _starts_slowly(policy: Resource | None) -> bool:
    return isinstance(policy, SlowStart) and policy.slow_start_config is not None


def _used(subset: LbSubsetConfig | None) -> LbSubsetConfig | None:
    return subset if subset is not None and subset.subset_selectors else None


def _whole(percent: Percent | None, default: int) -> int:
    return default if percent is None else math.floor(percent.value)


def _number(value: object, default: int) -> int:
    number = whole_number(value)
    return default if number is None else number

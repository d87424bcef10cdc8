"""Load balancing policies, as fields of a cluster and as extensions."""

import msgspec

from osmscope.resources.extension import extension
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.resource import Opaque, Resource

_POLICY = "envoy.extensions.load_balancing_policies"


class Percent(Resource, frozen=True):
    """A percentage."""

    value: float = 0.0


class LbSubsetSelector(Resource, frozen=True):
    """The keys that a subset is made by."""

    keys: tuple[str, ...] = ()
    single_host_per_subset: bool = False
    fallback_policy: str = "NOT_DEFINED"
    fallback_keys_subset: tuple[str, ...] = ()


class LbSubsetConfig(Resource, frozen=True):
    """How the endpoints of a cluster are divided by their metadata."""

    fallback_policy: str = "NO_FALLBACK"
    default_subset: dict[str, object] | None = None
    subset_selectors: tuple[LbSubsetSelector, ...] = ()
    locality_weight_aware: bool = False
    scale_locality_weight: bool = False
    panic_mode_any: bool = False
    list_as_any: bool = False
    metadata_fallback_policy: str = "METADATA_NO_FALLBACK"
    allow_redundant_keys: bool = False


class RingHashLbConfig(Resource, frozen=True):
    """The size of the ring."""

    minimum_ring_size: int | None = None
    maximum_ring_size: int | None = None
    hash_function: str = "XX_HASH"


class MaglevLbConfig(Resource, frozen=True):
    """The size of the table."""

    table_size: int | None = None


class SlowStart(Resource, frozen=True):
    """Whether hosts that became healthy get less at first."""

    slow_start_config: Opaque | None = None


class LeastRequestLbConfig(SlowStart, frozen=True):
    """How many hosts are compared."""

    inert = frozenset({"choice_count", "active_request_bias"})

    selection_method: str = "N_CHOICES"


class Policy(Resource, frozen=True):
    """One policy; the first whose type Envoy knows is used."""

    typed_extension_config: TypedExtensionConfig = TypedExtensionConfig()


class LoadBalancingPolicy(Resource, frozen=True):
    """`envoy.config.cluster.v3.LoadBalancingPolicy`; it replaces `lb_policy`."""

    policies: tuple[Policy, ...] = ()


class ForceLocalZone(Resource, frozen=True):
    """Sends everything to the own zone."""

    min_size: int | None = None


class ZoneAwareLbConfig(Resource, frozen=True):
    """Parameters of zone aware routing."""

    routing_enabled: Percent | None = None
    min_cluster_size: int | None = None
    fail_traffic_on_panic: bool = False
    force_locality_direct_routing: bool = False
    force_local_zone: ForceLocalZone | None = None
    locality_basis: str = "HEALTHY_HOSTS_NUM"


class LocalityLbConfig(Resource, frozen=True):
    """Whether localities are chosen by weight or by zone."""

    zone_aware_lb_config: ZoneAwareLbConfig | None = None
    locality_weighted_lb_config: Opaque | None = None


class ConsistentHashing(Resource, frozen=True):
    """What hosts are hashed by; its own hash policy replaces the route's."""

    use_hostname_for_hashing: bool = False
    hash_balance_factor: int | None = None
    hash_policy: tuple[msgspec.Raw, ...] = ()


@extension(f"{_POLICY}.round_robin.v3.RoundRobin")
class RoundRobin(SlowStart, frozen=True):
    """In turn, by weight."""

    locality_lb_config: LocalityLbConfig | None = None


@extension(f"{_POLICY}.least_request.v3.LeastRequest")
class LeastRequest(SlowStart, frozen=True):
    """The host with the fewest active requests of a few drawn ones."""

    inert = frozenset({
        "choice_count", "active_request_bias", "enable_full_scan", "selection_method",
    })  # fmt: skip

    locality_lb_config: LocalityLbConfig | None = None


@extension(f"{_POLICY}.random.v3.Random")
class Random(Resource, frozen=True):
    """Uniformly at random, whatever the weights."""

    locality_lb_config: LocalityLbConfig | None = None


@extension(f"{_POLICY}.ring_hash.v3.RingHash")
class RingHash(Resource, frozen=True):
    """By a ring of hashes."""

    hash_function: str = "XX_HASH"
    minimum_ring_size: int | None = None
    maximum_ring_size: int | None = None
    use_hostname_for_hashing: bool = False
    hash_balance_factor: int | None = None
    consistent_hashing_lb_config: ConsistentHashing | None = None
    locality_weighted_lb_config: Opaque | None = None


@extension(f"{_POLICY}.maglev.v3.Maglev")
class Maglev(Resource, frozen=True):
    """By a table of hashes."""

    table_size: int | None = None
    consistent_hashing_lb_config: ConsistentHashing | None = None
    locality_weighted_lb_config: Opaque | None = None


@extension(f"{_POLICY}.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin")
class ClientSideWeightedRoundRobin(SlowStart, frozen=True):
    """In turn, by measured load; without reports all weights are equal."""

    inert = frozenset({
        "enable_oob_load_report", "oob_reporting_period", "blackout_period",
        "weight_expiration_period", "weight_update_period", "error_utilization_penalty",
        "metric_names_for_computing_utilization",
    })  # fmt: skip

    locality_lb_config: LocalityLbConfig | None = None


@extension(f"{_POLICY}.wrr_locality.v3.WrrLocality")
class WrrLocality(Resource, frozen=True):
    """Localities by weight, then another policy."""

    endpoint_picking_policy: LoadBalancingPolicy = LoadBalancingPolicy()


@extension(f"{_POLICY}.cluster_provided.v3.ClusterProvided")
class ClusterProvided(Opaque, frozen=True):
    """The cluster's type decides."""


@extension(f"{_POLICY}.subset.v3.Subset")
class Subset(LbSubsetConfig, frozen=True):
    """Subsets, with a policy of their own."""

    subset_lb_policy: LoadBalancingPolicy = LoadBalancingPolicy()


class OverrideHostSource(Resource, frozen=True):
    """Where the address of the wanted host is read."""

    header: str = ""
    metadata: object = None


@extension(f"{_POLICY}.override_host.v3.OverrideHost")
class OverrideHost(Resource, frozen=True):
    """A host named by the request, else another policy."""

    inert = frozenset({"selected_host_key"})

    override_host_sources: tuple[OverrideHostSource, ...] = ()
    fallback_policy: LoadBalancingPolicy = LoadBalancingPolicy()

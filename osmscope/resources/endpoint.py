"""Endpoints: what a cluster's traffic is spread over, from the dump's side."""

from osmscope.resources.address import Address
from osmscope.resources.matcher import FractionalPercent
from osmscope.resources.resource import Resource

Metadata = dict[str, dict[str, object]]
"""Namespace → a Struct of the user's own."""


class MetadataHolder(Resource, frozen=True):
    """`envoy.config.core.v3.Metadata`."""

    inert = frozenset({"typed_filter_metadata"})

    filter_metadata: Metadata = {}


class Locality(Resource, frozen=True):
    """Where endpoints stand."""

    region: str = ""
    zone: str = ""
    sub_zone: str = ""

    def text(self) -> str:
        """Write it as `region/zone/sub_zone`, without what is empty at the end."""
        return "/".join((self.region, self.zone, self.sub_zone)).rstrip("/")


class Endpoint(Resource, frozen=True):
    """One upstream host."""

    inert = frozenset({"health_check_config", "additional_addresses"})

    address: Address = Address()
    hostname: str = ""


class LbEndpoint(Resource, frozen=True):
    """An upstream host with its health, weight and metadata."""

    endpoint: Endpoint = Endpoint()
    endpoint_name: str = ""
    health_status: str = "UNKNOWN"
    metadata: MetadataHolder = MetadataHolder()
    load_balancing_weight: int | None = None


class LocalityLbEndpoints(Resource, frozen=True):
    """The endpoints of one locality and priority."""

    inert = frozenset({"proximity"})

    locality: Locality | None = None
    metadata: MetadataHolder = MetadataHolder()
    lb_endpoints: tuple[LbEndpoint, ...] = ()
    load_balancing_weight: int | None = None
    priority: int = 0


class DropOverload(Resource, frozen=True):
    """A share of requests that is refused."""

    category: str = ""
    drop_percentage: FractionalPercent = FractionalPercent()


class LoadAssignmentPolicy(Resource, frozen=True):
    """How priorities and drops are counted."""

    inert = frozenset({"endpoint_stale_after"})

    drop_overloads: tuple[DropOverload, ...] = ()
    overprovisioning_factor: int | None = None
    weighted_priority_health: bool = False


class ClusterLoadAssignment(Resource, frozen=True):
    """`envoy.config.endpoint.v3.ClusterLoadAssignment`."""

    inert = frozenset({"named_endpoints"})

    cluster_name: str = ""
    endpoints: tuple[LocalityLbEndpoints, ...] = ()
    policy: LoadAssignmentPolicy = LoadAssignmentPolicy()

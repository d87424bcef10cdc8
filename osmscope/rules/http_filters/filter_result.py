"""What one HTTP filter makes of one request."""

from collections.abc import Callable, Mapping

import msgspec

from osmscope.resources.resource import Resource
from osmscope.resources.route import Route, RouteConfiguration, VirtualHost
from osmscope.rules.cluster_type import ClusterKind
from osmscope.rules.facts import Request
from osmscope.rules.local_reply import LocalReply


class FilterContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a filter may look at besides the request."""

    filter_name: str = ""
    """The filter's name in `http_filters`: the key of its per-route configurations."""
    config: Resource
    """The configuration to use: the filter's own, or the per-route one that replaces it."""
    own_config: Resource
    """The filter's own configuration."""
    levels: tuple[Resource, ...] = ()
    """All per-route configurations of this filter, the most general first (for filters that
    merge): route configuration, virtual host, route, weighted cluster."""
    route_configuration: RouteConfiguration | None = None
    virtual_host: VirtualHost | None = None
    route: Route | None = None
    """The route as resolved now; None where none matched."""
    cluster: str | None = None
    """The cluster that the route resolved to."""
    node_cluster: str | None = None
    """The name of the cluster that the proxy itself is of; None where it is not known."""
    cluster_health: Callable[[str], tuple[int, int] | None] = lambda _: None
    """Cluster name → (healthy endpoints, all endpoints); None for an unknown cluster."""
    cluster_kind: Callable[[str], ClusterKind | None] = lambda _: None
    """Cluster name → where its hosts come from; None for an unknown cluster."""


class FilterResult(msgspec.Struct, frozen=True, kw_only=True):
    """One way a request can leave a filter."""

    request: Request
    """The request as the next filter sees it."""
    probability: float = 1.0
    reply: LocalReply | None = None
    """Set where the filter answers by itself: the request goes no further."""
    clears_route_cache: bool = False
    """Whether the route is looked up again, with the headers as they are now."""
    flags: tuple[str, ...] = ()
    """Response flags that stay on the request ("DI")."""
    assumptions: tuple[str, ...] = ()
    """What had to be assumed, each a clause: "ext_authz allows the request"."""
    reason: str = ""
    """What the filter did and why, in words; "" where it has nothing to say."""
    consulted: tuple[str, ...] = ()
    """The fields that decided."""


HttpFilterRule = Callable[[Request, FilterContext], tuple[FilterResult, ...]]
"""A filter's rule: its results have probabilities that add up to 1."""

HttpFilterRules = Mapping[type[Resource], HttpFilterRule]

"""What an object of unknown origin is, told by its `@type` or else by its fields.

Decision: nothing is told by names or by file names. An object whose `@type` says what it is is
believed; without one (istioctl's and egctl's output) the fields decide that only one type has.
"""

from collections.abc import Collection

from osmscope.dump.entries import FORMS, KINDS

RESOURCES: dict[str, str] = {
    "Listener": "dynamic_listeners",
    "Cluster": "dynamic_active_clusters",
    "RouteConfiguration": "dynamic_route_configs",
    "ScopedRouteConfiguration": "dynamic_scoped_route_configs",
    "ClusterLoadAssignment": "dynamic_endpoint_configs",
    "Secret": "dynamic_active_secrets",
    "TypedExtensionConfig": "ecds_filters",
}
"""The section field that holds resources of a type."""

STATIC_FIELDS: dict[str, str] = {
    "dynamic_listeners": "static_listeners",
    "dynamic_active_clusters": "static_clusters",
    "dynamic_route_configs": "static_route_configs",
    "dynamic_scoped_route_configs": "inline_scoped_route_configs",
    "dynamic_endpoint_configs": "static_endpoint_configs",
    "dynamic_active_secrets": "static_secrets",
    "ecds_filters": "ecds_filters",
}
"""Where the same resource stands if the bootstrap holds it."""

ENTRIES: dict[str, str] = {
    "StaticListener": "static_listeners",
    "DynamicListener": "dynamic_listeners",
    "StaticCluster": "static_clusters",
    "DynamicCluster": "dynamic_active_clusters",
    "StaticRouteConfig": "static_route_configs",
    "DynamicRouteConfig": "dynamic_route_configs",
    "InlineScopedRouteConfigs": "inline_scoped_route_configs",
    "DynamicScopedRouteConfigs": "dynamic_scoped_route_configs",
    "StaticEndpointConfig": "static_endpoint_configs",
    "DynamicEndpointConfig": "dynamic_endpoint_configs",
    "StaticSecret": "static_secrets",
    "DynamicSecret": "dynamic_active_secrets",
    "EcdsFilterConfig": "ecds_filters",
}
"""The section field of an entry that `?resource=` prints on its own."""

AMBIGUOUS_ENTRIES = frozenset({"DynamicCluster", "DynamicSecret"})
"""Entries that are active or warming; on their own they do not tell which."""

_MARKS: tuple[tuple[str, frozenset[str]], ...] = (
    ("RouteConfiguration", frozenset({"virtual_hosts", "vhds"})),
    (
        "Listener",
        frozenset(
            {
                "filter_chains",
                "default_filter_chain",
                "listener_filters",
                "filter_chain_matcher",
                "api_listener",
                "traffic_direction",
            }
        ),
    ),
    (
        "Cluster",
        frozenset(
            {
                "connect_timeout",
                "lb_policy",
                "load_assignment",
                "eds_cluster_config",
                "cluster_type",
                "circuit_breakers",
                "dns_lookup_family",
                "transport_socket_matches",
            }
        ),
    ),
    (
        "Secret",
        frozenset(
            {"tls_certificate", "validation_context", "session_ticket_keys", "generic_secret"}
        ),
    ),
    ("ClusterLoadAssignment", frozenset({"cluster_name", "endpoints"})),
    ("ScopedRouteConfiguration", frozenset({"route_configuration_name", "on_demand"})),
)


def short_type(type_url: str) -> str:
    """The last part of a type URL: "ClustersConfigDump", "Cluster"."""
    return type_url.rsplit(".", 1)[-1]


def section_of_fields(keys: Collection[str]) -> str:
    """The type of a section without `@type`; "" where the fields are no section's."""
    if "bootstrap" in keys:
        return "BootstrapConfigDump"
    kinds = {FORMS[key].kind for key in keys if key in FORMS}
    return next((name for name, kind in KINDS.items() if kind in kinds), "")


def resource_of_fields(keys: Collection[str]) -> str:
    """The type of a resource without `@type`; "" where the fields do not tell."""
    return next((name for name, marks in _MARKS if not marks.isdisjoint(keys)), "")

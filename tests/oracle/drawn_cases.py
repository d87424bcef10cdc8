"""The families of cases."""

from collections.abc import Callable

from tests.oracle.case import Case
from tests.oracle.draw import Draw
from tests.oracle.families.chains import draw_chains
from tests.oracle.families.cluster_kinds import draw_cluster_kinds
from tests.oracle.families.connection_managers import draw_connection_managers
from tests.oracle.families.credentials import draw_credentials
from tests.oracle.families.endpoints import draw_hashing, draw_subsets
from tests.oracle.families.filter_metadata import draw_filter_metadata
from tests.oracle.families.gateway_filters import draw_gateway_filters
from tests.oracle.families.http2 import partly_over_http2
from tests.oracle.families.http_filters import draw_http_filters
from tests.oracle.families.limits import draw_limits
from tests.oracle.families.matchers import draw_chain_matchers, draw_route_matchers
from tests.oracle.families.mutual_tls import draw_mutual_tls
from tests.oracle.families.network_filters import draw_network_filters
from tests.oracle.families.policies import draw_policies
from tests.oracle.families.rbac import draw_rbac
from tests.oracle.families.responses import draw_responses
from tests.oracle.families.route_actions import draw_route_actions
from tests.oracle.families.route_matches import draw_route_matches
from tests.oracle.families.sessions import draw_sessions
from tests.oracle.families.tables import draw_tables
from tests.oracle.families.time_limits import draw_time_limits
from tests.oracle.families.upgrades import draw_upgrades
from tests.oracle.families.upstreams import draw_upstreams
from tests.oracle.families.virtual_hosts import draw_virtual_hosts

FAMILIES: dict[str, Callable[[Draw], Case]] = {
    "chains": draw_chains,
    "virtual_hosts": partly_over_http2(draw_virtual_hosts),
    "route_matches": partly_over_http2(draw_route_matches),
    "route_actions": partly_over_http2(draw_route_actions),
    "connection_managers": partly_over_http2(draw_connection_managers),
    "rbac": draw_rbac,
    "http_filters": partly_over_http2(draw_http_filters),
    "hashing": draw_hashing,
    "subsets": draw_subsets,
    "chain_matchers": draw_chain_matchers,
    "route_matchers": partly_over_http2(draw_route_matchers),
    "tables": partly_over_http2(draw_tables),
    "upstreams": draw_upstreams,
    "network_filters": draw_network_filters,
    "upgrades": partly_over_http2(draw_upgrades),
    "credentials": draw_credentials,
    "filter_metadata": partly_over_http2(draw_filter_metadata),
    "mutual_tls": partly_over_http2(draw_mutual_tls),
    "policies": partly_over_http2(draw_policies),
    "time_limits": draw_time_limits,
    "cluster_kinds": draw_cluster_kinds,
    "sessions": draw_sessions,
    "limits": draw_limits,
    "responses": draw_responses,
    "gateway_filters": partly_over_http2(draw_gateway_filters),
}

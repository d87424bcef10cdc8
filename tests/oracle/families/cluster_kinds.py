"""Clusters that others stand behind, that names or a matcher choose, in zones, and with TLS."""

from collections.abc import Callable

from tests.oracle.blocks import HEADER_VALUES, http_filter, http_listener, http_request, requests
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import TYPES, endpoint
from tests.oracle.families.endpoints import localities
from tests.oracle.families.matchers import HEADER, Input, draw_matcher
from tests.oracle.stand_in import PORT
from tests.oracle.upstream_cases import composite, of_type, options

SOCKETS = f"{TYPES}.extensions.transport_sockets"
INPUTS = f"{TYPES}.extensions.matching.common_inputs.transport_socket.v3"
SPECIFIERS = f"{TYPES}.extensions.router.cluster_specifiers.matcher.v3"
AUTHORITIES = (f"127.9.5.1:{PORT}", f"127.9.5.2:{PORT}", "127.9.5.3", "127.9.5.4:1",
               f"127.9.5.5:0{PORT}")  # fmt: skip


def draw_cluster_kinds(draw: Draw) -> Case:
    """Draw a cluster of one kind, and a route that leads to it."""
    kind = draw.choice(list(KINDS))
    clusters, action = KINDS[kind](draw)
    route = {"name": "all", "match": {"prefix": "/"}, "route": action}
    host = {"name": "all", "domains": ["*"], "routes": [route]}
    table = {"name": "routes", "virtual_hosts": [host], "validate_clusters": False}

    def request(draw: Draw) -> Json:
        one = http_request(draw)
        # A URL as the target would be another host: only addresses need no DNS.
        return one | ({"host": draw.choice(AUTHORITIES), "path": "/"} if kind == "dynamic" else {})

    filters = [_dns_filter()] if kind == "dynamic" else []
    listener = http_listener(table, http_filters=filters)
    asked = requests(draw, request)
    return Case(family="cluster_kinds", listener=listener, clusters=clusters, requests=asked)


Made = tuple[list[Json], Json]
OWN = {"cluster": "own-CONFIG"}


def _balanced(draw: Draw, name: str = "own-CONFIG") -> Json:
    assignment = {"endpoints": localities(draw)}
    common = {"healthy_panic_threshold": {"value": draw.choice((0, 50))}}
    return {"name": name, "common_lb_config": common, "load_assignment": assignment}


def _composite(draw: Draw) -> Made:
    members = draw.some(("m", "n", "nowhere"), 1, 3)
    made = [_balanced(draw, "m-CONFIG"), {"name": "n-CONFIG"}]
    if draw.maybe():
        made.reverse()
        made[0]["name"], made[1]["name"] = "m-CONFIG", "n-CONFIG"
    return [composite(*members), *made], OWN


CACHE = {"dns_cache_config": {"name": "d-CONFIG", "dns_lookup_family": "V4_ONLY"}}


def _dns_filter() -> Json:
    """Make the filter without which the first request for a host may find none."""
    return http_filter("dns", "dynamic_forward_proxy.v3.FilterConfig", **CACHE)


def _dynamic(draw: Draw) -> Made:
    cluster = of_type("dynamic_forward_proxy.v3.ClusterConfig", CACHE)
    rewriting = {"host_rewrite_literal": draw.choice(AUTHORITIES)} if draw.maybe(0.2) else {}
    if draw.maybe(0.3):
        tls = {"@type": f"{SOCKETS}.tls.v3.UpstreamTlsContext"}
        cluster["transport_socket"] = {"name": "tls", "typed_config": tls}
    return [cluster], OWN | rewriting


def _specified(draw: Draw) -> Made:
    def action() -> Json:
        name = draw.choice(("alpha", "beta", "gamma", "empty", "nowhere"))
        config = {"@type": f"{SPECIFIERS}.ClusterAction", "cluster": name}
        return {"name": "cluster", "typed_config": config}

    def source() -> Input:
        name = draw.choice(("x-user", "version"))
        known = tuple(value for value in HEADER_VALUES if value)
        return {"name": "in", "typed_config": {"@type": HEADER, "header_name": name}}, known

    matcher = draw_matcher(draw, source, action, 1)
    config = {"@type": f"{SPECIFIERS}.MatcherClusterSpecifier", "cluster_matcher": matcher}
    plugin = {"extension": {"name": "specifier", "typed_config": config}}
    return [], {"inline_cluster_specifier_plugin": plugin}


def _zones(draw: Draw) -> Made:
    groups = []
    for zone in draw.some(("z1", "z2", "z3"), 1, 3):
        hosts = [
            endpoint(
                f"127.9.11{zone[1]}.{number}",
                health_status=draw.choice(("HEALTHY", "HEALTHY", "HEALTHY", "UNHEALTHY")),
            )
            for number in range(1, draw.randint(2, 6))
        ]
        groups.append({"locality": {"region": "r1", "zone": zone}, "lb_endpoints": hosts})
    cluster: Json = {"name": "own-CONFIG", "load_assignment": {"endpoints": groups}}
    zone_aware = draw.fields(
        0.3,
        routing_enabled=lambda: {"value": draw.choice((0, 50, 100))},
        min_cluster_size=lambda: draw.choice((1, 6, 20)),
        fail_traffic_on_panic=draw.maybe,
    )
    if zone_aware:
        cluster["common_lb_config"] = {"zone_aware_lb_config": zone_aware}
    return [cluster | {"lb_policy": draw.choice(("ROUND_ROBIN", "RANDOM", "LEAST_REQUEST"))}], OWN


def _tls(draw: Draw) -> Made:
    """Draw sockets that the metadata of endpoints chooses; each asks for a name of its own."""
    cluster = _balanced(draw)
    cluster["transport_socket_matches"] = [
        {
            "name": f"match-{number}",
            "match": {key: draw.choice(("v1", "v2")) for key in draw.some(("version", "zone"))},
            "transport_socket": _socket(draw, f"match-{number}.example.com"),
        }
        for number in range(draw.randint(0, 2))
    ]
    if draw.maybe(0.3):
        cluster["transport_socket_matcher"] = _by_matcher(draw)
    cluster |= draw.fields(0.6, transport_socket=lambda: _socket(draw, "own.example.com"))
    for locality in cluster["load_assignment"]["endpoints"]:
        for one in locality["lb_endpoints"]:
            metadata = one["metadata"]["filter_metadata"]
            metadata["envoy.transport_socket_match"] = metadata["envoy.lb"]
    if draw.maybe():
        cluster |= options(upstream_http_protocol_options=_of_names(draw))
        if "transport_socket" in cluster and draw.maybe(0.3):
            (chosen,) = cluster["typed_extension_protocol_options"].values()
            del chosen["explicit_http_config"]
            chosen["auto_config"] = {}
    rewriting = {"host_rewrite_literal": "rewritten.example.com"} if draw.maybe(0.2) else {}
    return [cluster], OWN | rewriting


def _by_matcher(draw: Draw) -> Json:
    """Draw a matcher of metadata that names one of the entries, or none."""

    def action() -> Json:
        name = draw.choice(("match-0", "match-1", "nowhere"))
        config = {"@type": f"{INPUTS}.TransportSocketNameAction", "name": name}
        return {"name": "socket", "typed_config": config}

    def source() -> Input:
        path = [{"key": draw.choice(("version", "zone", "stage"))}]
        config = {"@type": f"{INPUTS}.EndpointMetadataInput", "path": path}
        return {"name": "in", "typed_config": config}, ("v1", "v2", "1", "true", '["v1","v2"]')

    return draw_matcher(draw, source, action, 1)


def _of_names(draw: Draw) -> Json:
    return {"auto_sni": True} | draw.fields(0.3, override_auto_sni_header=lambda: "x-user")


def _socket(draw: Draw, sni: str) -> Json:
    if draw.maybe(0.2):
        return {"name": "raw", "typed_config": {"@type": f"{SOCKETS}.raw_buffer.v3.RawBuffer"}}
    common = draw.fields(
        0.4,
        alpn_protocols=lambda: draw.some(("http/1.1", "osm", "h2"), 1, 3),
        tls_certificate_sds_secret_configs=lambda: [
            {"name": draw.choice(("here", "here", "late")), "sds_config": {}}
        ],
    )
    config: Json = {"@type": f"{SOCKETS}.tls.v3.UpstreamTlsContext", "common_tls_context": common}
    config |= draw.fields(0.7, sni=lambda: sni)
    config |= draw.fields(0.2, auto_host_sni=lambda: True)
    return {"name": "tls", "typed_config": config}


KINDS: dict[str, Callable[[Draw], Made]] = {
    "composite": _composite,
    "dynamic": _dynamic,
    "specified": _specified,
    "zones": _zones,
    "tls": _tls,
}

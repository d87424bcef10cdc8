"""Network filters before and in place of a proxy; what `tcp_proxy` does with a connection."""

from tests.oracle.blocks import (
    http_listener,
    http_request,
    listener_filter,
    requests,
)
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import FILTERS, TCP_PROXY
from tests.oracle.families.endpoints import localities
from tests.oracle.families.rbac import network_rbac

CLUSTERS = ("alpha", "beta", "gamma", "empty", "nowhere")
MOMENTS = ("on_new_connection", "on_downstream_tls_handshake", "on_downstream_data")
TEXTS = ("beta", "gamma", "nowhere", "%REQUESTED_SERVER_NAME%", "%DOWNSTREAM_LOCAL_PORT%",
         "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "%FILTER_STATE(own:PLAIN)%")  # fmt: skip


def draw_network_filters(draw: Draw) -> Case:
    """Draw one chain of network filters."""
    filters = [_passing(draw) for _ in range(draw.randint(0, 2))] + [_last(draw)]
    listener: Json = {"filter_chains": [{"name": "all", "filters": filters}]}
    inspectors = [listener_filter("tls", "tls_inspector.v3.TlsInspector")]
    listener["listener_filters"] = draw.some((*inspectors, _of_listener(draw)), 0, 2)
    clusters = [{"name": "own-CONFIG", "load_assignment": {"endpoints": localities(draw)}}]
    return Case(
        family="network_filters",
        listener=listener,
        clusters=clusters,
        requests=requests(draw, _request),
    )


def _passing(draw: Draw) -> Json:
    kind = draw.choice(("rbac", "limit", "tokens", "sni", "state", "by state"))
    if kind == "rbac":
        return network_rbac(draw)
    if kind == "sni":
        return _filter("sni_cluster.v3.SniCluster")
    if kind == "state":
        moments = draw.some(MOMENTS, 1, 2)
        states = {moment: [_filter_state(draw)] for moment in moments}
        return _filter("set_filter_state.v3.Config", **states)
    if kind == "tokens":
        bucket = {"max_tokens": 100_000, "fill_interval": "60s"}
        return _filter("local_ratelimit.v3.LocalRateLimit", stat_prefix="l", token_bucket=bucket)
    if kind == "by state":
        return _by_state(draw)
    return _filter(
        "connection_limit.v3.ConnectionLimit",
        stat_prefix="limit",
        max_connections=draw.choice((1000, 2000)),
    )


def _filter_state(draw: Draw) -> Json:
    text: Json = {"text_format_source": {"inline_string": draw.choice(TEXTS)}}
    text |= draw.fields(0.3, omit_empty_values=draw.maybe)
    key = draw.choice(("own", "own", "envoy.tcp_proxy.cluster"))
    factories = ("envoy.string", "envoy.network.ip", "envoy.tcp_proxy.cluster")
    value = {"object_key": key, "factory_key": draw.choice(factories), "format_string": text}
    return value | draw.fields(0.3, skip_if_empty=draw.maybe)


def _of_listener(draw: Draw) -> Json:
    made = listener_filter("state", "set_filter_state.v3.Config")
    made["typed_config"]["on_accept"] = [_filter_state(draw)]
    return made


def _by_state(draw: Draw) -> Json:
    ranges = [{"address_prefix": draw.choice(("10.0.0.0", "8.0.0.0")), "prefix_len": 8}]
    state: Json = {"key": draw.choice(("own", "envoy.tcp_proxy.cluster"))}
    state |= draw.one(
        string_match=lambda: {"prefix": draw.choice(("b", "gamma", "8", "-", "a"))},
        address_match=lambda: {"ranges": ranges, "invert_match": draw.maybe()},
    )
    policy = {"permissions": [{"any": True}], "principals": [{"filter_state": state}]}
    action = draw.choice(("ALLOW", "DENY"))
    return _filter("rbac.v3.RBAC", rules={"action": action, "policies": {"p": policy}})


def _last(draw: Draw) -> Json:
    kind = draw.random()
    if kind < 0.12:
        return _filter("echo.v3.Echo")
    if kind < 0.24:
        return _filter("direct_response.v3.Config", response={"inline_string": "no"})
    if kind < 0.36:
        routes = [{"name": "r", "match": {"prefix": "/"}, "route": {"cluster": "alpha"}}]
        host = {"name": "all", "domains": ["*"], "routes": routes}
        listener = http_listener({"name": "routes", "virtual_hosts": [host]})
        chain: Json = listener["filter_chains"][0]
        last: Json = chain["filters"][0]
        return last
    config: Json = {"@type": TCP_PROXY}
    config |= draw.one(
        cluster=lambda: draw.choice((*CLUSTERS, "own-CONFIG")),
        weighted_clusters=lambda: {"clusters": [{"name": draw.choice(CLUSTERS), "weight": 1}]},
    )
    if draw.maybe(0.3):
        values = {"version": draw.choice(("v1", "v2"))}
        config["metadata_match"] = {"filter_metadata": {"envoy.lb": values}}
    if draw.maybe(0.2):
        config["hash_policy"] = [{"source_ip": {}}]
    if draw.maybe(0.2):
        config |= {"upstream_connect_mode": "ON_DOWNSTREAM_DATA", "max_early_data_bytes": 1024}
    return {"name": "tcp", "typed_config": config}


def _filter(type_name: str, **fields: object) -> Json:
    return {
        "name": type_name.partition(".")[0],
        "typed_config": {"@type": f"{FILTERS}.network.{type_name}", **fields},
    }


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    if draw.maybe(0.3):
        request |= {"tls": True, "sni": draw.choice(("alpha", "beta", "a.example.com"))}
    return request

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


def draw_network_filters(draw: Draw) -> Case:
    """Draw one chain of network filters."""
    filters = [_passing(draw) for _ in range(draw.randint(0, 2))] + [_last(draw)]
    listener: Json = {"filter_chains": [{"name": "all", "filters": filters}]}
    if draw.maybe(0.6):
        listener["listener_filters"] = [listener_filter("tls", "tls_inspector.v3.TlsInspector")]
    clusters = [{"name": "own-CONFIG", "load_assignment": {"endpoints": localities(draw)}}]
    return Case(
        family="network_filters",
        listener=listener,
        clusters=clusters,
        requests=requests(draw, _request),
    )


def _passing(draw: Draw) -> Json:
    kind = draw.choice(("rbac", "limit", "sni", "state"))
    if kind == "rbac":
        return network_rbac(draw)
    if kind == "sni":
        return _filter("sni_cluster.v3.SniCluster")
    if kind == "state":
        return _filter("set_filter_state.v3.Config", on_new_connection=[_filter_state(draw)])
    return _filter(
        "connection_limit.v3.ConnectionLimit",
        stat_prefix="limit",
        max_connections=draw.choice((1000, 2000)),
    )


def _filter_state(draw: Draw) -> Json:
    # Not an object that tcp_proxy reads: osmscope says that it does not know these.
    text = {"text_format_source": {"inline_string": draw.choice(("beta", "gamma", "nowhere"))}}
    return {"object_key": "own", "factory_key": "envoy.string", "format_string": text}


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

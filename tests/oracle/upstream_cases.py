"""Configurations of clusters and routes, written by hand, that are put to a real Envoy."""

from typing import Any

from tests.oracle.case import Case
from tests.oracle.envoy_files import FILTERS, MANAGER, ROUTER, TCP_PROXY, TYPES, endpoint

Json = dict[str, Any]

EXTENSIONS = f"{TYPES}.extensions"
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
INTERNAL = {
    "use_remote_address": True,
    "internal_address_config": {"cidr_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]},
}
"""With it, requests are internal: they keep what steers timeouts and retries."""

OWN = {"cluster": "own-CONFIG"}
SOURCE, DESTINATION = "10.0.0.9", "127.77.1.1"


def request(**fields: Any) -> Json:
    """A request, from an internal address to one of loopback."""
    return {
        "method": "GET",
        "path": "/",
        "host": "a.com",
        "headers": {},
        "src_ip": SOURCE,
        "src_port": 5555,
        "dst_ip": DESTINATION,
        "dst_port": 80,
        **fields,
    }


def own(*hosts: str | Json, name: str = "own", **fields: Any) -> Json:
    """A cluster of the case, with two endpoints or with those given."""
    chosen = hosts or (f"127.8.{len(name)}.1", f"127.8.{len(name)}.2")
    listed = [endpoint(one) if isinstance(one, str) else one for one in chosen]
    fields.setdefault("load_assignment", {"endpoints": [{"lb_endpoints": listed}]})
    return {"name": f"{name}-CONFIG", **fields}


def empty(name: str = "own", **fields: Any) -> Json:
    """A cluster without endpoints."""
    return own(name=name, load_assignment={"endpoints": []}, **fields)


def of_type(kind: str, config: Json) -> Json:
    """A cluster of a type that is an extension: `aggregate.v3.ClusterConfig`."""
    typed = {"@type": f"{EXTENSIONS}.clusters.{kind}", **config}
    name = f"envoy.clusters.{kind.partition('.')[0]}"
    if kind.startswith("original_dst"):
        name = "envoy.cluster.original_dst"
    custom = {"name": name, "typed_config": typed}
    return {"name": "own-CONFIG", "lb_policy": "CLUSTER_PROVIDED", "cluster_type": custom}


def aggregate(*members: str) -> Json:
    """A cluster that strings members together."""
    names = [f"{member}-CONFIG" for member in members]
    return of_type("aggregate.v3.ClusterConfig", {"clusters": names})


def composite(*members: str) -> Json:
    """A cluster that has a member for each attempt."""
    names = [{"name": f"{member}-CONFIG"} for member in members]
    return of_type("composite.v3.ClusterConfig", {"clusters": names})


def limited(*thresholds: Json) -> Json:
    """Circuit breakers."""
    return {"circuit_breakers": {"thresholds": list(thresholds)}}


def options(**fields: Any) -> Json:
    """HTTP options of a cluster."""
    body = {
        "@type": f"{TYPES}.{HTTP_OPTIONS.removeprefix('envoy.')}",
        "explicit_http_config": {"http_protocol_options": {}},
        **fields,
    }
    return {"typed_extension_protocol_options": {HTTP_OPTIONS: body}}


def http_filter(kind: str, name: str = "f", **fields: Any) -> Json:
    """An HTTP filter: `lua.v3.Lua`."""
    return {"name": name, "typed_config": {"@type": f"{FILTERS}.http.{kind}", **fields}}


def adding(name: str, value: str) -> Json:
    """A filter that adds a request header."""
    change = {"append": {"header": {"key": name, "value": value}}}
    mutations = {"request_mutations": [change]}
    return http_filter("header_mutation.v3.HeaderMutation", "m", mutations=mutations)


CODEC = http_filter("upstream_codec.v3.UpstreamCodec", "codec")


def routed(*routes: Json, **fields: Any) -> Json:
    """A listener with one virtual host; `virtual_host`, `table` and `router` have fields of theirs.

    All other fields are the connection manager's.
    """
    host = {"name": "v", "domains": ["*"], "routes": list(routes), **fields.pop("virtual_host", {})}
    table = {"name": "t", "virtual_hosts": [host], "validate_clusters": False}
    table |= fields.pop("table", {})
    router = {"name": "router", "typed_config": {"@type": ROUTER, **fields.pop("router", {})}}
    filters = [*fields.pop("http_filters", ()), router]
    manager = {"@type": MANAGER, "route_config": table, "http_filters": filters, **INTERNAL}
    return _listener("hcm", manager | fields)


def to(action: Json, **fields: Any) -> Json:
    """A route of every path."""
    return {"match": {"prefix": "/", **fields.pop("match", {})}, "route": action, **fields}


def tcp(**fields: Any) -> Json:
    """A listener with a `tcp_proxy`."""
    return _listener("tcp", {"@type": TCP_PROXY, **fields})


def _listener(name: str, config: Json) -> Json:
    return {"filter_chains": [{"filters": [{"name": name, "typed_config": config}]}]}


def case(listener: Json, *clusters: Json, requests: list[Json] | None = None) -> Case:
    """A case with three equal requests, or with those given."""
    return Case(
        family="upstream",
        listener=listener,
        clusters=list(clusters),
        requests=requests or [request()] * 3,
    )


def action(*clusters: Json, requests: list[Json] | None = None, **fields: Any) -> Case:
    """A case with one route to the cluster `own`, whose action has these fields."""
    return case(routed(to({**OWN, **fields})), *(clusters or (own(),)), requests=requests)

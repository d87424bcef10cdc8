"""Clusters of every kind: aggregate, original destination, with sockets, limits and policies."""

from collections.abc import Callable

from tests.oracle.blocks import http_listener, http_request, requests
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import TYPES
from tests.oracle.families.endpoints import assignment
from tests.oracle.stand_in import PORT

POLICIES = f"{TYPES}.extensions.load_balancing_policies"
ADDRESSES = (f"127.9.0.1:{PORT}", f"127.9.2.2:{PORT}", "127.9.0.9", "x", "", "127.9.0.1:0",
             f"127.9.0.1:{PORT},127.9.2.1:{PORT}", f"[::1]:{PORT}",
             f"127.9.100.2:{PORT}")  # fmt: skip


def draw_upstreams(draw: Draw) -> Case:
    """Draw a cluster of one kind, with what may keep a request from it."""
    kind = draw.choice(list(KINDS))
    clusters = KINDS[kind](draw)
    if kind not in ("sockets", "original_destination"):
        # Where nobody answers, connecting fails before a limit counts.
        clusters[0] |= draw.fields(0.15, circuit_breakers=lambda: _limits(draw))
    route: Json = {"cluster": "own-CONFIG"} | draw.fields(
        0.15, priority=lambda: draw.choice(("DEFAULT", "HIGH"))
    )
    routes = [{"name": "all", "match": {"prefix": "/"}, "route": route}]
    host = {"name": "all", "domains": ["*"], "routes": routes}
    table = {"name": "routes", "virtual_hosts": [host], "validate_clusters": False}
    return Case(
        family="upstreams",
        listener=http_listener(table),
        clusters=clusters,
        requests=requests(draw, _request),
    )


def _balanced(draw: Draw, name: str = "own-CONFIG") -> Json:
    cluster: Json = {"name": name, "lb_policy": draw.choice(("ROUND_ROBIN", "RANDOM", "MAGLEV"))}
    common = draw.fields(
        0.3,
        healthy_panic_threshold=lambda: {"value": draw.choice((0, 50, 100, 33.4))},
        locality_weighted_lb_config=dict,
    )
    cluster["load_assignment"] = assignment(draw)
    return cluster | ({"common_lb_config": common} if common else {})


def _aggregate(draw: Draw) -> list[Json]:
    kind = f"{TYPES}.extensions.clusters.aggregate.v3.ClusterConfig"
    members = ["own-CONFIG-a", "own-CONFIG-b", "alpha", "nowhere", "empty"]
    config = {"@type": kind, "clusters": draw.some(members, 1, 3)}
    aggregate = {"name": "own-CONFIG", "lb_policy": "CLUSTER_PROVIDED"}
    extension = {"name": "envoy.clusters.aggregate", "typed_config": config}
    aggregate["cluster_type"] = extension
    return [aggregate, _balanced(draw, "own-CONFIG-a"), _balanced(draw, "own-CONFIG-b")]


def _original_destination(draw: Draw) -> list[Json]:
    config = draw.fields(
        0.6,
        use_http_header=draw.maybe,
        http_header_name=lambda: draw.choice(("x-host", "x-user")),
        upstream_port_override=lambda: PORT,
    )
    cluster: Json = {"name": "own-CONFIG", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"}
    return [cluster | ({"original_dst_lb_config": config} if config else {})]


def _with_sockets(draw: Draw) -> list[Json]:
    cluster = _balanced(draw)
    raw = f"{TYPES}.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
    tls = f"{TYPES}.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
    cluster["transport_socket_matches"] = [
        {
            "name": f"match-{number}",
            "match": {key: draw.choice(("v1", "v2")) for key in draw.some(("version", "zone"))},
            "transport_socket": {
                "name": "socket",
                "typed_config": {"@type": draw.choice((raw, raw, tls))},
            },
        }
        for number in range(draw.randint(1, 3))
    ]
    for locality in cluster["load_assignment"]["endpoints"]:
        for endpoint in locality["lb_endpoints"]:
            metadata = endpoint["metadata"]["filter_metadata"]
            metadata["envoy.transport_socket_match"] = metadata["envoy.lb"]
    return [cluster]


def _overloaded(draw: Draw) -> list[Json]:
    cluster = _balanced(draw)
    share = {"numerator": draw.choice((0, 100)), "denominator": "HUNDRED"}
    overload = {"category": "drop", "drop_percentage": share}
    cluster["load_assignment"].setdefault("policy", {})["drop_overloads"] = [overload]
    return [cluster]


def _overridden(draw: Draw) -> list[Json]:
    cluster = _balanced(draw)
    del cluster["lb_policy"]
    cluster.pop("common_lb_config", None)
    sources = [{"header": name} for name in draw.some(("x-host", "x-user"), 1, 2)]
    override = {"@type": f"{POLICIES}.override_host.v3.OverrideHost"}
    override |= {"override_host_sources": sources, "fallback_policy": _policies(draw)}
    extension = {"name": "override", "typed_config": override}
    cluster["load_balancing_policy"] = {"policies": [{"typed_extension_config": extension}]}
    return [cluster]


def _by_policy(draw: Draw) -> list[Json]:
    cluster = _balanced(draw)
    del cluster["lb_policy"]
    cluster.pop("common_lb_config", None)
    return [cluster | {"load_balancing_policy": _policies(draw)}]


def _policies(draw: Draw) -> Json:
    name = draw.choice(
        ("round_robin.v3.RoundRobin", "random.v3.Random", "least_request.v3.LeastRequest",
         "maglev.v3.Maglev", "ring_hash.v3.RingHash", "wrr_locality.v3.WrrLocality")
    )  # fmt: skip
    config: Json = {"@type": f"{POLICIES}.{name}"}
    if "WrrLocality" in name:
        inner = {"name": "inner", "typed_config": {"@type": f"{POLICIES}.random.v3.Random"}}
        config["endpoint_picking_policy"] = {"policies": [{"typed_extension_config": inner}]}
    return {"policies": [{"typed_extension_config": {"name": "policy", "typed_config": config}}]}


KINDS: dict[str, Callable[[Draw], list[Json]]] = {
    "aggregate": _aggregate,
    "original_destination": _original_destination,
    "sockets": _with_sockets,
    "overloaded": _overloaded,
    "overridden": _overridden,
    "by_policy": _by_policy,
}


def _limits(draw: Draw) -> Json:
    def threshold() -> Json:
        return draw.fields(
            0.5,
            priority=lambda: draw.choice(("DEFAULT", "HIGH")),
            max_requests=lambda: draw.choice((0, 1000)),
            max_connections=lambda: draw.choice((0, 1000)),
            max_pending_requests=lambda: draw.choice((0, 1000)),
        )

    return {"thresholds": draw.several(threshold, 1, 2)}


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    # An original destination is dialled: it has to be of this machine.
    request |= {"dst_ip": draw.choice(("127.9.0.1", "127.9.2.2")), "dst_port": PORT}
    sent = ("x-host", "x-envoy-original-dst-host")
    return request | {
        "headers": request["headers"]
        | draw.fields(0.5, **{name: lambda: draw.choice(ADDRESSES) for name in sent})
        | draw.fields(0.2, **{"x-user": lambda: draw.choice(ADDRESSES)})
    }

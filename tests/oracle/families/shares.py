"""Choices that lots decide: weighted clusters, priorities, localities, weights, health."""

from tests.oracle.blocks import http_listener
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.families.endpoints import assignment

POLICIES = ("ROUND_ROBIN", "RANDOM")
ASKED = 400
"""How often the same request is sent."""


def draw_shares(draw: Draw) -> Case:
    """Draw a route with weights to a balanced cluster, and one request many times over."""
    cluster: Json = {"name": "own-CONFIG", "lb_policy": draw.choice(POLICIES)}
    cluster["load_assignment"] = assignment(draw)
    common = draw.fields(
        0.4, healthy_panic_threshold=lambda: {"value": draw.choice((0, 30, 50, 100, 66.7))}
    )
    if draw.maybe(0.3):
        common["locality_weighted_lb_config"] = {}
    elif draw.maybe():
        least = {"min_cluster_size": draw.choice((1, 3, 6))}
        common["zone_aware_lb_config"] = least | draw.fields(
            0.3, routing_enabled=lambda: {"value": draw.choice((0, 50))}
        )
    cluster |= {"common_lb_config": common} if common else {}
    weights = [
        {"name": name, "weight": draw.choice((1, 3, 10, 0))} for name in ("own-CONFIG", "alpha")
    ]
    action: Json = {"weighted_clusters": {"clusters": weights}}
    if draw.maybe(0.6):
        action = {"cluster": "own-CONFIG"}
    route = {"name": "all", "match": {"prefix": "/"}, "route": action}
    host = {"name": "all", "domains": ["*"], "routes": [route]}
    routes = {"name": "routes", "virtual_hosts": [host], "validate_clusters": False}
    request: Json = {"src_ip": "10.244.1.7", "src_port": 40000, "dst_ip": "10.96.0.1"}
    request |= {"dst_port": 80, "method": "GET", "host": "bookstore", "path": "/"}
    return Case(
        family="shares",
        listener=http_listener(routes),
        clusters=[cluster],
        requests=[request] * ASKED,
    )

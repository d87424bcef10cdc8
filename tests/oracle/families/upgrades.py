"""Upgrades: WebSocket and others, CONNECT; allowed or not by routes and connection managers."""

from tests.oracle.blocks import http_filter, http_listener, http_request, requests
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw

UPGRADES = ("websocket", "WebSocket", "CONNECT", "foo", "h2c", "foo, websocket", "connect-udp")
PROTOCOLS = ("websocket", "foo", "bytestream", "CONNECT", "connect-udp")
UDP_PATHS = tuple(f"/.well-known/masque/udp/{end}" for end in ("1.2.3.4/80/", "%3A%3A1/80/", "a//"))
TARGETS = ("foo.bar:80", "bookstore:443", "bookstore", "a.example.com:8080", "[::1]:80", "x:y")


def draw_upgrades(draw: Draw) -> Case:
    """Draw who may upgrade, and requests that want to."""
    routes = [_route(draw, number) for number in range(draw.randint(1, 4))]
    host = {"name": "all", "domains": draw.choice((["*"], ["foo.bar", "bookstore"]))}
    table = {"name": "routes", "virtual_hosts": [host | {"routes": routes}]}
    manager = draw.fields(
        0.6,
        upgrade_configs=lambda: _configs(draw, of_route=False),
        http_protocol_options=lambda: draw.fields(
            0.5,
            allow_absolute_url=draw.maybe,
            ignore_http_11_upgrade=lambda: [{"exact": draw.choice(("websocket", "foo"))}],
        ),
        http2_protocol_options=lambda: {"allow_connect": draw.maybe(0.8)},
        strip_any_host_port=lambda: True,
    )
    listener = http_listener(table, **manager)
    return Case(family="upgrades", listener=listener, requests=requests(draw, _request))


def _configs(draw: Draw, *, of_route: bool) -> list[Json]:
    configs = []
    for kind in draw.some(("websocket", "CONNECT", "foo", "CONNECT-UDP"), 1, 2):
        config: Json = {"upgrade_type": kind} | draw.fields(0.4, enabled=draw.maybe)
        if of_route and kind == "CONNECT" and draw.maybe():
            config["connect_config"] = {}
        elif not of_route and draw.maybe(0.3):
            mutation = {"append": {"header": {"key": "x-upgrade", "value": "yes"}}}
            mutations = {"request_mutations": [mutation]}
            own = http_filter("own", "header_mutation.v3.HeaderMutation", mutations=mutations)
            router = http_filter("router", "router.v3.Router")
            config["filters"] = [own, router]
        configs.append(config)
    return configs


def _route(draw: Draw, number: int) -> Json:
    match = draw.one(
        prefix=lambda: draw.choice(("/", "/books")), connect_matcher=dict, path=lambda: "/api"
    )
    action: Json = {"cluster": draw.choice(("alpha", "beta", "empty"))}
    action |= draw.fields(0.5, upgrade_configs=lambda: _configs(draw, of_route=True))
    route: Json = {"name": f"route-{number}", "match": match, "route": action}
    if draw.maybe(0.1) and "prefix" in match:
        del route["route"]
        route["redirect"] = {"host_redirect": "other.example.com"}
    return route


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    if draw.maybe(0.25):
        protocol = {":protocol": draw.choice(PROTOCOLS)}
        path = draw.choice(("/", "/books", "/a/../b", *UDP_PATHS))
        headers = request["headers"] | protocol
        return request | {"method": "CONNECT", "protocol": "h2", "path": path, "headers": headers}
    if draw.maybe(0.3):
        request |= {"method": "CONNECT", "host": draw.choice(TARGETS)}
        return {name: value for name, value in request.items() if name != "path"}
    request["path"] = draw.choice(("/", "/books", "/api", "/books/1?a=1", *UDP_PATHS))
    request["headers"]["connection"] = draw.choice(
        ("Upgrade", "upgrade", "keep-alive, Upgrade", "close", "upgrades")
    )
    if draw.maybe(0.85):
        request["headers"]["upgrade"] = draw.choice(UPGRADES)
    return request

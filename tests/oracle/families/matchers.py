"""Trees of generic matchers: for filter chains, and for the routes of a virtual host."""

from collections.abc import Callable

from tests.oracle.blocks import (
    HEADER_VALUES,
    PORTS,
    SOURCES,
    http_listener,
    http_request,
    listener_filter,
    requests,
    string_match,
    tcp_chain,
)
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import TYPES

NETWORK = f"{TYPES}.extensions.matching.common_inputs.network.v3"
HEADER = f"{TYPES}.type.matcher.v3.HttpRequestHeaderMatchInput"
ROUTE = f"{TYPES}.config.route.v3.Route"
STRING = "type.googleapis.com/google.protobuf.StringValue"
NAMES = ("a.example.com", "bookstore")
INPUTS: dict[str, tuple[str, ...]] = {
    "DestinationIPInput": ("10.96.0.10", "10.96.0.2", "8.8.4.4"),
    "DestinationPortInput": tuple(map(str, PORTS)),
    "SourceIPInput": SOURCES,
    "SourcePortInput": ("1024", "40000"),
    "DirectSourceIPInput": ("127.0.0.1",),
    "SourceTypeInput": ("local", ""),
    "ServerNameInput": (*NAMES, "A.example.com", "other", ""),
    "TransportProtocolInput": ("tls", "raw_buffer", "TLS"),
    "ApplicationProtocolInput": ("'h2'", "'osm','h2'", "h2", ""),
}

Action = Callable[[], Json]
Input = tuple[Json, tuple[str, ...]]


def draw_chain_matchers(draw: Draw) -> Case:
    """Draw a `filter_chain_matcher` over three chains."""
    chains = [tcp_chain(name, name) for name in ("alpha", "beta", "gamma")]

    def action() -> Json:
        name = draw.choice(("alpha", "beta", "gamma", "none"))
        return {"name": "chain", "typed_config": {"@type": STRING, "value": name}}

    def source() -> Input:
        name = draw.choice(list(INPUTS))
        return {"name": "in", "typed_config": {"@type": f"{NETWORK}.{name}"}}, INPUTS[name]

    matcher = draw_matcher(draw, source, action, 2)
    listener: Json = {"filter_chains": chains, "filter_chain_matcher": matcher}
    if draw.maybe(0.4):
        listener["default_filter_chain"] = tcp_chain("default", "alpha")
    listener["listener_filters"] = [listener_filter("tls", "tls_inspector.v3.TlsInspector")]
    return Case(family="chain_matchers", listener=listener, requests=requests(draw, _tcp_request))


def draw_route_matchers(draw: Draw) -> Case:
    """Draw a virtual host whose routes are the actions of a matcher."""
    number = iter(range(1000))

    def action() -> Json:
        cluster = draw.choice(("alpha", "beta", "gamma"))
        route: Json = {"@type": ROUTE, "name": f"route-{next(number)}"}
        route |= {"match": {"prefix": draw.choice(("/", "/", "/books"))}}
        return {"name": "route", "typed_config": route | {"route": {"cluster": cluster}}}

    def source() -> Input:
        name = draw.choice(("x-user", "version", ":method", ":path", "X-User", "host", "x-missing"))
        config = {"@type": HEADER, "header_name": name}
        values = {":method": ("GET", "POST"), ":path": ("/books", "/api/v1/x")}
        known = (*(value for value in HEADER_VALUES if value), "", "a,a", "A", "\u00e9")
        return {"name": "in", "typed_config": config}, values.get(name, known)

    host = {"name": "all", "domains": ["*"], "matcher": draw_matcher(draw, source, action, 2)}
    listener = http_listener({"name": "routes", "virtual_hosts": [host]})
    return Case(family="route_matchers", listener=listener, requests=requests(draw))


def draw_matcher(draw: Draw, source: Callable[[], Input], action: Action, depth: int) -> Json:
    """Draw a matcher.

    Args:
        draw: The draws.
        source: Draws an input, with values that it may have.
        action: Draws what it leads to.
        depth: How many matchers may stand in each other.
    """

    def on_match() -> Json:
        if depth and draw.maybe(0.25):
            return {"matcher": draw_matcher(draw, source, action, depth - 1)}
        return {"action": action()}

    if draw.maybe():
        matcher: Json = {"matcher_list": {"matchers": draw.several(
            lambda: {"predicate": _predicate(draw, source), "on_match": on_match()}, 1, 3
        )}}  # fmt: skip
    else:
        taken, values = source()
        kind = draw.choice(("exact_match_map", "prefix_match_map"))
        keys = draw.some(values, 1, 3)
        if kind == "prefix_match_map":
            keys = [key[: draw.randint(0, len(key))] for key in keys]
        entries = {key: on_match() for key in keys}
        matcher = {"matcher_tree": {"input": taken, kind: {"map": entries}}}
    return matcher | draw.fields(0.5, on_no_match=on_match)


def _predicate(draw: Draw, source: Callable[[], Input]) -> Json:
    kind = draw.random()
    if kind < 0.12:
        return {"not_matcher": _predicate(draw, source)}
    if kind < 0.3:
        name = draw.choice(("and_matcher", "or_matcher"))
        return {name: {"predicate": [_predicate(draw, source), _predicate(draw, source)]}}
    taken, values = source()
    match = string_match(draw, values)
    if "safe_regex" in match:
        match["safe_regex"]["google_re2"] = {}
    return {"single_predicate": {"input": taken, "value_match": match}}


def _tcp_request(draw: Draw) -> Json:
    request = http_request(draw)
    if draw.maybe(0.1):
        request["src_ip"] = request["dst_ip"]
    if draw.maybe(0.4):
        request |= {"tls": True, "alpn": draw.choice((["h2"], ["osm", "h2"], [], ["H2"]))}
        request |= draw.fields(0.8, sni=lambda: draw.choice((*NAMES, "A.Example.com", "other")))
    return request

"""Parts of configurations and requests that several families draw."""

from collections.abc import Callable
from typing import Any

from tests.oracle.draw import Draw
from tests.oracle.envoy_files import FILTERS, MANAGER, TCP_PROXY

Json = dict[str, Any]

CLUSTERS = ("alpha", "beta", "gamma")
HOSTS = ("bookstore", "Bookstore:14001", "bookstore.ns.svc", "a.example.com", "x.y.example.com",
         "foo.bar:80", "api.foo", "10.1.2.3", "other.", "", "bookstore:443")  # fmt: skip
PATHS = ("/", "/books#f", "/books", "/books/1", "/BOOKS/1", "/books?a=1&b=2", "/books/1?a=",
         "/api/v1/x", "/api/v1", "/api/v2/99", "/a//b", "/a/../b", "/a%2Fb", "/a%2fb/./c",
         "/books?", "/api?a", "/api/v1?debug=true", "/a/b/c.html", "/books?a=2&a=1",
         "/%62ooks")  # fmt: skip
HEADER_NAMES = ("x-user", "x-env", "version", "user-agent")
HEADER_VALUES = ("a", "b", "v1", "v12", "10", "-5", "Beta", "x-y", "", "a,b", "7.5")
SOURCES = ("10.244.1.7", "10.244.0.3", "8.8.8.8", "192.168.1.1", "127.0.0.1")
DESTINATIONS = ("10.96.0.10", "10.96.0.2", "10.96.1.5", "8.8.4.4", "10.0.0.1")
PORTS = (80, 443, 8080, 14001)
PREFIXES = (("10.96.0.0", 16), ("10.96.0.0", 24), ("10.0.0.0", 8), ("10.96.0.10", 32),
            ("0.0.0.0", 0), ("8.8.0.0", 16), ("10.244.0.0", 16), ("127.0.0.1", 32),
            ("10.244.1.7", 31))  # fmt: skip
REGEXES = ("/b.*", ".*", "/api/v[0-9]+/.*", "v1.?", "[a-z]+", "(?i)beta", "/books|/api", "a")


def prefix_range(draw: Draw) -> Json:
    """Draw a CIDR range."""
    address, length = draw.choice(PREFIXES)
    return {"address_prefix": address, "prefix_len": length}


def string_match(draw: Draw, values: tuple[str, ...]) -> Json:
    """Draw a `StringMatcher` that has a fair chance to match one of the values."""
    value = draw.choice([one for one in values if one])
    matcher = draw.one(
        exact=lambda: value,
        prefix=lambda: value[: draw.randint(1, 4)],
        suffix=lambda: value[-draw.randint(1, 4) :],
        contains=lambda: value[1:3] or value,
        safe_regex=lambda: {"regex": draw.choice(REGEXES)},
    )
    if "safe_regex" not in matcher and draw.maybe(0.3):
        matcher["ignore_case"] = True
    return matcher


def header_match(draw: Draw) -> Json:
    """Draw a `HeaderMatcher` of any kind, the deprecated ones too."""
    value = draw.choice([one for one in HEADER_VALUES if one])
    name = draw.choice((*HEADER_NAMES, ":method", ":path", ":authority", "x-missing"))
    values = {":method": ("GET", "POST"), ":path": PATHS, ":authority": HOSTS}
    matcher = draw.one(
        exact_match=lambda: value,
        prefix_match=lambda: value[:2],
        suffix_match=lambda: value[-1:],
        contains_match=lambda: value[:1],
        safe_regex_match=lambda: {"regex": draw.choice(REGEXES)},
        range_match=lambda: {"start": draw.choice((-10, 0, 5)), "end": draw.choice((8, 10, 11))},
        present_match=lambda: draw.maybe(0.8),
        string_match=lambda: string_match(draw, values.get(name, HEADER_VALUES)),
    )
    matcher |= draw.fields(
        0.25, invert_match=lambda: True, treat_missing_header_as_empty=lambda: True
    )
    return {"name": name, **matcher}


def http_request(draw: Draw) -> Json:
    """Draw a request with its connection, without TLS."""
    headers: Json = {}
    for name in draw.some(HEADER_NAMES):
        headers[name] = draw.choice(HEADER_VALUES)
        if draw.maybe(0.15):
            headers[name] = [draw.choice(HEADER_VALUES) for _ in range(2)]
    request = {
        "src_ip": draw.choice(SOURCES),
        "src_port": draw.choice((1024, 40000, 50123)),
        "dst_ip": draw.choice(DESTINATIONS),
        "dst_port": draw.choice(PORTS),
        "method": draw.choice(("GET", "GET", "POST", "DELETE", "HEAD", "OPTIONS")),
        "host": draw.choice(HOSTS),
        "path": draw.choice(PATHS),
        "headers": headers,
    }
    if draw.maybe(0.02):
        del request["host"]
    return request


def tcp_chain(name: str, cluster: str, **fields: Any) -> Json:
    """Return a chain that ends in `tcp_proxy`."""
    proxy = {"@type": TCP_PROXY, "cluster": cluster}
    return {"name": name, "filters": [{"name": "tcp", "typed_config": proxy}], **fields}


def http_chain(name: str, manager: Json, **fields: Any) -> Json:
    """Return a chain that ends in an HTTP connection manager."""
    config = {"@type": MANAGER, **manager}
    return {"name": name, "filters": [{"name": "http", "typed_config": config}], **fields}


def http_listener(routes: Json, **manager: Any) -> Json:
    """Return a listener with one chain and one route configuration."""
    return {"filter_chains": [http_chain("all", {"route_config": routes, **manager})]}


def http_filter(name: str, type_name: str, **fields: Any) -> Json:
    """Return an HTTP filter; `type_name` as `cors.v3.Cors`."""
    return {"name": name, "typed_config": {"@type": f"{FILTERS}.http.{type_name}", **fields}}


def listener_filter(name: str, type_name: str) -> Json:
    """Return a listener filter."""
    return {"name": name, "typed_config": {"@type": f"{FILTERS}.listener.{type_name}"}}


def match_tree(draw: Draw, leaf: Callable[[Draw], Json], names: dict[str, str]) -> Json:
    """Draw a condition: a leaf, or several under `and`, `or`, `not`.

    Args:
        draw: The draws.
        leaf: Draws a condition without others in it.
        names: What the fields are called: "and", "or", "not", and "list" within the first two.
    """
    kind = draw.random()
    if kind < 0.7:
        return leaf(draw)
    if kind < 0.8:
        return {names["not"]: match_tree(draw, leaf, names)}
    inner = draw.several(lambda: match_tree(draw, leaf, names), 1, 3)
    return {names["and" if draw.maybe() else "or"]: {names["list"]: inner}}


def requests(draw: Draw, make: Callable[[Draw], Json] = http_request, count: int = 6) -> list[Json]:
    """Draw the requests of a case."""
    return [make(draw) for _ in range(count)]

"""Parts of configurations and requests that several families draw."""

from collections.abc import Callable
from typing import Any

from tests.oracle.draw import Draw
from tests.oracle.envoy_files import FILTERS, MANAGER, TCP_PROXY

Json = dict[str, Any]

CLUSTERS = ("alpha", "beta", "gamma")
HOSTS = ("bookstore", "Bookstore:14001", "bookstore.ns.svc", "a.example.com", "x.y.example.com",
         "foo.bar:80", "api.foo", "10.1.2.3", "other.", "", "bookstore:443")  # fmt: skip
ODD_HOSTS = ("bookstore:", "bookstore:0", "bookstore:99999", "BOOKSTORE.", "a.example.com.:80",
             "[::1]", "[::1]:80", "[FD00::1]:443", "u@bookstore", "*", "b%6fokstore", ":80", ".",
             "bookstore:80:80", "book_store", "bookstore..", "bookstore:443.", "b~!$&'()*+;=",
             "xn--bcher-kva", "a.example.com:x")  # fmt: skip
PATHS = ("/", "/books#f", "/books", "/books/1", "/BOOKS/1", "/books?a=1&b=2", "/books/1?a=",
         "/api/v1/x", "/api/v1", "/api/v2/99", "/a//b", "/a/../b", "/a%2Fb", "/a%2fb/./c",
         "/books?", "/api?a", "/api/v1?debug=true", "/a/b/c.html", "/books?a=2&a=1",
         "/%62ooks")  # fmt: skip
ODD_PATHS = ("//", "//books", "/books/", "/books//1", "/books/?a=1", "/books;v=1/1?a=1", "/?a=1",
             "?a", "/books?a=1#b=2", "/books#?a=1", "/books?%61=1", "/books?a=%31",
             "/books?=1&&a=1", "/books?a=1;b=2", "/books?a=b=c", "/books?A=1", "/books?a=1?b=2",
             "/books?a= 1", "/books%", "/books%2", "/books%3Fa=1", "/books%23f", "/a/b/.",
             "/...", "/a\\b", "/books/\"x\"", "/{id}", "/books/1/2/3", "/api/v1/", "/api/v10",
             "/apis", "/a/b/..", "/books/~user", "/a:b@c!$&'()*+,=", "/a|b^c`d<e>", "/books\u00e9",
             "books", "*",
             "/" + "x" * 300, "/api/v1?" + "y" * 300, "http://bookstore/books?a=1",
             "https://a.example.com:8443", "http://bookstore?a=1", "/books/..;/1", "/.;/books",
             "/%2e%2E/books", "/books?a=/../b", "/books?a=1//2")  # fmt: skip
HEADER_NAMES = ("x-user", "x-env", "version", "user-agent")
MATCHED_NAMES = (":method", ":path", ":authority", ":scheme", "x-missing", "X-User", "host",
                 "x-forwarded-proto", "cookie", "connection", "content-length")  # fmt: skip
HEADER_VALUES = ("a", "b", "v1", "v12", "10", "-5", "Beta", "x-y", "", "a,b", "7.5")
ODD_VALUES = ("A", "BETA", "beta", "a, b", "a,,b", ",", "a b", "a\tb", "+5", "-0", "00010", "10 ",
              " 10", "0x10", "1e1", "9223372036854775807", "9223372036854775808",
              "-9223372036854775808",
              "v1%", "%76%31", "\u00e9", "a;b=c", '"v1"', "v1\\", "z" * 300, "\t", "-", "8", "0",
              "11", "-10", "-11", "a" * 17)  # fmt: skip
METHODS = (*("GET",) * 8, "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH", "TRACE", "get",
           "FOO")  # fmt: skip
SOURCES = ("10.244.1.7", "10.244.0.3", "8.8.8.8", "192.168.1.1", "127.0.0.1")
DESTINATIONS = ("10.96.0.10", "10.96.0.2", "10.96.1.5", "8.8.4.4", "10.0.0.1")
PORTS = (80, 443, 8080, 14001)
PREFIXES = (("10.96.0.0", 16), ("10.96.0.0", 24), ("10.0.0.0", 8), ("10.96.0.10", 32),
            ("0.0.0.0", 0), ("8.8.0.0", 16), ("10.244.0.0", 16), ("127.0.0.1", 32),
            ("10.244.1.7", 31), ("10.96.0.10", 0), ("0.0.0.0", 1), ("10.96.0.7", 29),
            ("10.244.1.7", None), ("10.96.77.88", 16))  # fmt: skip
REGEXES = ("/b.*", ".*", "/api/v[0-9]+/.*", "v1.?", "[a-z]+", "(?i)beta", "/books|/api", "a",
           "\\d+", "[[:alpha:]]+", "^v1$", "v1\\z", ".", "(a|b)*", "\\x61", "(?s).*",
           "\\Qa,b\\E", "(?P<n>/b.*)", "\\pL+", "[^/]*", "/books(/.*)?", "a|", "-?[0-9]+", "\\w+",
           "(?i)/BOOKS.*", "/[^?]*", ".+\\b", "(?U)a+", "\\C*", "\\s*")  # fmt: skip
RANGES = ((-10, 8), (0, 8), (5, 11), (0, 10), (10, 11), (10, 10), (8, 0), (-11, -5), (-5, -4),
          (-(2**63), 2**63 - 1), (2**63 - 1, 2**63 - 1), (-(2**63), 0))  # fmt: skip
ODD = 0.12
"""How often something odd is drawn."""


def prefix_range(draw: Draw) -> Json:
    """Draw a CIDR range."""
    address, length = draw.choice(PREFIXES)
    return {"address_prefix": address} | ({} if length is None else {"prefix_len": length})


def header_value(draw: Draw) -> str:
    """Draw what a header may say."""
    return draw.choice(ODD_VALUES if draw.maybe(ODD) else HEADER_VALUES)


def path(draw: Draw) -> str:
    """Draw what may be asked for."""
    return draw.choice(ODD_PATHS if draw.maybe(ODD) else PATHS)


def string_match(draw: Draw, values: tuple[str, ...]) -> Json:
    """Draw a `StringMatcher` that has a fair chance to match one of the values."""
    value = draw.choice([one for one in (*values, *values, header_value(draw)) if one])
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
    value = header_value(draw).strip() or "a"
    name = draw.choice((*HEADER_NAMES, *MATCHED_NAMES))
    values = {":method": ("GET", "POST"), ":path": PATHS, ":authority": HOSTS}
    matcher = draw.one(
        exact_match=lambda: value,
        prefix_match=lambda: value[:2],
        suffix_match=lambda: value[-1:],
        contains_match=lambda: value[:1],
        safe_regex_match=lambda: {"regex": draw.choice(REGEXES)},
        range_match=lambda: dict(zip(("start", "end"), draw.choice(RANGES), strict=True)),
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
        headers[name] = header_value(draw)
        if draw.maybe(0.15):
            headers[name] = [header_value(draw) for _ in range(draw.randint(2, 3))]
    request = {
        "src_ip": draw.choice(SOURCES),
        "src_port": draw.choice((1024, 40000, 50123)),
        "dst_ip": draw.choice(DESTINATIONS),
        "dst_port": draw.choice(PORTS),
        "method": draw.choice(METHODS),
        "host": draw.choice(ODD_HOSTS if draw.maybe(ODD) else HOSTS),
        "path": path(draw),
        "headers": headers,
    }
    if request["method"] in ("POST", "PUT") and draw.maybe(0.8):
        headers["content-length"] = "0"
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

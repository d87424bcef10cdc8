"""Route matches of every kind, in tables where the first that fits wins."""

from tests.oracle.blocks import (
    HEADER_VALUES,
    ODD_PATHS,
    PATHS,
    REGEXES,
    header_match,
    http_listener,
    http_request,
    requests,
    string_match,
)
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import TYPES

TEMPLATES = ("/books/{id}", "/api/{version}/*", "/{a=**}", "/a/{b=*}/c.html", "/books", "/*/1",
             "/api/{v=v1}/**", "/{a}/{b}", "/books/", "/{a=books/*}", "/**", "/*", "/{x=*}.html",
             "/a/{b}/{c}.html", "/api/{v}/", "/books/{id=**}", "/a:b@c{x=**}", "/a.b+c(d)$/*",
             "/{a=*/*}/c.html", "/a/**.html")  # fmt: skip
KEYS = ("a", "b", "debug", "missing", "A", "%61", "", "a=1", "b ")
PREFIXES = ("", "/b", "/books?a", "/books#", "/BOOKS", "/api/", "/a//", "/a/.", "/%62", "*", "//")
SEPARATED = ("/books", "/api", "/api/v1", "/a", "/a/b", "/a//b", "/BOOKS", "/%62ooks", "/api/v")
QUERY_VALUES = ("1", "2", "true", "", "b=c", "%31", "1#b", " 1", "/../b")
COOKIES = ("abc", "1", "v1", "", '"1"', "a=b", " 1")


def draw_route_matches(draw: Draw) -> Case:
    """Draw one virtual host with routes that compete."""
    routes = [_route(draw, number) for number in range(draw.randint(1, 7))]
    host = {"name": "all", "domains": ["*"], "routes": routes}
    configuration: Json = {"name": "routes", "virtual_hosts": [host]}
    if draw.maybe(0.2):
        configuration["ignore_path_parameters_in_path_matching"] = True
    manager = draw.fields(0.15, normalize_path=lambda: True, merge_slashes=lambda: True)
    listener = http_listener(configuration, **manager)
    return Case(family="route_matches", listener=listener, requests=requests(draw, _request))


def _route(draw: Draw, number: int) -> Json:
    return {
        "name": f"route-{number}",
        "match": _match(draw),
        "route": {"cluster": draw.choice(("alpha", "beta", "gamma"))},
    }


def _match(draw: Draw) -> Json:
    path = draw.choice([one.partition("?")[0] for one in PATHS])
    match = draw.one(
        prefix=lambda: (
            draw.choice(PREFIXES) if draw.maybe(0.2) else path[: draw.randint(1, len(path))]
        ),
        path=lambda: draw.choice(ODD_PATHS) if draw.maybe(0.1) else path,
        safe_regex=lambda: {"regex": draw.choice(REGEXES)},
        path_separated_prefix=lambda: draw.choice(SEPARATED),
        path_match_policy=lambda: _template(draw),
        connect_matcher=dict,
    )
    if draw.maybe(0.2) and "safe_regex" not in match:
        match["case_sensitive"] = False
    return match | draw.fields(
        0.17,
        headers=lambda: draw.several(lambda: header_match(draw), 1, 3),
        query_parameters=lambda: draw.several(lambda: _query_parameter(draw), 1, 2),
        cookies=lambda: draw.several(lambda: _cookie(draw), 1, 2),
        runtime_fraction=lambda: _fraction(draw),
        grpc=dict,
        tls_context=lambda: {"presented": draw.maybe()},
    )


def _template(draw: Draw) -> Json:
    kind = f"{TYPES}.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"
    config = {"@type": kind, "path_template": draw.choice(TEMPLATES)}
    return {"name": "template", "typed_config": config}


def _query_parameter(draw: Draw) -> Json:
    matcher = draw.one(
        string_match=lambda: string_match(draw, QUERY_VALUES),
        present_match=lambda: draw.maybe(0.8),
    )
    return {"name": draw.choice(KEYS), **(matcher if draw.maybe(0.85) else {})}


def _cookie(draw: Draw) -> Json:
    matcher = {"name": draw.choice(("session", "user", "Session", "missing"))}
    matcher["string_match"] = string_match(draw, COOKIES)
    return matcher | draw.fields(0.2, invert_match=lambda: True)


def _fraction(draw: Draw) -> Json:
    numerator, denominator = draw.choice(
        ((0, "HUNDRED"), (100, "HUNDRED"), (101, "HUNDRED"), (10000, "TEN_THOUSAND"),
         (0, "MILLION"), (1000000, "MILLION"))
    )  # fmt: skip
    percent = {"numerator": numerator, "denominator": denominator}
    return {"default_value": percent} | draw.fields(0.3, runtime_key=lambda: "oracle")


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    if draw.maybe(0.3):
        names = ("session", "user", "Session", "session", " session", "")
        pairs = [f"{name}={draw.choice(COOKIES)}" for name in names] + ["session", ";", "=1"]
        lines = [
            draw.choice(("; ", ";", ", ", " ;  ")).join(draw.some(pairs, 1, 3))
            for _ in range(draw.choice((1, 1, 2)))
        ]
        request["headers"]["cookie"] = lines
    if draw.maybe(0.15):
        request["headers"]["content-type"] = draw.choice(
            (
                "application/grpc",
                "application/grpc+proto",
                "application/grpcx",
                "text/plain",
                "Application/grpc",
                "application/grpc;a=b",
                "application/grpc ",
                "application/grpc-web",
                "application/grpc+",
                "",
            )
        )
    if draw.maybe(0.2):
        request["path"] = draw.choice(
            ("/books;v=1", "/books;a/1", "/api/v1;x=y?a=1", "/books/;", "/;/books", ";",
             "/books;?a=1", "/a;x/b;y/c.html;z", "/books?a=1;v=2", "/books/1;v=1/2;w",
             "/api;/v1#f;g")
        )  # fmt: skip
    if draw.maybe(0.1):
        request["headers"]["x-user"] = [draw.choice(HEADER_VALUES), draw.choice(HEADER_VALUES)]
    return request

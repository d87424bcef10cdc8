"""Route matches of every kind, in tables where the first that fits wins."""

from tests.oracle.blocks import (
    HEADER_VALUES,
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
             "/api/{v=v1}/**")  # fmt: skip
KEYS = ("a", "b", "debug", "missing")


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
        prefix=lambda: path[: draw.randint(1, len(path))],
        path=lambda: path,
        safe_regex=lambda: {"regex": draw.choice(REGEXES)},
        path_separated_prefix=lambda: path.rstrip("/") or "/api",
        path_match_policy=lambda: _template(draw),
        connect_matcher=dict,
    )
    if draw.maybe(0.2) and ("prefix" in match or "path" in match):
        match["case_sensitive"] = False
    return match | draw.fields(
        0.17,
        headers=lambda: draw.several(lambda: header_match(draw), 1, 2),
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
        string_match=lambda: string_match(draw, ("1", "2", "true")),
        present_match=lambda: draw.maybe(0.8),
    )
    return {"name": draw.choice(KEYS), **(matcher if draw.maybe(0.85) else {})}


def _cookie(draw: Draw) -> Json:
    matcher = {"name": draw.choice(("session", "user"))}
    matcher["string_match"] = string_match(draw, ("abc", "1", "v1"))
    return matcher | draw.fields(0.2, invert_match=lambda: True)


def _fraction(draw: Draw) -> Json:
    percent = {"numerator": draw.choice((0, 100)), "denominator": "HUNDRED"}
    return {"default_value": percent}


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    if draw.maybe(0.3):
        pairs = [f"{name}={draw.choice(('abc', '1', 'v1', ''))}" for name in ("session", "user")]
        request["headers"]["cookie"] = draw.choice(("; ", ";", ", ")).join(draw.some(pairs, 1, 2))
    if draw.maybe(0.15):
        request["headers"]["content-type"] = draw.choice(
            ("application/grpc", "application/grpc+proto", "application/grpcx", "text/plain")
        )
    if draw.maybe(0.2):
        request["path"] = draw.choice(("/books;v=1", "/books;a/1", "/api/v1;x=y?a=1"))
    if draw.maybe(0.1):
        request["headers"]["x-user"] = [draw.choice(HEADER_VALUES), draw.choice(HEADER_VALUES)]
    return request

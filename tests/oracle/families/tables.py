"""Route tables that are not in the connection manager: by RDS, or by a scope of the request."""

from tests.oracle.blocks import HEADER_VALUES, http_chain, http_request, requests
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw

BY_RDS = 0.08
"""Rarely: Envoy watches each file with an inotify instance, of which a user has 128."""
KEYS = ("a", "b", "v1", "x-y", "10")


def draw_tables(draw: Draw) -> Case:
    """Draw a connection manager whose table comes from elsewhere."""
    if draw.maybe(BY_RDS):
        table = _table(draw, "table-CONFIG")
        chain = http_chain("all", {"rds": {"route_config_name": "table-CONFIG"}})
        return _case(draw, chain, [table])
    chain = http_chain("all", {"scoped_routes": _scoped_routes(draw)})
    return _case(draw, chain, [])


def _case(draw: Draw, chain: Json, tables: list[Json]) -> Case:
    listener = {"filter_chains": [chain]}
    asked = requests(draw, _request)
    return Case(family="tables", listener=listener, tables=tables, requests=asked)


def _table(draw: Draw, name: str) -> Json:
    hosts = []
    for number, domains in enumerate((["bookstore", "a.example.com"], ["*"])):
        prefix = draw.choice(("/", "/books"))
        route = {"name": f"{name}-{number}", "match": {"prefix": prefix}}
        route["route"] = {"cluster": draw.choice(("alpha", "beta"))}
        hosts.append({"name": f"{name}-{number}", "domains": domains, "routes": [route]})
    return {"name": name, "virtual_hosts": hosts[: draw.randint(1, 2)]}


def _scoped_routes(draw: Draw) -> Json:
    fragments = draw.several(lambda: {"header_value_extractor": _extractor(draw)}, 1, 2)
    keys = {tuple(draw.choice(KEYS) for _ in fragments) for _ in range(draw.randint(1, 5))}
    scopes = [
        {
            "name": f"scope-{number}",
            "route_configuration": _table(draw, f"table-{number}"),
            "key": {"fragments": [{"string_key": part} for part in key]},
        }
        for number, key in enumerate(sorted(keys))
    ]
    return {
        "name": "scopes-CONFIG",
        "scope_key_builder": {"fragments": fragments},
        "scoped_route_configurations_list": {"scoped_route_configurations": scopes},
    }


def _extractor(draw: Draw) -> Json:
    name = draw.choice(("x-user", "version", "x-list"))
    extractor: Json = {"name": name} | draw.fields(
        0.6, element_separator=lambda: draw.choice((",", ";", ", ", "a", ";;"))
    )
    if "element_separator" not in extractor:
        return extractor | {"index": draw.choice((0, 0, 1))}
    return extractor | draw.one(
        index=lambda: draw.choice((0, 1, 2, 9)),
        element=lambda: {
            "separator": draw.choice(("=", ":", "==", "a")),
            "key": draw.choice(("a", "b", "", "A", " a")),
        },
    )


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    request["host"] = draw.choice(("bookstore", "a.example.com", "other"))
    parts = draw.several(
        lambda: draw.choice(
            (
                "a",
                "b=v1",
                "a=a",
                "a:v1",
                " a=b",
                "v1",
                "a=",
                "=",
                "",
                "a==v1",
                "a=a=b",
                "A=v1",
                "a =v1",
                "a= v1",
                "a;b=v1",
            )
        ),
        1,
        3,
    )
    request["headers"] |= draw.fields(
        0.6,
        **{
            "x-list": lambda: draw.choice(
                (draw.choice((",", ";", ", ", ",,", ";;")).join(parts), parts, "\u00e9=v1,a=\u00e9")
            ),
            "x-user": lambda: draw.choice((*KEYS, *HEADER_VALUES, *parts)),
        },
    )
    return request

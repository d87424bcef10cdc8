"""What clients receive, and where requests are counted: response changes, virtual clusters."""

import json

from tests.oracle.blocks import header_match, http_listener, http_request, requests
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.explained import ASKING

CHANGED = ("x-one", "x-two", "x-three", "content-type")
VALUES = ("plain", "a%%b", "%REQ(x-user)%", "%RESP(x-one)%", "%RESPONSE_CODE%", "%ROUTE_NAME%",
          "%UPSTREAM_CLUSTER%", "%REQ(:path)%", "%REQ(x-no)%", "", "%PROTOCOL%",
          "%RESPONSE_CODE_DETAILS%", "%VIRTUAL_CLUSTER_NAME%")  # fmt: skip
APPEND = ("APPEND_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT", "OVERWRITE_IF_EXISTS_OR_ADD",
          "OVERWRITE_IF_EXISTS")  # fmt: skip


def draw_responses(draw: Draw) -> Case:
    """Draw routes of all kinds, each level with changes of its own."""
    routes = [_route(draw, number) for number in range(draw.randint(1, 4))]
    host: Json = {"name": "all", "domains": ["*"], "routes": routes, **_changes(draw)}
    host |= draw.fields(
        0.6, virtual_clusters=lambda: [_cluster(draw, number) for number in range(2)]
    )
    table: Json = {"name": "routes", "virtual_hosts": [host], **_changes(draw)}
    table |= draw.fields(0.3, most_specific_header_mutations_wins=lambda: True)
    return Case(
        family="responses", listener=http_listener(table), requests=requests(draw, _request)
    )


def _cluster(draw: Draw, number: int) -> Json:
    return {"name": f"virtual-{number}", "headers": draw.several(lambda: header_match(draw), 1, 2)}


def _route(draw: Draw, number: int) -> Json:
    prefix = draw.choice(("/", "/books", "/api", "/a"))
    route: Json = {"name": f"route-{number}", "match": {"prefix": prefix}, **_changes(draw)}
    kind = draw.random()
    if kind < 0.2:
        body = draw.fields(
            0.8, body=lambda: draw.one(inline_string=lambda: "text", inline_bytes=lambda: "YWJj")
        )
        return route | {"direct_response": {"status": draw.choice((200, 201, 404, 503)), **body}}
    if kind < 0.4:
        return route | {"redirect": draw.fields(0.6, path_redirect=lambda: "/new")}
    action = draw.fields(
        0.3,
        prefix_rewrite=lambda: "/new/",
        host_rewrite_literal=lambda: "rewritten",
    )
    if draw.maybe(0.2):
        weighted = {"name": "beta", "weight": 1, **_changes(draw)}
        return route | {"route": {"weighted_clusters": {"clusters": [weighted]}, **action}}
    return route | {"route": {"cluster": draw.choice(("alpha", "beta")), **action}}


def _changes(draw: Draw) -> Json:
    return draw.fields(
        0.35,
        response_headers_to_add=lambda: draw.several(lambda: _addition(draw), 1, 3),
        response_headers_to_remove=lambda: draw.some(CHANGED, 1, 2),
    )


def _addition(draw: Draw) -> Json:
    option: Json = {"header": {"key": draw.choice(CHANGED), "value": draw.choice(VALUES)}}
    return option | draw.fields(
        0.5, append_action=lambda: draw.choice(APPEND), keep_empty_value=draw.maybe
    )


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    answered = draw.fields(
        0.4, **{name: lambda: draw.choice(("own", "a, b", "")) for name in CHANGED}
    )
    request["headers"][ASKING] = json.dumps({"code": draw.choice((200, 404)), "headers": answered})
    return request

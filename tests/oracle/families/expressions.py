"""Conditions in CEL, as Envoy's configuration holds them: parsed."""

from tests.oracle.blocks import HEADER_NAMES, HEADER_VALUES, HOSTS, PATHS
from tests.oracle.case import Json
from tests.oracle.draw import Draw

OPERATORS = ("_==_", "_!=_")
NUMBERS = ("_==_", "_<_", "_>_", "_<=_", "_>=_", "_!=_")
TEXT_FUNCTIONS = ("startsWith", "endsWith", "contains", "matches")
OF_CONNECTION = (
    ("xds", "filter_chain_name"), ("xds", "listener_direction"), ("xds", "node"),
    ("connection", "subject_peer_certificate"), ("connection", "termination_details"),
)  # fmt: skip
OF_REQUEST = (
    ("xds", "route_name"), ("xds", "virtual_host_name"), ("xds", "cluster_name"),
    ("request", "time"),
)  # fmt: skip
FIELDS = {
    "path": PATHS, "host": HOSTS, "method": ("GET", "POST"), "scheme": ("http", "https"),
    "url_path": PATHS, "query": ("a=1", "a"), "protocol": ("HTTP/1.1", "HTTP/2"),
    "useragent": HEADER_VALUES, "referer": ("x",),
}  # fmt: skip


def expression(draw: Draw, *, http: bool, depth: int = 2) -> Json:
    """Draw a condition.

    Args:
        draw: The draws.
        http: Whether there is a request.
        depth: How many operators may stand in one another.
    """
    kind = draw.random()
    if depth and kind < 0.15:
        return call("!_", expression(draw, http=http, depth=depth - 1))
    if depth and kind < 0.45:
        sides = [expression(draw, http=http, depth=depth - 1) for _ in range(2)]
        return call(draw.choice(("_&&_", "_||_")), *sides)
    if http and kind < 0.85:
        return _of_request(draw)
    return _of_connection(draw, http=http)


def call(function: str, *args: Json, target: Json | None = None) -> Json:
    """Return a call."""
    inner: Json = {"function": function, "args": list(args)}
    return {"call_expr": inner | ({} if target is None else {"target": target})}


def text(value: str) -> Json:
    """Return a literal."""
    return {"const_expr": {"string_value": value}}


def _number(value: int) -> Json:
    return {"const_expr": {"int64_value": value}}


def _select(root: str, field: str, **fields: bool) -> Json:
    operand = {"ident_expr": {"name": root}}
    return {"select_expr": {"operand": operand, "field": field, **fields}}


def _of_request(draw: Draw) -> Json:
    headers = _select("request", "headers")
    name = draw.choice((*HEADER_NAMES, "x-missing", ":path", "X-User"))
    kind = draw.random()
    if kind < 0.2:
        return call("@in", text(name), headers)
    if kind < 0.55:
        subject, values = call("_[_]", headers, text(name)), HEADER_VALUES
    else:
        field = draw.choice(list(FIELDS))
        if kind < 0.62:
            return _select("request", field, test_only=True)
        subject, values = _select("request", field), FIELDS[field]
    value = draw.choice(values)
    if kind % 0.1 < 0.03:
        return call(draw.choice(NUMBERS), call("size", subject), _number(draw.randint(0, 12)))
    if draw.maybe(0.4):
        return call(draw.choice(TEXT_FUNCTIONS), text(value[:4]), target=subject)
    return call(draw.choice(OPERATORS), subject, text(value))


def _of_chosen(draw: Draw, *, http: bool) -> Json:
    root, field = draw.choice((*OF_CONNECTION, *OF_REQUEST) if http else OF_CONNECTION)
    if draw.maybe(0.4):
        return _select(root, field, test_only=True)
    if field == "time":
        moment = text(draw.choice(("2026-01-01T00:00:00Z", "2100-01-01T00:00:00Z")))
        return call(draw.choice(("_<_", "_>_")), _select(root, field), call("timestamp", moment))
    if field == "listener_direction":
        return call("_==_", _select(root, field), _number(draw.choice((0, 1, 2))))
    values = ("alpha", "all", "route-0", "", "CN=bookbuyer", "x")
    return call(draw.choice(OPERATORS), _select(root, field), text(draw.choice(values)))


def _of_connection(draw: Draw, *, http: bool) -> Json:
    kind = draw.random()
    if draw.maybe(0.2):
        return _of_chosen(draw, http=http)
    if kind < 0.25:
        port = _select(draw.choice(("source", "destination")), "port")
        return call(draw.choice(NUMBERS), port, _number(draw.choice((80, 443, 1024, 40000))))
    if kind < 0.5:
        address = _select(draw.choice(("source", "destination")), "address")
        return call(
            "startsWith", text(draw.choice(("10.", "8.8", "10.96.0.10:80"))), target=address
        )
    if kind < 0.75:
        names = ("a.example.com", "bookstore", "")
        name = _select("connection", "requested_server_name")
        return call(draw.choice(OPERATORS), name, text(draw.choice(names)))
    return _select("connection", "mtls")

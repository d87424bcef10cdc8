"""Endpoints that never answer, and every limit of time that may end the wait; dials of `tcp_proxy`.

The limits of a case differ from each other by more than Envoy's timers are late by, and the least
is short.
"""

import json
from collections.abc import Callable

from tests.oracle.blocks import http_listener, http_request, requests, tcp_chain
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import endpoint
from tests.oracle.explained import ASKING, UNREACHABLE
from tests.oracle.upstream_cases import INTERNAL, options

SILENT = {ASKING: json.dumps({"silent": True})}
LIMITS = (30, 150, 300, 600)
"""In milliseconds; the others are never reached unless the least does not count."""


def draw_time_limits(draw: Draw) -> Case:
    """Draw limits for requests, or for connections."""
    return _tcp(draw) if draw.maybe(0.25) else _http(draw)


def _tcp(draw: Draw) -> Case:
    host = endpoint("127.9.100.1")
    dead = draw.maybe(0.4)
    if dead:
        host["endpoint"]["address"]["socket_address"]["port_value"] = UNREACHABLE
    values = draw.sample(LIMITS[1:], 2)
    values[draw.randint(0, 1)] = LIMITS[0]
    fields: dict[str, Json | str | int] = {
        "idle_timeout": _seconds(values[0]),
        "max_downstream_connection_duration": _seconds(values[1]),
    }
    if draw.maybe(0.4):
        del fields[draw.choice(list(fields))]
        fields = {name: _seconds(LIMITS[0]) for name in fields}
    if draw.maybe(0.6):
        fields["max_connect_attempts"] = draw.randint(1, 3)
    chain = tcp_chain("all", "own-CONFIG")
    chain["filters"][0]["typed_config"] |= fields
    return _case(draw, {"filter_chains": [chain]}, _cluster(host))


def _http(draw: Draw) -> Case:
    """Set some of the limits, to values that differ."""
    wanted = draw.some(list(HTTP), 1, 4)
    values = [LIMITS[0], *draw.sample(LIMITS[1:], len(wanted) - 1)]
    parts: dict[str, Json] = {name: {} for name in ("action", "host", "manager", "cluster", "sent")}
    # What ends the wait where none of the drawn limits counts.
    parts["manager"]["stream_idle_timeout"] = "1s"
    for name, value in zip(wanted, draw.sample(values, len(values)), strict=True):
        HTTP[name](parts, value)
    action = {"cluster": "own-CONFIG", **parts["action"]}
    routes = [{"name": "all", "match": {"prefix": "/"}, "route": action}]
    host = {"name": "all", "domains": ["*"], "routes": routes, **parts["host"]}
    table = {"name": "routes", "virtual_hosts": [host]}
    listener = http_listener(table, **INTERNAL, **parts["manager"])
    cluster = _cluster(endpoint("127.9.100.1"))
    if parts["cluster"]:
        cluster |= options(**parts["cluster"])
    return _case(draw, listener, cluster, parts["sent"])


def _case(draw: Draw, listener: Json, cluster: Json, sent: Json | None = None) -> Case:
    def request(draw: Draw) -> Json:
        one = http_request(draw) | {"headers": {**SILENT}}
        headers = {name: value for name, value in (sent or {}).items() if draw.maybe(0.8)}
        return one | {"headers": SILENT | headers}

    asked = requests(draw, request)
    return Case(family="time_limits", listener=listener, clusters=[cluster], requests=asked)


def _cluster(host: Json) -> Json:
    return {
        "name": "own-CONFIG",
        "load_assignment": {"endpoints": [{"lb_endpoints": [host]}]},
    }


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:g}s"


def _of(part: str, *path: str) -> Callable[[dict[str, Json], int], None]:
    """Make what sets a duration somewhere."""

    def put(parts: dict[str, Json], value: int) -> None:
        at = parts[part]
        for name in path[:-1]:
            at = at.setdefault(name, {})
        at[path[-1]] = _seconds(value)

    return put


def _sent(name: str, unit: str = "") -> Callable[[dict[str, Json], int], None]:
    """Make what sets a number of milliseconds in a header."""

    def put(parts: dict[str, Json], value: int) -> None:
        parts["sent"][name] = f"{value}{unit}"

    return put


STREAM = ("common_http_protocol_options", "max_stream_duration")
HTTP: dict[str, Callable[[dict[str, Json], int], None]] = {
    "request": _of("action", "timeout"),
    "try": _of("action", "retry_policy", "per_try_timeout"),
    "silent try": _of("action", "retry_policy", "per_try_idle_timeout"),
    "try of the host": _of("host", "retry_policy", "per_try_timeout"),
    "silent stream": _of("action", "idle_timeout"),
    "silent stream of the manager": _of("manager", "stream_idle_timeout"),
    "stream": _of("action", "max_stream_duration", "max_stream_duration"),
    "stream of the manager": _of("manager", *STREAM),
    "stream of gRPC": _of("action", "max_stream_duration", "grpc_timeout_header_max"),
    "request of gRPC": _of("action", "max_grpc_timeout"),
    "upstream stream": _of("cluster", *STREAM),
    "asked": _sent("x-envoy-upstream-rq-timeout-ms"),
    "asked try": _sent("x-envoy-upstream-rq-per-try-timeout-ms"),
    "asked stream": _sent("x-envoy-upstream-stream-duration-ms"),
    "asked by gRPC": _sent("grpc-timeout", "m"),
}

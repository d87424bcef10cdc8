"""Sticky sessions: headers and cookies that name an endpoint, in right, wrong and old forms."""

import base64
from collections.abc import Callable

from tests.oracle.blocks import http_filter, http_listener, http_request, requests
from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw
from tests.oracle.envoy_files import FILTERS, TYPES
from tests.oracle.families.endpoints import localities
from tests.oracle.families.rbac import DISABLED
from tests.oracle.stand_in import PORT

STATES = f"{TYPES}.extensions.http.stateful_session"
STATUSES = ("UNKNOWN", "HEALTHY", "UNHEALTHY", "DRAINING", "TIMEOUT", "DEGRADED")
PAST, FUTURE = 1_500_000_000, 4_000_000_000


def draw_sessions(draw: Draw) -> Case:
    """Draw a cluster, filters that read sessions, and routes that override them."""
    cluster: Json = {"name": "own-CONFIG", "load_assignment": {"endpoints": localities(draw)}}
    cluster["lb_policy"] = draw.choice(("ROUND_ROBIN", "RANDOM", "RING_HASH", "MAGLEV"))
    common = draw.fields(
        0.4,
        override_host_status=lambda: {"statuses": draw.some(STATUSES, 0, 4)},
        healthy_panic_threshold=lambda: {"value": draw.choice((0, 50, 100))},
    )
    cluster |= {"common_lb_config": common} if common else {}
    names = draw.some(("one", "two"), 1, 2)
    filters = [http_filter(name, SESSION, **_session(draw)) for name in names]
    routes = []
    for prefix in draw.some(("/books", "/api", "/a", "/"), 1, 3):
        action = {"cluster": draw.choice(("own-CONFIG", "own-CONFIG", "alpha"))}
        route: Json = {"name": prefix, "match": {"prefix": prefix}, "route": action}
        if draw.maybe(0.25):
            route["typed_per_filter_config"] = {draw.choice(names): _per_route(draw)}
        routes.append(route)
    host = {"name": "all", "domains": ["*"], "routes": routes}
    table = {"name": "routes", "virtual_hosts": [host], "validate_clusters": False}
    return Case(
        family="sessions",
        listener=http_listener(table, http_filters=filters),
        clusters=[cluster],
        requests=requests(draw, _request, 8),
    )


SESSION = "stateful_session.v3.StatefulSession"


def _session(draw: Draw) -> Json:
    if draw.maybe():
        kind = "header"
        state: Json = {"@type": f"{STATES}.header.v3.HeaderBasedSessionState", "name": "x-session"}
    else:
        kind = "cookie"
        cookie = {"name": "session"} | draw.fields(
            0.5,
            path=lambda: draw.choice(("/", "/books", "/books/", "/api")),
            ttl=lambda: "60s",
        )
        state = {"@type": f"{STATES}.cookie.v3.CookieBasedSessionState", "cookie": cookie}
    config: Json = {
        "session_state": {"name": f"envoy.http.stateful_session.{kind}", "typed_config": state}
    }
    return config | draw.fields(0.35, strict=lambda: True)


def _per_route(draw: Draw) -> Json:
    if draw.maybe(0.3):
        return DISABLED
    chosen = draw.one(disabled=lambda: True, stateful_session=lambda: _session(draw))
    return {"@type": f"{FILTERS}.http.{SESSION}PerRoute", **chosen}


def _address(draw: Draw) -> str:
    number = draw.choice((1, 1, 2, 2, 3, 4, 5, 9))
    return draw.choice((f"127.9.100.{number}:{PORT}",) * 5 + ("127.9.100.1", "x", ""))


def _plain(draw: Draw) -> bytes:
    return _address(draw).encode()


def _message(draw: Draw) -> bytes:
    """Draw what a cookie holds: an address and the second in which it ends."""
    address = _address(draw).encode()
    fields = b"\n" + bytes([len(address)]) + address
    ends = draw.choice((0, PAST, FUTURE, None))
    return fields if ends is None else fields + b"\x10" + _varint(ends)


def _varint(value: int) -> bytes:
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + _varint(rest) if rest else bytes([low])


FORMS: dict[str, Callable[[Draw], bytes]] = {"plain": _plain, "message": _message}


def _encoded(draw: Draw) -> str:
    form = draw.choice(list(FORMS))
    text = base64.b64encode(FORMS[form](draw)).decode()
    return draw.choice((text,) * 8 + (text.rstrip("="), f"{text}!"))


def _request(draw: Draw) -> Json:
    request = http_request(draw)
    request["headers"] |= draw.fields(
        0.6,
        **{
            "x-session": lambda: _encoded(draw),
            "cookie": lambda: draw.choice(("", "a=b; ")) + f"session={_encoded(draw)}",
        },
    )
    return request

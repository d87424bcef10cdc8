"""Any family's requests over HTTP/2: the codec finds out by the first bytes, or by ALPN."""

from collections.abc import Callable

from tests.oracle.case import Case, Json
from tests.oracle.draw import Draw

SHARE = 0.2
OF_HTTP1_ALONE = {"connection", "upgrade", "keep-alive", "proxy-connection", "expect"}


def partly_over_http2(make: Callable[[Draw], Case]) -> Callable[[Draw], Case]:
    """Send some of the requests of a family over HTTP/2."""

    def draw_case(draw: Draw) -> Case:
        case = make(draw)
        case.requests = [_over_http2(one) if draw.maybe(SHARE) else one for one in case.requests]
        return case

    return draw_case


def _over_http2(request: Json) -> Json:
    headers = {
        name.lower(): values
        for name, values in request.get("headers", {}).items()
        if name.lower() not in OF_HTTP1_ALONE
    }
    return request | {"protocol": "h2", "headers": headers}

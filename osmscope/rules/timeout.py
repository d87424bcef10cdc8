"""The timeouts of a request and of a try, and the one that the endpoint is told of.

What Envoy does: `x-envoy-expected-rq-timeout-ms` is the timeout of one try, else that of the whole
request; a try that is allowed as long as the request, or longer, does not count, and neither does
any try with hedging. The whole request has the route's `timeout` (15 s if unset); none if
`max_stream_duration` is there; for gRPC with `max_grpc_timeout` what `grpc-timeout` asks for, up to
that limit, and `grpc-timeout` is then rewritten. Requests bring their own timeouts in
`x-envoy-upstream-rq-timeout-ms` and `x-envoy-upstream-rq-per-try-timeout-ms`, which the connection
manager has dropped unless they are internal. Zero is no timeout, and then nothing is told.
A route's `retry_policy` replaces its virtual host's; a cluster's own has no part in timeouts.
Checked against Envoy 1.40.0. Not modelled: the second and later tries.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.route import Route, RouteAction, VirtualHost
from osmscope.rules.duration import milliseconds
from osmscope.rules.facts import Headers
from osmscope.rules.grpc import is_grpc

_DEFAULT = 15_000
_EXPECTED = "x-envoy-expected-rq-timeout-ms"
_WHOLE = "x-envoy-upstream-rq-timeout-ms"
_TRY = "x-envoy-upstream-rq-per-try-timeout-ms"
_LARGEST_GRPC_NUMBER = 99_999_999
_LARGEST_NUMBER = 2**64 - 1
_GRPC_UNITS = {"H": 3_600_000, "M": 60_000, "S": 1000, "m": 1}
_SMALL_GRPC_UNITS = {"u": 1000, "n": 1_000_000}


class Timeout(msgspec.Struct, frozen=True):
    """A limit of time, and whose it is."""

    milliseconds: int
    """0 for no limit."""
    source: str = ""
    is_default: bool = False


class RequestTimeout(msgspec.Struct, frozen=True):
    """What the endpoint is told of the time it has."""

    expected: int | None
    """`x-envoy-expected-rq-timeout-ms`; None without a timeout."""
    grpc_timeout: str | None = None
    """The new `grpc-timeout`; None where it stays as it is."""


def request_timeout(
    route: Route, virtual_host: VirtualHost, headers: Headers, respect_expected: bool = False
) -> RequestTimeout:
    """Tell how long a try of this request may take.

    Args:
        route: The route, which forwards.
        virtual_host: Its virtual host.
        headers: The request's headers as the router gets them.
        respect_expected: The router's `respect_expected_rq_timeout`: an
            `x-envoy-expected-rq-timeout-ms` that comes in counts as the request's timeout.

    Raises:
        DumpError: A duration cannot be read.
    """
    action = route.route or RouteAction()
    capped = _is_capped(action, headers)
    whole = whole_timeout(action, headers, respect_expected).milliseconds
    one_try = try_timeout(action, virtual_host, headers, whole).milliseconds
    expected = whole if not one_try or hedges(action, virtual_host, headers) else one_try
    if whole:
        expected = min(expected, whole)
    if not expected:
        return RequestTimeout(None)
    return RequestTimeout(expected, grpc_text(expected) if capped else None)


def expected_request_timeout_ms(
    route: Route, virtual_host: VirtualHost, headers: Headers
) -> int | None:
    """Return the value of `x-envoy-expected-rq-timeout-ms`, None where it is not sent.

    Raises:
        DumpError: A duration cannot be read.
    """
    return request_timeout(route, virtual_host, headers).expected


def _is_capped(action: RouteAction, headers: Headers) -> bool:
    limited = action.max_grpc_timeout is not None and action.max_stream_duration is None
    return limited and is_grpc(headers)


def whole_timeout(action: RouteAction, headers: Headers, respect_expected: bool = False) -> Timeout:
    """Tell how long the whole request may take.

    Args:
        action: The route's action.
        headers: The request's headers as the router gets them.
        respect_expected: The router's `respect_expected_rq_timeout`.

    Raises:
        DumpError: A duration cannot be read.
    """
    name = _EXPECTED if respect_expected and _EXPECTED in headers else _WHOLE
    asked = unsigned(headers.first(name))
    if asked is not None:
        return Timeout(asked, f"the request's {name}")
    if action.max_stream_duration is not None:
        return Timeout(0, "the route's max_stream_duration, which takes its place")
    if action.max_grpc_timeout is not None and is_grpc(headers):
        return Timeout(_grpc_timeout(action, headers), "grpc-timeout and the route's limit to it")
    if action.timeout is None:
        return Timeout(_DEFAULT, "", is_default=True)
    return Timeout(milliseconds(action.timeout), "the route's timeout")


def _grpc_timeout(action: RouteAction, headers: Headers) -> int:
    assert action.max_grpc_timeout is not None
    asked = read_grpc_timeout(headers.first("grpc-timeout") or "") or 0
    offset = milliseconds(action.grpc_timeout_offset) if action.grpc_timeout_offset else 0
    if offset < asked:
        asked -= offset
    limit = milliseconds(action.max_grpc_timeout)
    return min(asked or limit, limit) if limit else asked


def try_timeout(
    action: RouteAction, virtual_host: VirtualHost, headers: Headers, whole: int
) -> Timeout:
    """Tell how long one try may take; 0 where only the whole request is limited.

    Args:
        action: The route's action.
        virtual_host: Its virtual host.
        headers: The request's headers as the router gets them.
        whole: The milliseconds of the whole request.

    Raises:
        DumpError: A duration cannot be read.
    """
    asked = unsigned(headers.first(_TRY))
    if asked is not None:
        timeout = Timeout(asked, f"the request's {_TRY}")
    else:
        policy = action.retry_policy or virtual_host.retry_policy
        given = policy.per_try_timeout if policy else None
        owner = "route" if action.retry_policy else "virtual host"
        timeout = Timeout(milliseconds(given) if given else 0, f"the {owner}'s per_try_timeout")
    return timeout if not whole or timeout.milliseconds < whole else Timeout(0)


def hedges(action: RouteAction, virtual_host: VirtualHost, headers: Headers) -> bool:
    """Whether a try that takes too long goes on beside the next one."""
    asked = headers.first("x-envoy-hedge-on-per-try-timeout")
    if asked in ("true", "false"):
        return asked == "true"
    policy = action.hedge_policy or virtual_host.hedge_policy
    return policy is not None and policy.hedge_on_per_try_timeout


def unsigned(text: str | None) -> int | None:
    """Read a header as a number from 0; None where it is none."""
    digits = (text or "").strip().removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return None
    return int(digits) if int(digits) <= _LARGEST_NUMBER else None


def read_grpc_timeout(text: str) -> int | None:
    """Read a `grpc-timeout`, in milliseconds; None where it is none."""
    number = unsigned(text[:-1])
    if number is None or number > _LARGEST_GRPC_NUMBER:
        return None
    if divisor := _SMALL_GRPC_UNITS.get(text[-1]):
        return -(-number // divisor)
    factor = _GRPC_UNITS.get(text[-1])
    return None if factor is None else number * factor


def grpc_text(timeout: int) -> str:
    """Write milliseconds as a `grpc-timeout`."""
    for unit, divisor in (("m", 1), ("S", 1000), ("M", 60_000)):
        if timeout // divisor <= _LARGEST_GRPC_NUMBER:
            return f"{timeout // divisor}{unit}"
    return f"{timeout // 3_600_000}H"

"""Timeouts that endpoints are told of, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.route import Route, RouteAction, VirtualHost
from osmscope.resources.route_policies import HedgePolicy, MaxStreamDuration, RetryPolicy
from osmscope.rules.facts import Headers
from osmscope.rules.timeout import RequestTimeout, expected_request_timeout_ms, request_timeout

GRPC = ("content-type", "application/grpc")
FIVE_SECONDS = VirtualHost(retry_policy=RetryPolicy(per_try_timeout="5s"))


def per_try(limit: str | None, **options: object) -> RouteAction:
    return RouteAction(retry_policy=RetryPolicy(per_try_timeout=limit), **options)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (RouteAction(), 15000),
        (RouteAction(timeout="0s"), None),
        (RouteAction(timeout="0.0015s"), 1),
        (per_try("2s"), 2000),
        (per_try("20s"), 15000),
        (per_try("15s"), 15000),
        (per_try(None), 15000),
        (per_try("0.25s", timeout="0s"), 250),
        (per_try("2s", hedge_policy=HedgePolicy(hedge_on_per_try_timeout=True)), 15000),
        (per_try("2s", hedge_policy=HedgePolicy()), 2000),
        (RouteAction(max_stream_duration=MaxStreamDuration()), None),
        (per_try("2s", max_stream_duration=MaxStreamDuration()), 2000),
        (RouteAction(max_grpc_timeout="3s"), 15000),
    ],
)
def test_expected_timeout(action: RouteAction, expected: int | None) -> None:
    route = Route(route=action)
    assert expected_request_timeout_ms(route, VirtualHost(), Headers()) == expected


@pytest.mark.parametrize(
    ("action", "virtual_host", "expected"),
    [
        (RouteAction(), FIVE_SECONDS, 5000),
        (RouteAction(timeout="0s"), FIVE_SECONDS, 5000),
        (RouteAction(max_stream_duration=MaxStreamDuration()), FIVE_SECONDS, 5000),
        (RouteAction(retry_policy=RetryPolicy(retry_on="5xx")), FIVE_SECONDS, 15000),
        (
            per_try("2s"),
            VirtualHost(hedge_policy=HedgePolicy(hedge_on_per_try_timeout=True)),
            15000,
        ),
    ],
)
def test_the_virtual_host_has_policies_for_routes_without(
    action: RouteAction, virtual_host: VirtualHost, expected: int
) -> None:
    assert expected_request_timeout_ms(Route(route=action), virtual_host, Headers()) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (("x-envoy-upstream-rq-timeout-ms", "1000"), 1000),
        (("x-envoy-upstream-rq-timeout-ms", "9000"), 5000),
        (("x-envoy-upstream-rq-timeout-ms", "abc"), 5000),
        (("x-envoy-upstream-rq-timeout-ms", "-5"), 5000),
        (("x-envoy-upstream-rq-timeout-ms", "0"), 5000),
        (("x-envoy-upstream-rq-timeout-ms", "+5"), 5),
        (("x-envoy-upstream-rq-timeout-ms", "18446744073709551616"), 5000),
        (("x-envoy-upstream-rq-per-try-timeout-ms", "100"), 100),
        (("x-envoy-upstream-rq-per-try-timeout-ms", "abc"), 5000),
        (("x-envoy-hedge-on-per-try-timeout", "true"), 15000),
        (("x-envoy-hedge-on-per-try-timeout", "yes"), 5000),
        (("x-envoy-expected-rq-timeout-ms", "123"), 5000),
    ],
)
def test_an_internal_request_brings_its_own_timeouts(
    header: tuple[str, str], expected: int
) -> None:
    route = Route(route=RouteAction())
    assert expected_request_timeout_ms(route, FIVE_SECONDS, Headers.of([header])) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("x-envoy-expected-rq-timeout-ms", "123")], 123),
        ([("x-envoy-expected-rq-timeout-ms", "abc")], 15000),
        (
            [
                ("x-envoy-expected-rq-timeout-ms", "123"),
                ("x-envoy-upstream-rq-timeout-ms", "77"),
            ],
            123,
        ),
        ([("x-envoy-upstream-rq-timeout-ms", "77")], 77),
    ],
)
def test_respect_expected_rq_timeout(headers: list[tuple[str, str]], expected: int) -> None:
    route = Route(route=RouteAction())
    timeout = request_timeout(route, VirtualHost(), Headers.of(headers), True)
    assert timeout.expected == expected


@pytest.mark.parametrize(
    ("limit", "asked", "expected", "rewritten"),
    [
        ("3s", None, 3000, "3000m"),
        ("3s", "5S", 3000, "3000m"),
        ("3s", "1S", 1000, "1000m"),
        ("3s", "500m", 500, "500m"),
        ("3s", "1H", 3000, "3000m"),
        ("3s", "abc", 3000, "3000m"),
        ("3s", "", 3000, "3000m"),
        ("3s", "1u", 1, "1m"),
        ("3s", "1500u", 2, "2m"),
        ("3s", "2n", 1, "1m"),
        ("3s", "-1S", 3000, "3000m"),
        ("3s", "100000000m", 3000, "3000m"),
        ("3s", "5x", 3000, "3000m"),
        ("0s", "5S", 5000, "5000m"),
        ("0s", None, None, None),
        ("0s", "99999999S", 99999999000, "99999999S"),
        ("0s", "99999999M", 5999999940000, "99999999M"),
        ("0s", "99999999H", 359999996400000, "99999999H"),
    ],
)
def test_max_grpc_timeout(
    limit: str, asked: str | None, expected: int | None, rewritten: str | None
) -> None:
    headers = Headers.of([GRPC, *([("grpc-timeout", asked)] if asked is not None else [])])
    route = Route(route=RouteAction(max_grpc_timeout=limit))
    timeout = request_timeout(route, VirtualHost(), headers)
    assert timeout == RequestTimeout(expected, rewritten)


@pytest.mark.parametrize(("asked", "expected"), [("500m", 500), ("1S", 1000), ("5S", 4000)])
def test_grpc_timeout_offset(asked: str, expected: int) -> None:
    action = RouteAction(max_grpc_timeout="0s", grpc_timeout_offset="1s")
    headers = Headers.of([GRPC, ("grpc-timeout", asked)])
    assert expected_request_timeout_ms(Route(route=action), VirtualHost(), headers) == expected


def test_max_stream_duration_leaves_grpc_timeout_alone() -> None:
    action = RouteAction(max_grpc_timeout="3s", max_stream_duration=MaxStreamDuration())
    headers = Headers.of([GRPC, ("grpc-timeout", "1S")])
    assert request_timeout(Route(route=action), VirtualHost(), headers) == RequestTimeout(None)

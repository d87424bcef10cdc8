"""The headers that an endpoint receives, as Envoy 1.40.0 sends them."""

import pytest

from osmscope.resources.matcher import RegexMatchAndSubstitute, RegexMatcher
from osmscope.resources.route import (
    ClusterWeight,
    HeaderValue,
    HeaderValueOption,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.substitution_format import FormatContext
from osmscope.rules.upstream_request import Forwarding, UpstreamHeaders, finish, for_endpoint

PATH = RouteMatch(prefix="/a")
COUNTED = VirtualHost(include_request_attempt_count=True)


def option(name: str, value: str) -> HeaderValueOption:
    return HeaderValueOption(header=HeaderValue(key=name, value=value))


def adding(*pairs: tuple[str, str]) -> dict[str, tuple[HeaderValueOption, ...]]:
    return {"request_headers_to_add": tuple(option(*pair) for pair in pairs)}


def forwarding(
    route: Route, *headers: tuple[str, str], path: str | None = "/a?x", **options: object
) -> Forwarding:
    pairs = [("host", "h.com"), *([(":path", path)] if path else []), *headers]
    request = Request(connection=Connection(), headers=Headers.of(pairs))
    facts = {"virtual_host": VirtualHost(), "route_configuration": RouteConfiguration(), **options}
    return Forwarding(context=FormatContext(request=request, cluster="c"), route=route, **facts)


def sent(given: Forwarding) -> dict[str, str]:
    """Return the headers that are sent, but for an untouched path and host."""
    headers = finish(given).headers
    flat = {name: "|".join(values) for name, values in headers.items()}
    usual = {":path": "/a?x", ":authority": "h.com"}
    return {name: value for name, value in flat.items() if usual.get(name) != value}


TOLD = {"x-envoy-expected-rq-timeout-ms": "15000"}


@pytest.mark.parametrize(
    ("route", "options", "expected"),
    [
        (Route(route=RouteAction()), {}, TOLD),
        (Route(), {}, TOLD),
        (Route(route=RouteAction(timeout="0s")), {}, {}),
        (
            Route(route=RouteAction()),
            {"virtual_host": COUNTED},
            TOLD | {"x-envoy-attempt-count": "1"},
        ),
        (
            Route(match=PATH, route=RouteAction(prefix_rewrite="/n")),
            {},
            TOLD | {":path": "/n?x", "x-envoy-original-path": "/a?x"},
        ),
        (
            Route(match=PATH, route=RouteAction(host_rewrite_literal="r.com")),
            {},
            TOLD | {":authority": "r.com", "x-envoy-original-host": "h.com"},
        ),
        (
            Route(match=PATH, route=RouteAction(prefix_rewrite="/n", host_rewrite_literal="r")),
            {"virtual_host": COUNTED, "suppress_envoy_headers": True},
            {":path": "/n?x", ":authority": "r", "x-envoy-attempt-count": "1"},
        ),
    ],
)
def test_what_is_added(route: Route, options: dict[str, object], expected: dict[str, str]) -> None:
    assert sent(forwarding(route, **options)) == expected


def test_header_changes_see_the_host_and_the_path_before_their_rewrites() -> None:
    route = Route(
        match=PATH,
        route=RouteAction(prefix_rewrite="/n", host_rewrite_literal="r"),
        **adding(("x-seen", "%REQ(:authority)%%REQ(:path)%")),
    )
    assert sent(forwarding(route))["x-seen"] == "h.com/a?x"


def test_header_changes_see_the_timeout_and_the_number_of_the_try() -> None:
    seen = "%REQ(x-envoy-expected-rq-timeout-ms)% %REQ(x-envoy-attempt-count)%"
    route = Route(route=RouteAction(), **adding(("x-seen", seen)))
    assert sent(forwarding(route, virtual_host=COUNTED))["x-seen"] == "15000 1"


def test_the_weighted_cluster_comes_first_with_its_headers_and_its_host() -> None:
    entry = ClusterWeight(host_rewrite_literal="w.host", **adding(("x-w", "%REQ(:authority)%")))
    route = Route(
        route=RouteAction(append_x_forwarded_host=True), **adding(("x-r", "%REQ(:authority)%"))
    )
    assert sent(forwarding(route, entry=entry)) == TOLD | {
        ":authority": "w.host",
        "x-w": "h.com",
        "x-r": "w.host",
    }


def test_a_host_rewrite_of_the_route_replaces_that_of_the_weighted_cluster() -> None:
    entry = ClusterWeight(host_rewrite_literal="w.host")
    action = RouteAction(append_x_forwarded_host=True, host_rewrite_literal="r.host")
    assert sent(forwarding(Route(route=action), entry=entry)) == TOLD | {
        ":authority": "r.host",
        "x-envoy-original-host": "w.host",
        "x-forwarded-host": "w.host",
    }


def test_an_entry_may_change_nothing() -> None:
    assert sent(forwarding(Route(route=RouteAction()), entry=ClusterWeight(name="a"))) == TOLD


def test_the_most_specific_level_can_come_last() -> None:
    options = {
        "entry": ClusterWeight(**adding(("x-l", "W"))),
        "virtual_host": VirtualHost(**adding(("x-l", "V"))),
        "route_configuration": RouteConfiguration(
            **adding(("x-l", "G")), most_specific_header_mutations_wins=True
        ),
    }
    route = Route(route=RouteAction(), **adding(("x-l", "R")))
    assert sent(forwarding(route, **options))["x-l"] == "W|G|V|R"


def test_the_host_is_made_of_the_path_before_its_rewrite() -> None:
    by_path = RegexMatchAndSubstitute(pattern=RegexMatcher(regex="^/(.).*"), substitution=r"\1.com")
    action = RouteAction(prefix_rewrite="/n", host_rewrite_path_regex=by_path)
    assert sent(forwarding(Route(match=PATH, route=action)))[":authority"] == "a.com"


def test_the_path_is_made_of_the_host_after_its_rewrite() -> None:
    action = RouteAction(path_rewrite="/n/%REQ(:authority)%", host_rewrite_literal="r")
    assert sent(forwarding(Route(match=PATH, route=action)))[":path"] == "/n/r?x"


def test_a_request_without_a_path_keeps_none() -> None:
    given = forwarding(Route(route=RouteAction(prefix_rewrite="/n")), path=None)
    assert sent(given) == TOLD


def test_headers_that_steer_the_router_are_taken_out() -> None:
    steering = (
        "retry-on retry-grpc-on max-retries retriable-header-names retriable-status-codes"
        " hedge-on-per-try-timeout upstream-rq-per-try-timeout-ms upstream-rq-timeout-ms"
        " upstream-rq-timeout-alt-response upstream-stream-duration-ms upstream-alt-stat-name"
    )
    headers = [(f"x-envoy-{name}", "x") for name in steering.split()]
    assert sent(forwarding(Route(route=RouteAction()), *headers)) == TOLD


def test_header_changes_can_steer_retries_but_not_the_timeout() -> None:
    route = Route(
        route=RouteAction(),
        **adding(
            ("x-envoy-retry-on", "5xx"),
            ("x-envoy-upstream-rq-timeout-ms", "5000"),
            ("x-envoy-upstream-alt-stat-name", "z"),
        ),
    )
    assert sent(forwarding(route)) == TOLD | {
        "x-envoy-upstream-rq-timeout-ms": "5000",
        "x-envoy-upstream-alt-stat-name": "z",
    }


def test_respect_expected_rq_timeout() -> None:
    headers = [("x-envoy-expected-rq-timeout-ms", "123"), ("x-envoy-upstream-rq-timeout-ms", "7")]
    given = forwarding(Route(route=RouteAction()), *headers, respect_expected_rq_timeout=True)
    assert sent(given) == dict(headers)


def test_max_grpc_timeout_rewrites_grpc_timeout() -> None:
    headers = [("content-type", "application/grpc"), ("grpc-timeout", "5S")]
    given = forwarding(Route(route=RouteAction(max_grpc_timeout="3s")), *headers)
    assert sent(given)["grpc-timeout"] == "3000m"


@pytest.mark.parametrize(
    ("action", "hostname", "host", "original"),
    [
        (RouteAction(auto_host_rewrite=True), "e.com", "e.com", "h.com"),
        (RouteAction(auto_host_rewrite=True), "", "h.com", None),
        (RouteAction(), "e.com", "h.com", None),
    ],
)
def test_auto_host_rewrite(
    action: RouteAction, hostname: str, host: str, original: str | None
) -> None:
    given = forwarding(Route(route=action))
    headers = for_endpoint(given, finish(given), hostname)
    assert (headers.first("host"), headers.first("x-envoy-original-host")) == (host, original)


def test_what_cannot_be_told_is_named() -> None:
    action = RouteAction(host_rewrite="%HOSTNAME%", path_rewrite="/%START_TIME%")
    route = Route(route=action, **adding(("x-r", "%EMIT_TIME%")))
    entry = ClusterWeight(**adding(("x-w", "%STREAM_ID%")))
    upstream: UpstreamHeaders = finish(forwarding(route, entry=entry))
    assert upstream.missing == ("%STREAM_ID%", "%EMIT_TIME%", "%HOSTNAME%", "%START_TIME%")

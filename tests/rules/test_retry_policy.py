"""Retries, as a table of what Envoy 1.40.0 does; attempts were counted on a real one."""

import msgspec
import pytest

from osmscope.resources.cluster import Cluster
from osmscope.resources.route import Route, RouteAction, RouteConfiguration, VirtualHost
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.retry_policy import Retries, retries_of
from osmscope.rules.substitution_format import FormatContext
from osmscope.rules.upstream_request import Forwarding

HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
Json = dict[str, object]


def on(conditions: str, number: int | None = None, **fields: object) -> Json:
    numbered = {} if number is None else {"num_retries": number}
    return {"retry_on": conditions, **numbered, **fields}


def cluster(policy: Json | None = None, **fields: object) -> Cluster:
    if policy is not None:
        options = {"@type": f"type.googleapis.com/{HTTP}", "retry_policy": policy}
        fields["typed_extension_protocol_options"] = {HTTP: options}
    return msgspec.json.decode(msgspec.json.encode({"name": "a", **fields}), type=Cluster)


def retries(
    action: Json | None = None,
    host: Json | None = None,
    of: Cluster | None = None,
    headers: dict[str, str] | None = None,
    runtime: dict[str, object] | None = None,
) -> Retries:
    steering = Headers.of((headers or {}).items())
    forwarding = Forwarding(
        context=FormatContext(request=Request(connection=Connection(), headers=steering)),
        route=Route(route=msgspec.convert(action or {}, RouteAction)),
        virtual_host=msgspec.convert(host or {}, VirtualHost),
        route_configuration=RouteConfiguration(),
    )
    return retries_of(forwarding, of or cluster(), steering, runtime or {})


def by_route(policy: Json) -> Json:
    return {"retry_policy": policy}


CONNECT = "connect-failure"
WANTED = {"retriable_request_headers": [{"name": "x", "present_match": True}]}


@pytest.mark.parametrize(
    ("asked", "most"),
    [
        ({}, 0),
        ({"action": by_route(on(CONNECT, 3))}, 3),
        ({"action": by_route(on(CONNECT))}, 1),
        ({"action": by_route(on(CONNECT, 0))}, 0),
        ({"action": by_route(on(CONNECT, 3)), "headers": {"x-envoy-max-retries": "5"}}, 5),
        ({"action": by_route(on(CONNECT, 3)), "headers": {"x-envoy-max-retries": "0"}}, 0),
        ({"action": by_route(on(CONNECT, 3)), "headers": {"x-envoy-max-retries": "x"}}, 3),
        ({"headers": {"x-envoy-retry-on": CONNECT}}, 1),
        ({"headers": {"x-envoy-retry-on": CONNECT, "x-envoy-max-retries": "4"}}, 4),
        ({"headers": {"x-envoy-max-retries": "4"}}, 0),
        ({"action": by_route({"num_retries": 3}), "headers": {"x-envoy-retry-on": CONNECT}}, 3),
        ({"headers": {"x-envoy-retry-grpc-on": "unavailable"}}, 1),
        ({"headers": {"x-envoy-retry-grpc-on": CONNECT}}, 0),
        ({"headers": {"x-envoy-retry-on": "unavailable"}}, 0),
        ({"action": by_route(on(CONNECT, **WANTED))}, 0),
        ({"action": by_route(on(CONNECT, **WANTED)), "headers": {"x": "1"}}, 1),
        ({"action": by_route(on("", **WANTED)), "headers": {"x-envoy-retry-on": CONNECT}}, 0),
        ({"action": by_route(on(CONNECT, 3)), "of": cluster(on(CONNECT, 1))}, 1),
        ({"action": by_route(on(CONNECT, 3)), "of": cluster({})}, 0),
        ({"action": by_route(on(CONNECT, 3)), "of": cluster(None)}, 3),
        ({"host": by_route(on(CONNECT, 2))}, 2),
        ({"action": by_route({}), "host": by_route(on(CONNECT, 2))}, 0),
        ({"action": by_route(on(CONNECT, 3)), "runtime": {"upstream.use_retry": 0}}, 0),
        ({"action": by_route(on(CONNECT, 3)), "runtime": {"upstream.use_retry": 50}}, 3),
    ],
)
def test_how_many(asked: dict[str, object], most: int) -> None:
    assert retries(**asked).most == most


@pytest.mark.parametrize(
    ("asked", "conditions", "source"),
    [
        ({"action": by_route(on("bogus, 5xx"))}, ("5xx",), "the route's policy"),
        ({"host": by_route(on("reset,unavailable"))}, ("reset", "unavailable"),
         "the virtual host's policy"),
        ({"of": cluster(on("gateway-error"))}, ("gateway-error",), "the cluster's policy"),
        ({"headers": {"x-envoy-retry-on": "5xx"}}, ("5xx",), "the request's headers"),
        ({"action": by_route(on("reset")), "headers": {"x-envoy-retry-on": "5xx,reset"}},
         ("reset", "5xx"), "the route's policy"),
    ],
)  # fmt: skip
def test_what_is_retried_and_by_whose_policy(
    asked: dict[str, object], conditions: tuple[str, ...], source: str
) -> None:
    found = retries(**asked)
    assert (found.conditions, found.source) == (conditions, source)


@pytest.mark.parametrize(
    ("asked", "because"),
    [
        ({}, ""),
        ({"action": by_route({})}, ""),
        ({"action": by_route(on("bogus"))}, "the route's policy has no condition that Envoy knows"),
        ({"action": by_route({"num_retries": 2})},
         "the route's policy has no condition that Envoy knows"),
        ({"action": by_route(on("5xx", **WANTED))}, "none of retriable_request_headers matches"),
        ({"action": by_route(on("5xx")), "runtime": {"upstream.use_retry": 0}},
         "the runtime key upstream.use_retry is 0"),
    ],
)  # fmt: skip
def test_why_nothing_is_retried(asked: dict[str, object], because: str) -> None:
    assert retries(**asked).none_because == because


PREDICATE = {"name": "previous_hosts"}
BUDGET = {"retry_budget": {"budget_percent": {"value": 12.5}, "min_retry_concurrency": 5}}
WAITS = "waits up to 0.025s before the first, at most 10 times 0.025s"
THREE = "the circuit breaker lets 3 run at a time"


@pytest.mark.parametrize(
    ("policy", "details"),
    [
        ({}, (WAITS, THREE)),
        (
            {"retriable_status_codes": [503, 418], "retriable_headers": [{"name": "x-retry"}]},
            (
                "retriable_status_codes 503, 418",
                "retriable_headers of the response: x-retry",
                WAITS,
                THREE,
            ),
        ),
        (
            {"retry_host_predicate": [PREDICATE], "host_selection_retry_max_attempts": "3"},
            ("a host that previous_hosts refuses is picked again, up to 3 times", WAITS, THREE),
        ),
        (
            {"retry_host_predicate": [PREDICATE]},
            ("a host that previous_hosts refuses is picked again, once", WAITS, THREE),
        ),
        (
            {"retry_priority": {"name": "p"}, "refresh_cluster_on_retry": True},
            (
                "retry_priority p changes the loads of priorities",
                "the cluster is chosen again for a retry",
                WAITS,
                THREE,
            ),
        ),
        (
            {"retry_back_off": {"base_interval": "1s", "max_interval": "2s"}},
            ("waits up to 1s before the first, at most 2s", THREE),
        ),
        (
            {"retry_back_off": {"base_interval": "1s"}},
            ("waits up to 1s before the first, at most 10 times 1s", THREE),
        ),
    ],
)
def test_the_rest_of_the_policy(policy: Json, details: tuple[str, ...]) -> None:
    given = msgspec.json.decode(msgspec.json.encode(by_route(on("5xx", **policy))))
    action = msgspec.json.decode(
        msgspec.json.encode({"action": given}), type=dict[str, RouteAction], strict=False
    )["action"]
    forwarding = Forwarding(
        context=FormatContext(request=Request(connection=Connection(), headers=Headers())),
        route=Route(route=action),
        virtual_host=VirtualHost(),
        route_configuration=RouteConfiguration(),
    )
    assert retries_of(forwarding, cluster(), Headers(), {}).details == details


@pytest.mark.parametrize(
    ("thresholds", "runtime", "words"),
    [
        ([{"max_retries": 7}], {}, "the circuit breaker lets 7 run at a time"),
        ([{"max_retries": 0}], {}, "the circuit breaker lets none run at a time"),
        ([{"priority": "HIGH", **BUDGET}], {}, THREE),
        ([BUDGET], {}, "the retry budget is 12.5 % of active requests, at least 5"),
        ([{"retry_budget": {}}], {}, "the retry budget is 20 % of active requests, at least 3"),
        ([], {"circuit_breakers.a.default.max_retries": 9},
         "the circuit breaker lets 9 run at a time"),
    ],
)  # fmt: skip
def test_how_many_run_at_a_time(thresholds: list[Json], runtime: Json, words: str) -> None:
    limited = cluster(circuit_breakers={"thresholds": thresholds})
    found = retries(by_route(on("5xx")), of=limited, runtime=runtime)
    assert found.details[-1] == words


def test_a_share_of_retries_by_runtime() -> None:
    found = retries(by_route(on("5xx")), runtime={"upstream.use_retry": 30})
    assert "30 % of retries are made (runtime key upstream.use_retry)" in found.details

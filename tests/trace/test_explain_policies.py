"""What limits, repeats, follows and copies a forwarded request, in words."""

import pytest

from osmscope.trace.explain_policies import duration
from tests.trace.sidecars import (
    behind,
    chain,
    cluster,
    endpoints,
    explained,
    host,
    listener,
    manager,
    route,
    sections,
    table,
    tcp,
    tracer,
    typed,
)

KINDS = ("time_limits", "retries", "internal_redirect", "mirror")


def told(action, *clusters, **fields):
    routes = table(host("all", ["*"], route(action=action)))
    asked = behind(routes, clusters=clusters or (cluster("a"),), **fields)
    return [step for step in explained(asked).steps if step.kind in KINDS]


def brief(steps):
    return [(step.kind, step.chosen, step.reason) for step in steps]


@pytest.mark.parametrize(
    ("action", "chosen", "reason"),
    [
        ({}, "request 15 s", "by default"),
        ({"timeout": "0s"}, "request without limit", "no limit is set"),
        ({"timeout": "7s"}, "request 7 s", ""),
        ({"timeout": "0s", "idle_timeout": "60s"}, "request without limit, silent stream 60 s", ""),
        ({"retry_policy": {"per_try_timeout": "2.5s"}}, "request 15 s, try 2.5 s", ""),
    ],
)
def test_limits_of_time(action, chosen, reason):
    step = told(action)[0]
    assert (step.kind, step.chosen, step.reason) == ("time_limits", chosen, reason)


def test_every_limit_of_time_is_noted():
    notes = told({"timeout": "7s", "hedge_policy": {"hedge_on_per_try_timeout": True}})[0].notes
    assert notes == (
        "request: 7 s (the route's timeout), then 504 (UT) response_timeout",
        "silent stream: 5 min (default), then 504 (SI) stream_idle_timeout",
        "connecting: 5 s (default), then 503 (UF) connection timeout",
        "a try that takes too long goes on beside the next one (hedge_policy)",
    )


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(250, "250 ms"), (1500, "1.5 s"), (15_000, "15 s"), (60_000, "60 s"), (300_000, "5 min"),
     (301_000, "301 s")],
)  # fmt: skip
def test_durations(milliseconds, words):
    assert duration(milliseconds) == words


def test_a_plain_route_has_only_limits_of_time():
    assert [step.kind for step in told({})] == ["time_limits"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"retry_on": "5xx,reset", "num_retries": 3}, ("retries", "up to 3", "on 5xx, reset")),
        ({"retry_on": "bogus"},
         ("retries", "none", "the route's policy has no condition that Envoy knows")),
    ],
)  # fmt: skip
def test_retries(policy, expected):
    assert brief(told({"retry_policy": policy}))[1:] == [expected]


def test_internal_redirects():
    policy = {"redirect_response_codes": [302, 307], "allow_cross_scheme_redirect": True}
    (_, step) = told({"internal_redirect_policy": policy})
    assert step.chosen == "up to 1"
    assert step.reason == "Envoy itself follows 302, 307 of the endpoint to an absolute URL"
    assert step.notes == ("also to another scheme",)


@pytest.mark.parametrize(
    ("policy", "chosen", "reason", "notes"),
    [
        ({"cluster": "m"}, "m", "gets a copy as a.com-shadow; its answer is dropped", 1),
        (
            {"cluster": "m", "runtime_fraction": {"default_value": {"numerator": 10}}},
            "m",
            "gets a copy as a.com-shadow in 10 %; its answer is dropped",
            1,
        ),
        (
            {"cluster": "m", "request_headers_mutations": [{"remove": "x"}]},
            "m",
            "gets a copy as a.com-shadow; its answer is dropped",
            2,
        ),
        ({"cluster": "gone"}, "gone", "there is no such cluster: there is no copy", 1),
        (
            {"cluster_header": "x-c"},
            "none",
            "the header that names the cluster is absent: there is no copy",
            1,
        ),
    ],
)
def test_mirrors(policy, chosen, reason, notes):
    (_, step) = told({"request_mirror_policies": [policy]}, cluster("a"), cluster("m"))
    assert (step.chosen, step.reason, len(step.notes)) == (chosen, reason, notes)


def test_a_mirror_is_told_with_the_cluster_whose_requests_are_copied():
    clusters = [{"name": name, "weight": 50} for name in "ab"]
    half = {"default_value": {"numerator": 50}}
    action = {
        "weighted_clusters": {"clusters": clusters},
        "request_mirror_policies": [{"cluster": "m", "runtime_fraction": half}],
    }
    routes = table(host("all", ["*"], route(None, route=action)))
    asked = behind(routes, clusters=[cluster(name) for name in "abm"])
    steps = explained(asked).steps
    assert [(s.chosen, s.outcome) for s in steps if s.kind == "mirror"] == [("m", 0)]
    assert [s.outcome for s in steps if s.kind == "time_limits"] == [None]


def test_nothing_is_told_of_a_request_that_is_not_forwarded():
    assert told({"timeout": "7s"}, {"name": "a", "type": "EDS"}, eds=[endpoints("a")]) == []


def test_limits_of_the_connection_manager():
    routes = table(host("all", ["*"], route()))
    config = manager(routes, stream_idle_timeout="30s")
    asked = tracer(sections([listener(chain(config))]))
    (step,) = [one for one in explained(asked).steps if one.kind == "time_limits"]
    assert step.chosen == "request 15 s, silent stream 30 s"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, [("time_limits", "silent connection 60 min", "by default")]),
        ({"idle_timeout": "9s"}, [("time_limits", "silent connection 9 s", "")]),
        ({"idle_timeout": "0s"}, [("time_limits", "connecting 5 s", "by default")]),
        (
            {"idle_timeout": "9s", "max_downstream_connection_duration": "90s"},
            [("time_limits", "connection 90 s, silent connection 9 s", "")],
        ),
        (
            {"max_connect_attempts": 3},
            [
                ("time_limits", "silent connection 60 min", "by default"),
                ("retries", "up to 3", "times an endpoint is dialled (max_connect_attempts)"),
            ],
        ),
    ],
)
def test_connections_of_tcp_proxy(config, expected):
    asked = tracer(sections([listener(chain(tcp("a", **config)))]))
    assert brief(s for s in explained(asked).steps if s.kind in KINDS) == expected


def test_nothing_is_told_of_a_connection_without_an_endpoint():
    asked = tracer(sections([listener(chain(tcp("a")))], clusters=[]))
    assert [step for step in explained(asked).steps if step.kind in KINDS] == []


OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (None, None),
        ({"explicit_http_config": {"http_protocol_options": {}}}, None),
        ({"explicit_http_config": {"http2_protocol_options": {}}},
         "plaintext; HTTP/2"),
        ({"use_downstream_protocol_config": {}}, None),
        ({"auto_config": {}}, "plaintext; HTTP/2 or HTTP/1.1 as ALPN decides"),
    ],
)  # fmt: skip
def test_the_protocol_of_the_second_half_is_told(options, words):
    own = {} if options is None else {OPTIONS: typed(OPTIONS, **options)}
    routes = table(host("all", ["*"], route()))
    asked = behind(routes, clusters=[cluster("a", typed_extension_protocol_options=own)])
    (step,) = [one for one in explained(asked).steps if one.kind == "upstream_tls"]
    assert (words or "no transport socket") in step.reason
    assert ("HTTP/" in step.reason) is (words is not None)

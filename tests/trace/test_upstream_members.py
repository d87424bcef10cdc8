"""Clusters of other clusters: which member has the request, and what the member decides."""

import pytest

from tests.trace.sidecars import (
    DYNAMIC_FORWARD_PROXY,
    address,
    ask,
    brief,
    chain,
    cluster,
    host,
    listener,
    manager,
    of_type,
    only,
    reaching,
    route,
    sections,
    shares,
    table,
    tracer,
)

CHECKED = {"health_checks": [{"timeout": "1s"}]}
CONFIGURED = "health checks and outlier detection find what is configured"
AGGREGATE = {
    "name": "a",
    "lb_policy": "CLUSTER_PROVIDED",
    "cluster_type": {
        "name": "envoy.clusters.aggregate",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig",
            "clusters": ["one", "two"],
        },
    },
}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([cluster("one", "10.0.0.1:1"), cluster("two", "10.0.0.2:1")], ["10.0.0.1:1"]),
        ([cluster("one", "10.0.0.1:1!"), cluster("two", "10.0.0.2:1")], ["10.0.0.2:1"]),
        ([cluster("two", "10.0.0.2:1")], ["10.0.0.2:1"]),
        ([], []),
        ([{"name": "one", "type": "EDS"}], []),
    ],
)
def test_an_aggregate_goes_to_its_first_healthy_member(members, expected):
    answer = ask(reaching(AGGREGATE, *members))
    outcome = answer.outcomes[0]
    assert [one.address for one in outcome.endpoints] == expected
    unknown = bool(members) and "type" in members[0] and members[0]["type"] == "EDS"
    assert answer.exact is not unknown
    if not expected:
        assert brief(outcome) == ("unknown" if unknown else "503 UH no_healthy_upstream")


COMPOSITE = of_type(
    "composite", "composite.v3.ClusterConfig", clusters=[{"name": "one"}, {"name": "two"}]
)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([cluster("one", "10.0.0.1:1"), cluster("two", "10.0.0.2:1")], "10.0.0.1:1"),
        ([cluster("two", "10.0.0.2:1")], "10.0.0.2:1"),
        ([], "503 UH no_healthy_upstream"),
        ([{"name": "one", "type": "EDS"}], "unknown"),
    ],
)
def test_a_composite_goes_to_its_first_member_with_an_endpoint(members, expected):
    outcome = only(reaching(COMPOSITE, *members))
    found = outcome.endpoints[0].address if outcome.endpoints else brief(outcome)
    assert found == expected


TO_DESTINATION = {"name": "one", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"}


"""No listener filter restores the destination: it finds none."""


def within(name, *members):
    config = {"clusters": [{"name": member} for member in members]}
    return of_type("composite", "composite.v3.ClusterConfig", **config) | {"name": name}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([within("one", "two"), cluster("two", "10.0.0.2:1")], "10.0.0.2:1"),
        ([within("one", "three"), cluster("two", "10.0.0.2:1")], "10.0.0.2:1"),
        ([within("one", "one"), cluster("two", "10.0.0.2:1")], "unknown"),
        ([DYNAMIC_FORWARD_PROXY | {"name": "one"}], "unknown"),
        ([TO_DESTINATION, cluster("two", "10.0.0.2:1")], "10.0.0.2:1"),
    ],
)
def test_members_of_a_composite_pick_by_themselves(members, expected):
    outcome = only(reaching(COMPOSITE, *members))
    found = outcome.endpoints[0].address if outcome.endpoints else brief(outcome)
    assert found == expected


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (None, "unknown"),
        ([{"name": "one"}], "10.0.0.3:1"),
        ([{"name": "one", "host_statuses": [{"address": address("10.0.0.9:1")}]}], "unknown"),
    ],
)
def test_members_of_an_aggregate_may_find_endpoints_by_requests(statuses, expected):
    members = [TO_DESTINATION, cluster("two", "10.0.0.3:1")]
    routes = manager(table(host("all", ["*"], route())))
    built = sections([listener(chain(routes))], clusters=[AGGREGATE, *members])
    outcome = only(tracer(built, statuses))
    found = outcome.endpoints[0].address if outcome.endpoints else brief(outcome)
    assert found == expected


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ("a", {"forwarded a": 1.0}),
        ("one", {"503 UO upstream_reset_before_response_started{overflow}": 0.7,
                 "forwarded a": 0.3}),
    ],
)  # fmt: skip
def test_of_an_aggregate_the_members_have_circuit_breakers(of, expected):
    breaker = {"circuit_breakers": {"thresholds": [{"max_requests": 0}]}}
    own = {name: breaker if name == of else {} for name in ("a", "one")}
    one = cluster("one", "10.0.0.1:1", "10.0.0.2:1!", **own["one"])
    sidecar = reaching({**AGGREGATE, **own["a"]}, one, cluster("two", "10.0.0.3:1"))
    assert shares(ask(sidecar)) == expected


def test_the_health_of_members_is_assumed_too():
    answer = ask(reaching(AGGREGATE, cluster("one", **CHECKED)))
    assert CONFIGURED in answer.assumptions[0]

"""From ways to outcomes: equal ones are joined, probabilities add up to 1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trace.sidecars import (
    EVERYTHING,
    ask,
    behind,
    brief,
    chain,
    cluster,
    fault,
    host,
    listener,
    manager,
    only,
    route,
    sections,
    shares,
    table,
    tcp,
    tracer,
)


def drawing(*entries, **fields):
    clusters = [{"name": name, "weight": weight, **more} for name, weight, more in entries]
    return table(host("all", ["*"], route(None, route={"weighted_clusters": {
        "clusters": clusters}}, **fields)))  # fmt: skip


def test_entries_of_the_same_cluster_are_one_outcome():
    answer = ask(behind(drawing(("a", 1, {}), ("a", 1, {}))))
    assert shares(answer) == {"forwarded a": 1.0}


def test_what_the_endpoint_receives_tells_outcomes_apart():
    adding = {"request_headers_to_add": [{"header": {"key": "x", "value": "1"}}]}
    answer = ask(behind(drawing(("a", 1, {}), ("a", 3, adding))))
    found = {one.upstream_request.headers.get("x"): one.probability for one in answer.outcomes}
    assert found == {None: 0.25, ("1",): 0.75}


def test_unknown_and_known_outcomes_stand_side_by_side():
    routes = drawing(("a", 1, {}), ("e", 1, {}))
    answer = ask(behind(routes, clusters=[cluster("a"), {"name": "e", "type": "EDS"}]))
    assert shares(answer) == {"forwarded a": 0.5, "unknown": 0.5}
    assert not answer.exact


@given(
    weights=st.lists(st.integers(0, 100), min_size=1, max_size=4).filter(sum),
    percents=st.lists(st.integers(0, 100), max_size=3),
    unhealthy=st.sets(st.integers(0, 3)),
    missing=st.sets(st.integers(0, 3)),
)
def test_probabilities_add_up_to_1(weights, percents, unhealthy, missing):
    common = {"common_lb_config": {"healthy_panic_threshold": {"value": 0}}}
    clusters = [
        cluster(f"c{index}", "10.0.0.1:1!" if index in unhealthy else "10.0.0.1:1", **common)
        for index in range(len(weights))
        if index not in missing
    ]
    routes = drawing(*((f"c{index}", weight, {}) for index, weight in enumerate(weights)))
    filters = [{**fault(503, one), "name": f"f{index}"} for index, one in enumerate(percents)]
    answer = ask(behind(routes, *filters, clusters=clusters))
    assert all(one.probability > 0 for one in answer.outcomes)
    for outcome in answer.outcomes:
        if outcome.endpoints:
            assert sum(one.probability for one in outcome.endpoints) == pytest.approx(1)


def test_names_are_the_dump_s_and_null_where_it_has_none():
    named = table(host("v", ["*"], route(name="r")), name="t")
    outcome = only(behind(named))
    found = (outcome.listener, outcome.filter_chain, outcome.route_config, outcome.virtual_host)
    assert (*found, outcome.route, outcome.route_index) == ("l", "c", "t", "v", "r", 0)
    nameless = {"virtual_hosts": [host("v", ["*"], route(prefix="/x"), route())]}
    web = chain(manager(nameless), name="")
    outcome = only(tracer(sections([listener(web)])))
    found = (outcome.filter_chain, outcome.route_config, outcome.route, outcome.route_index)
    assert found == ("", None, None, 1)


@pytest.mark.parametrize(
    ("sidecar", "expected"),
    [
        (behind(EVERYTHING), "forwarded a"),
        (behind(EVERYTHING, clusters=[]), "503 NC cluster_not_found"),
        (behind(table()), "404 NR route_not_found"),
        (tracer(sections([listener(chain(tcp("a")))])), "forwarded a"),
        (tracer(sections([listener(chain(tcp("b")))])), "closed NC"),
        (tracer(sections([listener()])), "closed NR filter_chain_not_found"),
    ],
)
def test_verdict_and_response_go_together(sidecar, expected):
    outcome = only(sidecar)
    assert brief(outcome) == expected
    assert (outcome.response is None) is (outcome.verdict == "forwarded")
    assert bool(outcome.endpoints) is (outcome.verdict == "forwarded")
    if outcome.verdict == "closed":
        assert outcome.response.code == 0


def test_headers_are_those_that_the_client_did_not_send_like_that():
    changing = route(
        request_headers_to_add=[
            {"header": {"key": "x", "value": "2"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"},
            {"header": {"key": "same", "value": "1"},
             "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"},
        ],
        request_headers_to_remove=["gone"],
    )  # fmt: skip
    headers = {"x": "1", "same": "1", "gone": "1", "connection": "close", "kept": ["1", "2"]}
    sent = only(behind(table(host("all", ["*"], changing))), headers=headers).upstream_request
    assert sent.headers["x"] == ("2",)
    assert not {"same", "gone", "kept", "x-request-id", "connection"} & set(sent.headers)
    assert sent.removed_headers == ("gone",)

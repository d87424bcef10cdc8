"""A request's way through the connection manager to its end."""

import pytest

from osmscope.trace.connection import evaluate_connection
from osmscope.trace.http import evaluate_http
from osmscope.trace.sidecar import Sidecar
from tests.trace.sidecars import (
    EVERYTHING,
    HTTP,
    ask,
    behind,
    brief,
    chain,
    cluster,
    extension,
    fault,
    host,
    listener,
    manager,
    only,
    request,
    route,
    section,
    sections,
    shares,
    table,
    tracer,
)


def answering(*routes, **fields):
    return behind(table(host("all", ["*"], *routes)), **fields)


@pytest.mark.parametrize(
    ("action", "expected", "location"),
    [
        ({"redirect": {"host_redirect": "b.com"}}, "301 direct_response", "http://b.com/x"),
        ({"redirect": {"https_redirect": True, "response_code": "FOUND"}}, "302 direct_response",
         "https://a.com/x"),
        ({"direct_response": {"status": 418}}, "418 direct_response", None),
        ({"direct_response": {"status": 201}}, "201 direct_response", "http://a.com/x"),
        ({"non_forwarding_action": {}}, "503 NC cluster_not_found", None),
    ],
)  # fmt: skip
def test_what_a_route_answers_by_itself(action, expected, location):
    answer = ask(answering(route(None, **action)), path="/x")
    outcome = answer.outcomes[0]
    assert (brief(outcome), outcome.response.location) == (expected, location)
    assert (outcome.cluster, outcome.route_index, answer.exact) == (None, 0, True)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({}, "503 NC cluster_not_found"),
        ({"cluster_not_found_response_code": "NOT_FOUND"}, "404 NC cluster_not_found"),
    ],
)
def test_a_cluster_that_is_not_there(action, expected):
    outcome = only(answering(route("x", action=action)))
    assert (brief(outcome), outcome.cluster) == (expected, None)
    assert outcome.response.reason == 'there is no cluster "x"'


def test_a_header_that_names_no_cluster():
    outcome = only(answering(route(None, route={"cluster_header": "x"})))
    assert (brief(outcome), outcome.response.reason) == (
        "503 NC cluster_not_found",
        "the route gives no cluster",
    )


@pytest.mark.parametrize(
    ("clusters", "reason"),
    [
        ({"dynamic_warming_clusters": [{"cluster": cluster("a")}]},
         'the cluster "a" is still warming'),
        ({"dynamic_warming_clusters": [{"cluster": cluster("a"), "error_state": {"details": "x"}}]},
         'the cluster "a" is still warming'),
        ({"dynamic_active_clusters": [{"error_state": {"details": "bad", "failed_configuration": {
            "name": "b"}}}]}, 'there is no cluster "a"'),
    ],
)  # fmt: skip
def test_a_cluster_that_does_not_serve_yet(clusters, reason):
    built = sections([listener(chain(manager(EVERYTHING)))])
    built["Clusters"] = section("Clusters", **clusters)
    outcome = only(tracer(built))
    assert (brief(outcome), outcome.response.reason) == ("503 NC cluster_not_found", reason)


def test_a_missing_section_of_clusters_is_unknown_and_names_the_cluster():
    built = sections([listener(chain(manager(EVERYTHING)))])
    del built["Clusters"]
    answer = ask(tracer(built))
    outcome = answer.outcomes[0]
    assert (brief(outcome), outcome.cluster, answer.exact) == ("unknown", "a", False)


UPGRADE = {"connection": "upgrade", "upgrade": "websocket"}


@pytest.mark.parametrize(
    ("fields", "to", "expected"),
    [
        ({}, {}, "403 upgrade_failed"),
        ({"upgrade_configs": [{"upgrade_type": "websocket"}]}, {}, "forwarded a"),
        ({}, {"upgrade_configs": [{"upgrade_type": "websocket"}]}, "forwarded a"),
        ({"upgrade_configs": [{"upgrade_type": "websocket"}]},
         {"upgrade_configs": [{"upgrade_type": "websocket", "enabled": False}]},
         "403 upgrade_failed"),
    ],
)  # fmt: skip
def test_an_upgrade_has_to_be_allowed(fields, to, expected):
    outcome = only(answering(route(action=to), **fields), headers=UPGRADE)
    assert (brief(outcome), outcome.cluster, outcome.route_index) == (expected, "a", 0)


def test_an_upgrade_without_a_route_is_not_found():
    sidecar = answering(route(prefix="/x"))
    assert brief(only(sidecar, headers=UPGRADE)) == "404 NR route_not_found"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"host": None}, "400 missing_host_header"),
        ({"path": "/a#b"}, "400"),
    ],
)
def test_the_connection_manager_refuses_before_any_filter(asked, expected):
    outcome = only(behind(EVERYTHING, fault(503, 100)), **asked)
    assert brief(outcome).startswith(expected)
    # Envoy logs the virtual host that it had found, without a route.
    assert (outcome.virtual_host, outcome.route_index) == ("all", None)


MAPPER = {
    "mappers": [
        {"filter": {"response_flag_filter": {"flags": ["NR"]}}, "status_code": 410},
        {"filter": {"status_code_filter": {"comparison": {"op": "GE", "value": {
            "default_value": 500}}}}, "status_code": 599},
    ]
}  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"path": "/none"}, "410 NR route_not_found"),
        ({"path": "/x"}, "599 NC cluster_not_found"),
        ({"path": "/x", "headers": {"content-type": "application/grpc"}},
         "200 NC cluster_not_found"),
    ],
)  # fmt: skip
def test_replies_are_answered_as_they_are_logged(asked, expected):
    sidecar = answering(route("x", prefix="/x"), local_reply_config=MAPPER)
    assert brief(only(sidecar, **asked)) == expected


@pytest.mark.parametrize(
    ("own", "offered", "said", "protocol"),
    [
        (["h2", "http/1.1"], ["http/1.1", "h2"], None, "h2"),
        (["http/1.1"], ["h2", "http/1.1"], None, "http/1.1"),
        ([], ["h2"], None, "http/1.1"),
        (["h2"], ["h2"], "http/1.1", "http/1.1"),
    ],
)
def test_alpn_decides_what_is_spoken_unless_it_is_said(own, offered, said, protocol):
    tls = {"common_tls_context": {"alpn_protocols": own}}
    proxy = tracer(sections([listener(chain(manager(EVERYTHING), tls=tls))])).proxy
    asked = request(tls=True, alpn=offered, protocol=said)
    sidecar = Sidecar(proxy)
    connection = evaluate_connection(sidecar, asked)
    (path,) = evaluate_http(sidecar, connection, asked, asked.all_headers())
    assert path.request.protocol == protocol


def test_faults_split_every_weighted_cluster():
    clusters = [{"name": "a", "weight": 1}, {"name": "b", "weight": 3}]
    routes = table(host("all", ["*"], route(None, route={"weighted_clusters": {
        "clusters": clusters}})))  # fmt: skip
    sidecar = behind(routes, fault(503, 40), clusters=[cluster("a"), cluster("b")])
    answer = ask(sidecar)
    found = {(brief(one), one.cluster): round(one.probability, 9) for one in answer.outcomes}
    assert found == {
        ("503 FI fault_filter_abort", "a"): 0.1,
        ("503 FI fault_filter_abort", "b"): 0.3,
        ("forwarded a", "a"): 0.15,
        ("forwarded b", "b"): 0.45,
    }
    assert answer.exact


def test_what_the_last_filter_does_is_unknown_where_it_is_no_router():
    sidecar = tracer(sections([listener(chain(manager(EVERYTHING)))]))
    hcm = manager(EVERYTHING)
    hcm["typed_config"]["http_filters"] = [{"name": "odd", "typed_config": {"@type": "x/a.B"}}]
    answer = ask(tracer(sections([listener(chain(hcm))])))
    assert (brief(answer.outcomes[0]), answer.exact) == ("unknown", False)
    assert shares(ask(sidecar)) == {"forwarded a": 1.0}


INTERNAL = {
    "use_remote_address": True,
    "internal_address_config": {"cidr_ranges": [{"address_prefix": "192.0.2.0", "prefix_len": 24}]},
}


def routed(**router):
    typed_router = extension("router", f"{HTTP}.router.v3.Router", **router)
    config = manager(EVERYTHING, **INTERNAL)
    config["typed_config"]["http_filters"] = [typed_router]
    return tracer(sections([listener(chain(config))]))


@pytest.mark.parametrize(
    ("checked", "headers", "expected"),
    [
        ([], {"x-envoy-max-retries": "x"}, "forwarded a"),
        (["x-envoy-max-retries"], {"x-envoy-max-retries": "3"}, "forwarded a"),
        (["x-envoy-max-retries"], {"x-envoy-max-retries": "x"},
         "400 IH request_headers_failed_strict_check{x-envoy-max-retries}"),
    ],
)  # fmt: skip
def test_the_router_checks_headers_strictly(checked, headers, expected):
    outcome = only(routed(strict_check_headers=checked), headers=headers)
    assert (brief(outcome), outcome.cluster) == (expected, "a")


@pytest.mark.parametrize(("respected", "expected"), [(True, "77"), (False, "15000")])
def test_the_router_may_respect_the_timeout_that_comes_in(respected, expected):
    sidecar = routed(respect_expected_rq_timeout=respected)
    sent = only(sidecar, headers={"x-envoy-expected-rq-timeout-ms": "77"}).upstream_request
    changed = sent.headers.get("x-envoy-expected-rq-timeout-ms", ("77",))
    assert changed == (expected,)

from __future__ import annotations

import pytest

BOOTSTRAP = """
static_resources:
  listeners:
  - name: web
    address: {socket_address: {address: 10.0.0.1, port_value: 80}}
    filter_chains:
    - name: web-chain
      filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": FILTERS.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: web
          http_filters:
          - name: router
            typed_config: {"@type": FILTERS.http.router.v3.Router}
          route_config:
            name: web-routes
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - name: split
                match: {path: /split}
                route: {weighted_clusters: {clusters: [{name: a, weight: 25}, {name: b,
                    weight: 75}]}}
              - {name: move, match: {path: /move}, redirect: {host_redirect: new}}
              - name: rewrite
                match: {prefix: /old}
                route: {cluster: b, prefix_rewrite: /new}
                request_headers_to_add: [{header: {key: x-added, value: "1"}}]
                request_headers_to_remove: [x-gone]
  clusters:
  - {name: a, type: STATIC, load_assignment: {cluster_name: a,
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 10.1.0.1,
      port_value: 1}}}}]}]}}
  - {name: b, type: STATIC, load_assignment: {cluster_name: b,
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 10.1.0.2,
      port_value: 1}}}}, {endpoint: {address: {socket_address: {address: 10.1.0.3,
      port_value: 1}}}}]}]}}
""".replace("FILTERS", "type.googleapis.com/envoy.extensions.filters")

TO_WEB = "dst_ip: 10.0.0.1, dst_port: 80, host: h"


def asked(path: str, more: str = "") -> str:
    return f"{{{TO_WEB}, path: {path}{more}}}"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            asked("/old/a"),
            "{verdict: forwarded, listener: web, filter_chain: web-chain, "
            "route_config: web-routes, virtual_host: all, route: rewrite, route_index: 2, "
            "cluster: b}",
        ),
        (asked("/old/a"), "{code: 0, flags: [], details: '', location: ''}"),
        (asked("/old/a"), "{endpoint: '10.1.0.2:1', probability: 0.5}"),
        (
            asked("/old/a"),
            "{upstream_request: {method: GET, host: h, path: /new/a, "
            "headers: {x-added: '1', X-Gone: ''}}}",
        ),
        (
            asked("/old/a", ", headers: {x-kept: [a, b], x-gone: c}"),
            "{upstream_request: {headers: {x-kept: [a, b], x-gone: []}}}",
        ),
        (
            asked("/move"),
            "{verdict: responded, code: 301, location: 'http://new/move', cluster: '', "
            "endpoint: ''}",
        ),
        (asked("/none"), "{code: 404, flags: [NR], details: route_not_found, route: ''}"),
        (asked("/split"), "{cluster: a, probability: 0.25}"),
        (asked("/split"), "{cluster: a, endpoint: '10.1.0.1:1', probability: 0.25}"),
        (asked("/split"), "{cluster: b, endpoint: '10.1.0.3:1', probability: 0.375}"),
        (asked("/split"), "{cluster: c, probability: 0}"),
        (asked("/split"), "{verdict: forwarded}"),
        (asked("/split", ", random_value: 24"), "{cluster: a}"),
        (asked("/move"), "{exact: true}"),
    ],
)
def test_a_test_holds(mismatches, asked, expected):
    assert mismatches(BOOTSTRAP, asked, expected) == {}


@pytest.mark.parametrize(
    ("asked", "expected", "actual"),
    [
        (asked("/split"), "{cluster: a}", {"cluster": "a (25.0%), b (75.0%)"}),
        (
            asked("/split"),
            "{cluster: a, probability: 0.5}",
            {"cluster": "a (25.0%), b (75.0%)", "probability": "0.25"},
        ),
        (asked("/split"), "{cluster: c, verdict: forwarded}", {"cluster": "a (25.0%), b (75.0%)"}),
        (
            asked("/split"),
            "{cluster: a, route: x, probability: 0.25}",
            {"route": "split (25.0%), split (75.0%)", "probability": "0"},
        ),
        (
            asked("/old"),
            "{endpoint: '10.1.0.2:1'}",
            {"endpoint": "10.1.0.2:1 50.0%, 10.1.0.3:1 50.0%"},
        ),
        (
            asked("/old"),
            "{upstream_request: {path: /x, headers: {x-added: [a]}}}",
            {"upstream_request path": "/new", "upstream_request x-added": "1"},
        ),
        (
            asked("/none"),
            "{code: 200, flags: [UH], cluster: a}",
            {"code": "404", "flags": "NR", "cluster": ""},
        ),
        (asked("/none"), "{endpoint: 'a:1'}", {"endpoint": '""'}),
        ("{dst_ip: 10.9.9.9, dst_port: 1, host: h}", "{listener: web}", {"listener": ""}),
    ],
)
def test_a_test_that_fails_says_what_came(mismatches, asked, expected, actual):
    assert mismatches(BOOTSTRAP, asked, expected) == actual


def result(run, asked: str, expected: str):
    (one,) = run(
        BOOTSTRAP, f"tests: [{{test_name: t, input: {asked}, validate: {expected}}}]"
    ).results
    return one


def test_a_failure_comes_with_the_decisions_about_its_fields(run):
    failed = result(run, asked("/old"), "{cluster: a}")
    assert [step.kind for step in failed.steps] == ["route", "cluster"]
    failed = result(run, asked("/none"), "{verdict: forwarded}")
    assert [(step.kind, step.failed) for step in failed.steps] == [("route", True)]


def test_what_an_answer_rests_on_is_kept(run):
    assumed = result(run, "{host: elsewhere, path: /old}", "{exact: true}")
    assert not assumed.passed
    assert assumed.assumptions


def test_runtime_of_the_file_holds_under_that_of_the_test(run):
    table = BOOTSTRAP.replace("{path: /move}", "{path: /move, runtime_fraction: {runtime_key: k}}")
    expected = "validate: {code: 301}"
    tests = f"""
        runtime: {{k: 100}}
        tests:
        - {{test_name: on, input: {asked("/move")}, {expected}}}
        - {{test_name: off, input: {asked("/move", ", runtime: {k: 0}")}, {expected}}}
    """
    assert [one.passed for one in run(table, tests).results] == [True, False]

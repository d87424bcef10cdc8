from __future__ import annotations

TABLE = """
virtual_hosts:
- name: main
  domains: [h]
  routes:
  - {match: {prefix: /a}, route: {cluster: a}}
  - {match: {prefix: /code}, redirect: {path_redirect: /b}}
  - {match: {prefix: /format}, route: {cluster: a}, request_headers_to_add: [{header: {key: x,
      value: "%START_TIME%"}}]}
  - {match: {prefix: /state, filter_state: [{key: k, string_match: {exact: a}}]},
      route: {cluster: b}}
"""


def test_each_expectation_that_does_not_hold_is_told(mismatches):
    expected = """{
        cluster_name: b, virtual_host_name: other, path_rewrite: /b, path_redirect: x,
        code_redirect: 301, timeout: 1s, route_metadata: [{namespace: n, key: k, value: v}],
        request_header_fields: [{key: y, value: z}],
        response_header_matches: [{name: z, string_match: {prefix: a}}],
    }"""
    assert mismatches(TABLE, "{authority: h, path: /a}", expected) == {
        "cluster_name": "a",
        "virtual_host_name": "main",
        "path_rewrite": "/a",
        "path_redirect": "",
        "code_redirect": "0",
        "timeout": "15s",
        "route_metadata n k": "",
        "request_header_fields y": "",
        "response_header_matches z": 'header "z" is absent',
    }


def one(run, asked: str, expected: str):
    tests = f"tests: [{{test_name: t, input: {asked}, validate: {expected}}}]"
    (result,) = run(TABLE, tests).results
    return result


def test_a_failure_comes_with_the_decisions_that_led_there(run):
    result = one(run, "{authority: h, path: /a}", "{cluster_name: b}")
    assert [(step.kind, step.chosen) for step in result.steps] == [
        ("virtual_host", "main"), ("route", "#0"), ("cluster", "a"),
    ]  # fmt: skip
    (mismatch,) = result.mismatches
    assert (mismatch.expected, mismatch.actual) == ("b", "a")


def test_a_matcher_is_told_without_its_defaults(run):
    result = one(
        run, "{authority: h, path: /a}", "{request_header_matches: [{name: x, exact_match: y}]}"
    )
    assert [one.expected for one in result.mismatches] == ['{"exact_match":"y"}']


def test_a_test_that_passes_explains_nothing(run):
    result = one(run, "{authority: h, path: /a}", "{cluster_name: a}")
    assert result.passed
    assert result.steps == ()


def test_what_a_header_cannot_be_made_of_is_an_assumption(run):
    result = one(run, "{authority: h, path: /format}", "{cluster_name: a}")
    assert result.passed
    assert result.assumptions == ("%START_TIME% is left out: it is not known",)


def test_a_duration_that_is_none_fails_its_test_alone(run):
    result = one(run, "{authority: h, path: /a}", "{timeout: soon}")
    assert not result.passed
    assert "'soon' is not a duration" in result.error


def test_a_field_that_is_not_known_on_the_way_is_an_assumption(run):
    table = """
        virtual_hosts:
        - {name: other, domains: [x], new_b: 1, routes: []}
        - name: main
          domains: [h]
          new_a: 1
          routes:
          - {match: {prefix: /x, new_c: 1}, route: {cluster: a}}
          - {match: {prefix: /, new_d: 1}, route: {cluster: a}}
    """
    tests = "tests: [{test_name: t, input: {authority: h, path: /}, validate: {timeout: 15s}}]"
    (result,) = run(table, tests).results
    assert [text.split()[2] for text in result.assumptions] == [
        "virtual_hosts[1].new_a", "virtual_hosts[1].routes[1].match.new_d",
    ]  # fmt: skip

from __future__ import annotations

import pytest

from osmscope.errors import SelectorError

TABLE = """
virtual_hosts:
- name: v
  domains: ["*"]
  routes:
  - {match: {safe_regex: {regex: "["}}, route: {cluster: a}}
"""


def test_a_test_that_cannot_be_evaluated_fails_alone(run):
    test = "{test_name: a, input: {authority: h, path: /}, validate: {cluster_name: a}}"
    other = "{test_name: b, input: {dst_ip: 10.0.0.1, dst_port: 1}, validate: {listener: ''}}"
    first, second = run(TABLE, f"tests: [{test}, {other}]").results
    assert not first.passed
    assert first.error
    assert second.passed


def test_what_nobody_foresaw_fails_its_test_alone(run):
    asked = "{dst_ip: 10.0.0.1, dst_port: 1, runtime: {a: 36893488147419103232}}"
    test = f"{{test_name: a, input: {asked}, validate: {{listener: ''}}}}"
    (result,) = run(TABLE, f"tests: [{test}]").results
    assert result.error.startswith("internal error: OverflowError")


def test_a_table_that_is_not_there_ends_the_run(run):
    test = (
        "{test_name: a, route_config: x, input: {authority: h, path: /}, validate: {timeout: 1s}}"
    )
    with pytest.raises(SelectorError, match="no route configuration is named 'x'"):
        run(TABLE, f"tests: [{test}]")


def test_it_counts_what_fails(run):
    test = "{test_name: a, input: {dst_ip: 10.0.0.1, dst_port: 1}, validate: {listener: '%s'}}"
    done = run(TABLE, f"tests: [{test % 'x'}, {test % ''}]")
    assert (done.failed, len(done.results), done.seconds) == (1, 2, 0.0)

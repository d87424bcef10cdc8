from __future__ import annotations

import pytest

from osmscope.dump.sections import Dump
from osmscope.errors import SelectorError
from osmscope.resources.proxy import Proxy
from osmscope.route_tests.tables import RouteTables

TWO = """
configs:
- "@type": type.googleapis.com/envoy.admin.v3.RoutesConfigDump
  dynamic_route_configs:
  - route_config: {"@type": type.googleapis.com/envoy.config.route.v3.RouteConfiguration,
      name: one, virtual_hosts: [{name: v, domains: ["*"], routes: [{match: {prefix: /a},
      route: {cluster: a}}, {name: last, match: {prefix: /}, route: {cluster: b}}]}]}
  - route_config: {"@type": type.googleapis.com/envoy.config.route.v3.RouteConfiguration,
      name: two, virtual_hosts: [{name: v, domains: ["*"], routes: [{match: {prefix: /},
      route: {cluster: b}}]}]}
"""


def tables(text: str, name: str | None = None) -> RouteTables:
    return RouteTables(Proxy(Dump.read(text.encode(), where="d.yaml")), name)


def case(name: str, path: str, cluster: str, table: str) -> str:
    return f"""
        - test_name: {name}
          route_config: {table}
          input: {{authority: h, path: {path}}}
          validate: {{cluster_name: {cluster}}}"""


def test_only_passing_tests_reach_a_route(run):
    tests = "tests:" + case("right", "/a", "a", "one") + case("wrong", "/", "a", "one")
    coverage = run(TWO, tests).coverage
    assert [(one.id.route_config, one.id.index) for one in coverage.unreached] == [
        ("one", 1), ("two", 0),
    ]  # fmt: skip
    assert (coverage.routes, round(coverage.percent)) == (3, 33)


def test_the_table_that_is_named_is_the_whole(run):
    coverage = run(TWO, "tests:" + case("a", "/", "b", "two"), "two").coverage
    assert (coverage.routes, coverage.percent) == (1, 100)


def test_a_table_without_routes_is_covered():
    assert tables("virtual_hosts: []").coverage(()).percent == 100


@pytest.mark.parametrize(("name", "chosen"), [("one", "one"), ("two", "two")])
def test_a_test_names_its_table(name, chosen):
    assert tables(TWO).choose(name).configuration.name == chosen


def test_the_only_table_needs_no_name():
    assert tables(TWO, "two").choose(None).configuration.name == "two"


@pytest.mark.parametrize(
    ("text", "only", "name", "message"),
    [
        (
            TWO,
            None,
            None,
            "there are several route configurations (d.yaml); "
            "name one with --route-config: one, two",
        ),
        (
            TWO,
            None,
            "three",
            "no route configuration is named 'three' (d.yaml); name one of one, two",
        ),
        (
            TWO,
            "three",
            None,
            "no route configuration is named 'three' (d.yaml); name one of one, two",
        ),
        (
            TWO.replace("name: two", "name: one"),
            None,
            "one",
            "several route configurations are named one (d.yaml); "
            "write a test that starts at the listener",
        ),
        (
            "static_resources: {}",
            None,
            None,
            "no route configuration (d.yaml); give a source that has one",
        ),
    ],
)
def test_a_table_that_cannot_be_chosen_is_named(text, only, name, message):
    with pytest.raises(SelectorError) as caught:
        tables(text, only).choose(name)
    assert str(caught.value) == message

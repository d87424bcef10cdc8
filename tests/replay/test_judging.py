"""A line differs only where nothing that it leaves open explains it."""

from __future__ import annotations

import json

import pytest

from osmscope.dump.sections import Dump
from osmscope.replay.asking import Asking
from osmscope.replay.configured import configured
from osmscope.replay.judging import AGREES, Judge, Judgement
from osmscope.replay.logged import Logged
from osmscope.resources.proxy import Proxy
from osmscope.trace.completion import Completion
from osmscope.trace.inference import Destinations
from osmscope.trace.tracer import Tracer

TYPES = "type.googleapis.com/envoy"
MANAGER = f"{TYPES}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = {
    "name": "router",
    "typed_config": {"@type": f"{TYPES}.extensions.filters.http.router.v3.Router"},
}


def cluster(name: str, **fields: object) -> dict[str, object]:
    address = {"socket_address": {"address": "10.0.0.9", "port_value": 80}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    assignment = {"cluster_name": name, "endpoints": endpoints}
    return {"name": name, "type": "STATIC", "load_assignment": assignment, **fields}


def rbac(*, permission: dict[str, object], principal: dict[str, object]) -> dict[str, object]:
    policy = {"permissions": [permission], "principals": [principal]}
    config = {
        "@type": f"{TYPES}.extensions.filters.http.rbac.v3.RBAC",
        "rules": {"action": "ALLOW", "policies": {"p": policy}},
    }
    return {"name": "rbac", "typed_config": config}


def judge(*routes: dict[str, object], filters: tuple[dict[str, object], ...] = ()) -> Judge:
    """Ask a plain Envoy with one listener."""
    host = {"name": "host", "domains": ["*"], "routes": routes}
    manager = {
        "@type": MANAGER,
        "stat_prefix": "s",
        "route_config": {"name": "inline", "virtual_hosts": [host]},
        "http_filters": [*filters, ROUTER],
    }
    listener = {
        "name": "listener",
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
    }
    clusters = (cluster("a", alt_stat_name="a_stat"), cluster("b"))
    configs = [
        {"@type": f"{TYPES}.admin.v3.BootstrapConfigDump", "bootstrap": {}},
        {
            "@type": f"{TYPES}.admin.v3.ListenersConfigDump",
            "dynamic_listeners": [{"name": "listener", "active_state": {"listener": listener}}],
        },
        {
            "@type": f"{TYPES}.admin.v3.ClustersConfigDump",
            "static_clusters": [{"cluster": one} for one in clusters],
        },
    ]
    proxy = Proxy(Dump.read(json.dumps({"configs": configs}).encode(), where="a dump"))
    found = configured(proxy)
    asking = Asking(proxy, Completion(Destinations(proxy)), found)
    return Judge(proxy, Tracer(proxy), asking, found)


def route(to: str, prefix: str = "/", **match: object) -> dict[str, object]:
    return {"match": {"prefix": prefix, **match}, "route": {"cluster": to}}


def header(**matcher: object) -> list[dict[str, object]]:
    return [{"name": "x-tenant", **matcher}]


def line(name: str = "a", **fields: object) -> Logged:
    given = {
        "method": "GET",
        "path": "/x",
        "authority": "host",
        "code": 200,
        "cluster": name,
        "upstream_host": "10.0.0.9:80",
        "local_address": "10.0.0.1:80",
    }
    return Logged(**{**given, **fields})


def verdict(judgement: Judgement) -> str:
    if judgement == AGREES:
        return "agrees"
    return "untold" if judgement.untold else "differs"


@pytest.mark.parametrize(
    ("routes", "given", "expected"),
    [
        ([route("a")], line(), "agrees"),
        ([route("a")], line("a_stat"), "agrees"),
        ([route("b")], line(), "differs"),
        ([route("a")], line(method="", cluster="", upstream_host="", code=0), "untold"),
        ([route("gone")], line(), "differs"),
    ],
)
def test_by_what_is_logged(routes, given: Logged, expected: str) -> None:
    assert verdict(judge(*routes).judge(given)) == expected


@pytest.mark.parametrize(
    ("matcher", "given", "expected"),
    [
        ({"string_match": {"exact": "t"}}, line("a"), "agrees"),
        ({"string_match": {"exact": "t"}}, line("b"), "agrees"),
        ({"string_match": {"exact": "t"}}, line("c"), "differs"),
        ({"string_match": {"exact": "t"}}, line("a", headers=(("x-tenant", ""),)), "differs"),
        ({"string_match": {"exact": "t"}}, line("a", headers=(("x-tenant", "t"),)), "agrees"),
        ({"string_match": {"safe_regex": {"regex": "[0-9]{9}"}}}, line("a"), "untold"),
        ({"string_match": {"safe_regex": {"regex": "[0-9]{9}"}}}, line("b"), "agrees"),
    ],
)
def test_a_header_that_is_not_logged(matcher, given: Logged, expected: str) -> None:
    found = judge(route("a", headers=header(**matcher)), route("b")).judge(given)
    assert verdict(found) == expected
    if expected == "untold":
        assert "x-tenant" in found.untold


def test_a_header_that_access_control_reads() -> None:
    permission = {"header": {"name": "x-tenant", "string_match": {"exact": "t"}}}
    judging = judge(route("a"), filters=(rbac(permission=permission, principal={"any": True}),))
    assert judging.judge(line()).untold == "a header decides that is not logged: x-tenant"
    assert verdict(judging.judge(line(headers=(("x-tenant", "t"),)))) == "agrees"
    assert verdict(judging.judge(line(headers=(("x-tenant", ""),)))) == "differs"


@pytest.mark.parametrize(
    ("remote", "expected"),
    [("10.1.0.5:999", "agrees"), ("10.2.0.5:999", "differs"), (None, "agrees")],
)
def test_the_clients_address_is_asked_about_where_it_matters(
    remote: str | None, expected: str
) -> None:
    principal = {"direct_remote_ip": {"address_prefix": "10.1.0.0", "prefix_len": 16}}
    judging = judge(route("a"), filters=(rbac(permission={"any": True}, principal=principal),))
    for _ in range(2):  # remembered, it is the same
        assert verdict(judging.judge(line(remote_address=remote))) == expected


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("osmscope.replay.judging._MOST_REMEMBERED", 3)
    judging = judge(route("a"))
    assert {verdict(judging.judge(line(path=f"/{number}"))) for number in range(20)} == {"agrees"}


def test_a_resource_that_cannot_be_read_is_told() -> None:
    broken = {"match": {"safe_regex": {"regex": "("}}, "route": {"cluster": "a"}}
    found = judge(broken).judge(line())
    assert verdict(found) == "untold"


def test_a_line_that_nobody_foresaw_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    judging = judge(route("a"))
    monkeypatch.setattr(Asking, "readings", lambda self, line: 1 / 0)
    assert judging.judge(line()).untold == "internal error: ZeroDivisionError: division by zero"

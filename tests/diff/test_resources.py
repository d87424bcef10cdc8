"""The resources of two sidecars side by side."""

import json

import pytest

from osmscope.diff.meaning import Change
from osmscope.diff.resources import ResourceChange, compare, missing_kinds
from osmscope.dump.clusters import Clusters, read_clusters
from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.session.sources import SourceOptions, read_sidecar
from tests.trace.sidecars import (
    EVERYTHING,
    active,
    chain,
    cluster,
    endpoints,
    listener,
    manager,
    section,
    sections,
    table,
)  # fmt: skip


def proxy(hosts: Clusters | None = None, **built: object) -> Proxy:
    made = sections(**built)
    return Proxy(Dump.read(json.dumps({"configs": [*made.values()]}).encode(), where="t"), hosts)


LISTENER = listener(chain(manager(EVERYTHING)))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, []),
        ({"clusters": [cluster("a")]}, {"clusters": []}, [("cluster", "a", "removed")]),
        ({"clusters": []}, {"clusters": [cluster("a")]}, [("cluster", "a", "added")]),
        (
            {"routes": [table(name="r")]},
            {"routes": [table(name="r", validate_clusters=False)]},
            [("route_config", "r", "changed")],
        ),
        (
            {"listeners": [LISTENER, listener(name="m")]},
            {"listeners": [{**LISTENER, "traffic_direction": "INBOUND"}]},
            [("listener", "l", "changed"), ("listener", "m", "removed")],
        ),
        (
            {"eds": [endpoints("a", "10.0.0.1:80", "10.0.0.2:80")]},
            {"eds": [endpoints("a", "10.0.0.2:80", "10.0.0.1:80")]},
            [],
        ),
    ],
)
def test_what_differs(
    before: dict[str, object], after: dict[str, object], expected: list[tuple[str, str, str]]
) -> None:
    found = compare(proxy(**before), proxy(**after))
    assert [(one.kind, one.name, one.what) for one in found] == expected


def test_a_change_names_its_place_and_both_values() -> None:
    (found,) = compare(
        proxy(eds=[endpoints("a", "10.0.0.1:80")]), proxy(eds=[endpoints("a", "10.0.0.1:80!")])
    )
    place = "endpoints[no locality, priority 0].lb_endpoints[10.0.0.1:80].health_status"
    assert found.changes == (Change(place, "HEALTHY", "UNHEALTHY"),)


def test_versions_and_times_are_no_difference() -> None:
    def at(version: str) -> Proxy:
        entry = {"version_info": version, "last_updated": f"2024-01-0{version}T00:00:00Z"}
        held = [{"cluster": cluster("a"), **entry}]
        built = section("Clusters", version_info=version, dynamic_active_clusters=held)
        return Proxy(Dump.read(json.dumps({"configs": [built]}).encode(), where="t"))

    assert compare(at("1"), at("2")) == ()


def test_listeners_without_a_name_are_told_by_their_place() -> None:
    def of(port: int) -> Proxy:
        body = {key: value for key, value in LISTENER.items() if key != "name"}
        held = active({**LISTENER, "name": ""})
        held["active_state"] = {"listener": {**body, "stat_prefix": str(port)}}
        built = section("Listeners", dynamic_listeners=[held])
        return Proxy(Dump.read(json.dumps({"configs": [built]}).encode(), where="t"))

    (found,) = compare(of(1), of(2))
    assert (found.name, found.what) == ("listener #0", "changed")


def test_a_kind_that_one_dump_does_not_show_is_not_compared() -> None:
    one, other = proxy(eds=[endpoints("a", "10.0.0.1:80")]), proxy()
    assert compare(one, other) == ()
    assert missing_kinds(one, other) == ("endpoint",)


def hosts(*addresses: str, **health: object) -> Clusters:
    listed = []
    for one in addresses:
        ip, _, port = one.partition(":")
        at = {"socket_address": {"address": ip, "port_value": int(port)}}
        listed.append({"address": at, "health_status": health, "weight": 1})
    answer = {"cluster_statuses": [{"name": "a", "host_statuses": listed}]}
    return read_clusters(json.dumps(answer).encode(), where="t")


HEALTHY = {"eds_health_status": "HEALTHY"}


def test_live_hosts_are_compared_where_both_show_them() -> None:
    before = proxy(hosts("10.0.0.1:80", "10.0.0.2:80", **HEALTHY))
    after = proxy(hosts("10.0.0.2:80", "10.0.0.3:80", failed_active_health_check=True, **HEALTHY))
    assert compare(before, after) == (
        ResourceChange(kind="host", name="a 10.0.0.1:80", what="removed"),
        ResourceChange(
            kind="host",
            name="a 10.0.0.2:80",
            what="changed",
            changes=(Change("health", "healthy", "failed_active_hc"),),
        ),
        ResourceChange(kind="host", name="a 10.0.0.3:80", what="added"),
    )
    assert compare(before, proxy()) == ()
    gone = read_clusters(b'{"cluster_statuses": [{"name": "b"}]}', where="t")
    assert {one.what for one in compare(before, proxy(gone))} == {"removed"}


def test_two_replicas_differ_in_their_own_names_alone(bookstore) -> None:
    pods = [
        read_sidecar(
            f"bookstore/bookstore-v2-845b8d6f9c-{one}", SourceOptions(from_=str(bookstore))
        )
        for one in ("h8wqz", "t5k9n")
    ]
    found = compare(pods[0].proxy, pods[1].proxy)
    assert {(one.kind, one.what) for one in found} == {
        ("listener", "changed"), ("route_config", "changed"), ("secret", "changed"),
    }  # fmt: skip

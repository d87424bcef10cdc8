"""What somebody should look at in a sidecar, a table for each check."""

import datetime
import json

import msgspec
import pytest

from osmscope.check.dangling import dangling
from osmscope.check.expiring import expiring, validity
from osmscope.check.finding import Finding
from osmscope.check.findings import findings
from osmscope.check.rejected import rejected
from osmscope.check.unhealthy import unhealthy
from osmscope.check.warming import warming
from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.oracle.throw_away_keys import Authority
from osmscope.resources.certificate import Certificate
from osmscope.resources.proxy import Proxy
from osmscope.session.sources import SourceOptions, read_sidecar
from tests.trace.sidecars import (
    EVERYTHING,
    chain,
    cluster,
    extension,
    host,
    listener,
    manager,
    route,
    section,
    sections,
    table,
    tcp,
)  # fmt: skip

TLS = "envoy.extensions.transport_sockets.tls.v3"
NOW = datetime.datetime(2026, 1, 10, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def proxy(*extra: object, statuses: object = None, **built: object) -> Proxy:
    made = sections(**built)
    configs = [one for one in made.values() if one["@type"] not in {e["@type"] for e in extra}]
    dump = Dump.read(json.dumps({"configs": [*configs, *extra]}).encode(), where="t")
    if statuses is None:
        return Proxy(dump)
    answer = json.dumps({"cluster_statuses": statuses}).encode()
    return Proxy(dump, read_clusters(answer, where="t"))


def brief(found) -> list[tuple[str, str, str, str]]:
    return [(one.severity, one.kind, one.name, one.words) for one in found]


def test_a_rejected_update_tells_whether_the_version_before_it_serves_on() -> None:
    error = {"details": "bad regex", "version_info": "2"}
    listed = section(
        "Listeners",
        dynamic_listeners=[
            {"name": "a", "active_state": {"listener": listener(name="a")}, "error_state": error},
            {"name": "b", "error_state": {}},
        ],
    )
    assert brief(rejected(proxy(listed))) == [
        ("error", "listener", "a",
         "the last update was rejected: bad regex; the version before it serves on"),
        ("error", "listener", "b",
         "the last update was rejected: no reason given; nothing serves in its place"),
    ]  # fmt: skip


def test_what_warms_alone_serves_nothing() -> None:
    listed = section(
        "Clusters",
        dynamic_active_clusters=[{"cluster": cluster("a")}],
        dynamic_warming_clusters=[{"cluster": cluster("a")}, {"cluster": cluster("b")}],
    )
    assert brief(warming(proxy(listed))) == [
        ("warning", "cluster", "a", "warming: the version before it serves on"),
        ("error", "cluster", "b", "warming: it serves nothing yet"),
    ]


def upstream_tls(secret: str) -> dict[str, object]:
    context = {"tls_certificate_sds_secret_configs": [{"name": secret}]}
    socket = extension("tls", f"{TLS}.UpstreamTlsContext", common_tls_context=context)
    return {"transport_socket": socket}


SECRETS = section("Secrets", dynamic_active_secrets=[{"name": "s", "secret": {"name": "s"}}])
INLINE = table(host("v", ["*"], route("gone"), route("a")), name="inline")


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        ({"listeners": [listener(chain(manager(EVERYTHING)))]}, []),
        (
            {"listeners": [listener(chain(tcp("gone")))]},
            [("filter_chain", "c", "its tcp_proxy names the cluster gone")],
        ),
        (
            {"listeners": [listener(chain(manager("rds")))]},
            [("filter_chain", "c", "its connection manager names the route configuration rds")],
        ),
        (
            {"listeners": [listener(chain(manager(INLINE)), name="m")]},
            [("filter_chain", "c", "route #0 of virtual host v names the cluster gone")],
        ),
        (
            {"listeners": [listener(default_filter_chain=chain(tcp("gone"), name=""))]},
            [("filter_chain", "(unnamed) of l", "its tcp_proxy names the cluster gone")],
        ),
        (
            {"routes": [table(host("v", ["*"], route("gone", name="r")), name="t")]},
            [("route", "v r", "it names the cluster gone")],
        ),
        ({"clusters": [cluster("a", **upstream_tls("s"))]}, []),
        (
            {"clusters": [cluster("a", **upstream_tls("t"))]},
            [("cluster", "a", "TLS to its endpoints names the secret t")],
        ),
    ],
)  # fmt: skip
def test_names_that_lead_nowhere(built: dict[str, object], expected: list[tuple[str, ...]]) -> None:
    found = list(dangling(proxy(SECRETS, **built)))
    there = ", which is not there"
    assert [(one.kind, one.name, one.words.removesuffix(there)) for one in found] == expected


def test_a_name_is_told_once() -> None:
    weights = {"weighted_clusters": {"clusters": [{"name": "gone", "weight": 1}] * 2}}
    twice = listener(chain(tcp(**weights)), chain(tcp("gone")))
    found = list(dangling(proxy(listeners=[twice])))
    assert [one.part for one in found] == ["#0", "#1"]


def test_what_only_warms_is_told_as_that() -> None:
    held = section("Clusters", dynamic_warming_clusters=[{"cluster": cluster("a")}])
    (found,) = dangling(proxy(held, listeners=[listener(chain(tcp("a")))]))
    assert found.words == "its tcp_proxy names the cluster a, which is only warming"


def test_a_section_that_was_not_dumped_proves_nothing() -> None:
    made = sections([listener(chain(tcp("gone")))])
    dump = Dump.read(json.dumps({"configs": [made["Listeners"]]}).encode(), where="t")
    assert list(dangling(Proxy(dump))) == []


def status(*health: dict[str, object]) -> list[object]:
    hosts = [
        {
            "address": {"socket_address": {"address": f"10.0.0.{index}", "port_value": 80}},
            "health_status": {"eds_health_status": "HEALTHY", **one},
        }
        for index, one in enumerate(health)
    ]
    return [{"name": "a", "host_statuses": hosts}]


ILL = {"failed_active_health_check": True}


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (status({}, {}), []),
        (status(), []),
        (
            status({}, ILL),
            [("warning", "1 of 2 endpoints not healthy: 10.0.0.1:80 (failed_active_hc)")],
        ),
        (
            status(ILL),
            [("error", "1 of 1 endpoints not healthy: 10.0.0.0:80 (failed_active_hc)")],
        ),
    ],
)
def test_endpoints_that_are_not_healthy(statuses, expected) -> None:
    found = list(unhealthy(proxy(statuses=statuses)))
    assert [(one.severity, one.words) for one in found] == expected


def test_many_unhealthy_endpoints_are_not_all_listed() -> None:
    (found,) = unhealthy(proxy(statuses=status(*[ILL] * 9)))
    assert found.words.startswith("9 of 9 endpoints not healthy: 10.0.0.0:80")
    assert found.words.endswith(", …")
    assert list(unhealthy(proxy())) == []


def certificate(start: datetime.timedelta, end: datetime.timedelta) -> Certificate:
    return Certificate(subject="", issuer="", not_before=NOW + start, not_after=NOW + end)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (-DAY, DAY, None),
        (-300 * DAY, 60 * DAY, None),
        (-300 * DAY, 6 * DAY, ("warning", "expires in 6 days")),
        (-23 * DAY / 24, DAY / 24, ("warning", "expires in 60 minutes")),
        (-300 * DAY, 3 * DAY / 24, ("warning", "expires in 3 hours")),
        (-2 * DAY, -DAY, ("error", "expired 24 hours ago")),
        (-9 * DAY, 0 * DAY, ("error", "expired 0 minutes ago")),
        (DAY, 2 * DAY, ("error", "not valid before 2026-01-11 00:00 UTC")),
    ],
)
def test_a_certificates_time(start, end, expected) -> None:
    assert validity(certificate(start, end), NOW) == expected


def test_only_certificates_in_force_expire() -> None:
    pem = Authority("ca").issue("CN=a").certificate
    body = {"tls_certificate": {"certificate_chain": {"inline_string": pem}}}
    listed = section(
        "Secrets",
        dynamic_active_secrets=[{"name": "a", "secret": {"name": "a", **body}}],
        dynamic_warming_secrets=[{"name": "b", "secret": {"name": "b", **body}}],
    )
    later = datetime.datetime.now(datetime.UTC) + 1000 * DAY
    assert [one.name for one in expiring(proxy(listed), later)] == ["a"]
    assert list(expiring(proxy(listed), datetime.datetime.now(datetime.UTC))) == []


def test_errors_come_first(bookstore) -> None:
    sidecar = read_sidecar("bookbuyer", SourceOptions(from_=str(bookstore)))
    found = findings(sidecar.proxy, NOW + 1000 * DAY)
    assert {one.check for one in found} == {"expiring"}
    mixed = proxy(listeners=[listener(chain(tcp("gone")))], statuses=status({}, ILL))
    assert [one.check for one in findings(mixed, NOW)] == ["dangling", "unhealthy"]
    assert all(isinstance(one, Finding) for one in found)


def test_a_healthy_mesh_has_no_findings(bookstore) -> None:
    sidecar = read_sidecar("bookbuyer", SourceOptions(from_=str(bookstore)))
    entry = sidecar.proxy.dump.entries("secret")[0]
    updated = msgspec.json.decode(f'"{entry.last_updated}"', type=datetime.datetime)
    assert findings(sidecar.proxy, updated) == ()

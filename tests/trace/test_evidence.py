"""Each counter that is named as evidence is moved in a real Envoy, and read from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec
import pytest

from osmscope.resources.address import Address, Pipe, SocketAddress
from osmscope.resources.cluster import Cluster
from osmscope.resources.listener import Listener
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.trace.answer import Answer, Counter, OutcomeAnswer, Response
from osmscope.trace.evidence import (
    cluster_scope,
    counters_of,
    evidence_of,
    listener_scope,
    pattern_of,
    sanitized,
)
from osmscope.trace.path import Evaluation
from tests.trace.counting_envoy import CountingEnvoy, running_counting_envoy, untrusted


@pytest.fixture(scope="module")
def envoy() -> Iterator[CountingEnvoy]:
    with running_counting_envoy() as running:
        yield running


def evidence(envoy: CountingEnvoy, listener: str, url: str, **asked: object) -> Mapping[str, int]:
    """What a trace of a live sidecar brings beside its verdict."""
    options = msgspec.convert({"listener": listener, **asked}, RequestOptions)
    tracer = SidecarTracer(read_sidecar(envoy.admin, SourceOptions()))
    address = f"127.0.0.1:{envoy.ports[listener]}"
    options = msgspec.structs.replace(
        options, dst_ip="127.0.0.1", dst_port=envoy.ports[listener], direction="inbound"
    )
    target = f"tcp://{address}" if options.tcp else f"http://a{url}"
    traced = tracer.trace(typed_request(target, options))
    assert traced.no_evidence == ""
    return {one.name: one.value for one in traced.evidence}


HTTP = [
    pytest.param("http", "/unrouted", {}, "http.in:x.no_route", id="no route"),
    pytest.param("http", "/nowhere", {}, "http.in:x.no_cluster", id="no cluster"),
    pytest.param("http", "/direct", {}, "http.in:x.rq_direct_response", id="direct response"),
    pytest.param("http", "/direct", {"x-deny": "1"}, "http.in:x.rbac.denied", id="RBAC"),
    pytest.param(
        "http", "/direct", {"x-second": "1"}, "http.in:x.rbac.pre.denied", id="RBAC with a prefix"
    ),
    pytest.param(
        "http",
        "/direct",
        {"x-shadow": "1"},
        "http.in:x.rbac.sh_.shadow_denied",
        id="shadow rules of RBAC",
    ),
    pytest.param(
        "http", "/direct", {"x-fault": "1"}, "http.in:x.fault.aborts_injected", id="fault"
    ),
    pytest.param("http", "/direct", {"x-lua": "1"}, "http.in_x.lua.errors", id="Lua"),
    pytest.param("http", "/refused", {}, "cluster.refused.upstream_cx_connect_fail", id="refused"),
    pytest.param("http", "/empty", {}, "cluster.empty.upstream_cx_none_healthy", id="no endpoint"),
    pytest.param(
        "http", "/full:x", {}, "cluster.full_x.upstream_rq_pending_overflow", id="circuit breaker"
    ),
    pytest.param("http", "/tls", {}, "cluster.alt.tls.ssl.fail_verify_error", id="upstream TLS"),
    pytest.param("asked", "/direct", {}, "http.as:ked.ext_authz.error", id="ext_authz"),
    pytest.param("asked", "/token", {}, "http.as_ked.jwt_authn.denied", id="JWT"),
]


@pytest.mark.envoy
@pytest.mark.parametrize(("listener", "path", "headers", "name"), HTTP)
def test_a_request_moves_its_counter(
    envoy: CountingEnvoy, listener: str, path: str, headers: dict[str, str], name: str
) -> None:
    said = {"headers": ["host: a", *(f"{key}: {value}" for key, value in headers.items())]}
    envoy.get(listener, path, **headers)
    before = evidence(envoy, listener, path, **said)[name]
    envoy.get(listener, path, **headers)
    assert evidence(envoy, listener, path, **said)[name] > before > 0


@pytest.mark.envoy
def test_a_local_rate_limit_counts_below_its_own_prefix(envoy: CountingEnvoy) -> None:
    assert {envoy.get("limited", "/direct") for _ in range(3)} >= {429}
    assert evidence(envoy, "limited", "/direct")["own.http_local_rate_limit.rate_limited"] >= 1


@pytest.mark.envoy
@pytest.mark.parametrize(
    ("listener", "tls", "name"),
    [
        ("unmatched", False, "listener.127.0.0.1_{port}.no_filter_chain_match"),
        ("no-cluster", False, "tcp.to.nowhere.downstream_cx_no_route"),
        ("denied", False, "net.rbac.denied"),
        ("no-host", False, "cluster.empty.upstream_cx_none_healthy"),
        ("tls", True, "listener.127.0.0.1_{port}.ssl.fail_verify_no_cert"),
    ],
)
def test_a_connection_moves_its_counter(
    envoy: CountingEnvoy, listener: str, tls: bool, name: str
) -> None:
    name = name.format(port=envoy.ports[listener])
    envoy.connect(listener, tls=tls)
    before = evidence(envoy, listener, "", tcp=True, tls=tls)[name]
    envoy.connect(listener, tls=tls)
    assert evidence(envoy, listener, "", tcp=True, tls=tls)[name] > before > 0


@pytest.mark.envoy
def test_an_untrusted_client_is_counted(envoy: CountingEnvoy) -> None:
    envoy.connect("tls", untrusted(), tls=True)
    name = f"listener.127.0.0.1_{envoy.ports['tls']}.ssl.fail_verify_error"
    assert evidence(envoy, "tls", "", tcp=True, tls=True)[name] == 1


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("a", "a"),
        ("ns/svc|80", "ns/svc|80"),
        ("outbound|80||a.b", "outbound|80||a.b"),
        ("a:b", "a_b"),
        ("[::1]:80", "[__1]_80"),
        ("http://a", "http_a"),
        ("a:/b", "a_b"),
        ("a.", "a"),
    ],
)
def test_colons_are_underscores_in_a_scope(name: str, scope: str) -> None:
    assert sanitized(name) == scope


def test_a_listener_counts_below_its_prefix_or_its_address() -> None:
    socket = Address(socket_address=SocketAddress(address="0.0.0.0", port_value=15001))
    assert listener_scope(Listener(address=socket)) == "0.0.0.0_15001"
    assert listener_scope(Listener(address=socket, stat_prefix="own")) == "own"
    assert listener_scope(Listener(address=Address(pipe=Pipe(path="/a.sock")))) == "/a.sock"


def test_a_cluster_counts_below_its_other_name() -> None:
    assert cluster_scope(Cluster(name="a:b")) == "a_b"
    assert cluster_scope(Cluster(name="a", alt_stat_name="c")) == "c"


def test_a_pattern_fits_the_counters_and_nothing_else() -> None:
    counters = [
        Counter("cluster.a.b", "x", ""),
        Counter("cluster.a.b", "ssl.y", ""),
        Counter("cluster.c|d", "x", ""),
        Counter("cluster.c|d", "ssl.y", ""),
        Counter("http.e", "z", ""),
    ]
    pattern = pattern_of(counters)
    assert pattern.count("ssl") == 1
    assert all(re.fullmatch(pattern, counter.name) for counter in counters)
    for other in ("cluster.a_b.x", "cluster.a.b.z", "http.e.x", "cluster.c.x", "xhttp.e.z"):
        assert not re.fullmatch(pattern, other)
    assert pattern_of([]) == ""


def replied(details: str) -> Answer:
    outcome = OutcomeAnswer(
        probability=1.0, verdict="responded", response=Response(code=404, details=details)
    )
    return Answer(id=1, exact=True, assumptions=(), outcomes=(outcome,))


COUNTERS = (Counter("http.a", "no_route", "r"), Counter("http.a", "rq_direct_response", "d"),
            Counter("cluster.b", "upstream_rq_timeout", "t"))  # fmt: skip


@pytest.mark.parametrize(
    ("details", "values", "shown"),
    [
        ("route_not_found", {}, {"http.a.no_route": 0}),
        ("route_not_found", {"http.a.no_route": 3}, {"http.a.no_route": 3}),
        ("direct_response", {"http.a.rq_direct_response": 2}, {"http.a.rq_direct_response": 2}),
        ("other", {"http.a.rq_direct_response": 2}, {}),
        ("other", {"cluster.b.upstream_rq_timeout": 1}, {"cluster.b.upstream_rq_timeout": 1}),
        ("other", {"elsewhere": 1}, {}),
    ],
)
def test_what_moved_is_evidence_and_what_should_have(
    details: str, values: dict[str, int], shown: dict[str, int]
) -> None:
    found = evidence_of(replied(details), COUNTERS, values)
    assert {one.name: one.value for one in found} == shown


def test_a_connection_that_no_listener_takes_is_counted_nowhere() -> None:
    from osmscope.rules.facts import Connection
    from osmscope.rules.listener_selection import ListenerChoice
    from osmscope.trace.path import ConnectionPath

    path = ConnectionPath(connection=Connection(), listener_choice=ListenerChoice(listener=None))
    assert counters_of(Evaluation(connection=path)) == ()

"""Retries, mirrors, limits of time and upstream filters, as a real Envoy 1.40.0 has them: a table.

One Envoy has all configurations. How often it tried, and what it copied, stands in its /clusters;
which limit of time was reached first, in its access log.
"""

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.trace.answer import Step
from osmscope.trace.tracer import Tracer
from tests.oracle.agreement import trace_request, verdicts
from tests.oracle.case import Case, Result
from tests.oracle.envoy_batch import Batch, Oracle
from tests.oracle.rule_coverage import RuleCoverage
from tests.oracle.upstream_cases import (
    CODEC,
    OWN,
    action,
    adding,
    case,
    http_filter,
    limited,
    options,
    own,
    request,
    routed,
    to,
)

pytestmark = pytest.mark.envoy

Json = dict[str, Any]

MANY = 60


def at(port: int, address: str = "127.8.4.1") -> Json:
    return {"endpoint": {"address": {"socket_address": {"address": address, "port_value": port}}}}


SILENT = 0
"""Stands for the port of a server that never answers."""
DEAD = own(at(1), connect_timeout="1s")


def on(conditions: str, number: int | None = None, **fields: Any) -> Json:
    numbered = {} if number is None else {"num_retries": number}
    return (
        {"retry_on": conditions, "retry_back_off": {"base_interval": "0.001s"}} | numbered | fields
    )


def retrying(
    policy: Json | None = None,
    headers: dict[str, str] | None = None,
    host: Json | None = None,
    **cluster: Any,
) -> Case:
    route = {**OWN} if policy is None else {**OWN, "retry_policy": policy}
    listener = routed(to(route), virtual_host=host or {})
    return case(listener, DEAD | cluster, requests=[request(headers=headers or {})])


CONNECT = "connect-failure"
WANTED = {"retriable_request_headers": [{"name": "x", "present_match": True}]}

RETRIES: dict[str, Case] = {
    "none": retrying(),
    "three": retrying(on(CONNECT, 3)),
    "one by default": retrying(on(CONNECT)),
    "zero": retrying(on(CONNECT, 0)),
    "a header for more": retrying(on(CONNECT, 3), {"x-envoy-max-retries": "5"}),
    "a header for none": retrying(on(CONNECT, 3), {"x-envoy-max-retries": "0"}),
    "a header that is no number": retrying(on(CONNECT, 3), {"x-envoy-max-retries": "x"}),
    "headers alone": retrying(None, {"x-envoy-retry-on": CONNECT, "x-envoy-max-retries": "4"}),
    "a header with a number alone": retrying(None, {"x-envoy-max-retries": "4"}),
    "a header for what the policy leaves": retrying(on("", 2), {"x-envoy-retry-on": CONNECT}),
    "gRPC conditions are not for connections": retrying(on("unavailable", 2)),
    "an unknown condition": retrying(on("bogus", 2)),
    "5xx": retrying(on("5xx", 2)),
    "request headers that do not fit": retrying(on(CONNECT, 2, **WANTED)),
    "request headers that fit": retrying(on(CONNECT, 2, **WANTED), {"x": "1"}),
    "the cluster's policy": retrying(on(CONNECT, 3), **options(retry_policy=on(CONNECT, 1))),
    "the cluster's empty policy": retrying(on(CONNECT, 3), **options(retry_policy={})),
    "the virtual host's policy": retrying(host={"retry_policy": on(CONNECT, 2)}),
    "the route's empty policy": retrying({}, host={"retry_policy": on(CONNECT, 2)}),
}
NOT_FOR_CONNECTIONS = ("gRPC conditions are not for connections",)


def mirroring(*policies: Json, **fields: Any) -> Case:
    """A route to `own`, and clusters `m` and `n` for copies."""
    route = {**OWN, **({"request_mirror_policies": list(policies)} if policies else {})}
    route |= fields.pop("route", {})
    clusters = [own(**fields.pop("cluster", {})), own(name="m"), own(name="nn")]
    many = [request()] * MANY
    return case(routed(to(route), **fields), *clusters, requests=many)


M, N = {"cluster": "m-CONFIG"}, {"cluster": "nn-CONFIG"}
HALF = {"runtime_fraction": {"default_value": {"numerator": 50}}}

MIRRORS: dict[str, Case] = {
    "one": mirroring(M),
    "two": mirroring(M, N),
    "a share": mirroring(M | HALF, N),
    "the virtual host's": mirroring(virtual_host={"request_mirror_policies": [M]}),
    "the table's": mirroring(table={"request_mirror_policies": [M]}),
    "the route's before the host's": mirroring(N, virtual_host={"request_mirror_policies": [M]}),
    "the cluster's before the route's": mirroring(N, cluster=options(request_mirror_policies=[M])),
    "no cluster": mirroring({"cluster": "gone"}),
}


def waiting(
    route: Json,
    headers: dict[str, str] | None = None,
    host: Json | None = None,
    manager: Json | None = None,
    **cluster: Any,
) -> Case:
    listener = routed(to({**OWN, **route}), virtual_host=host or {}, **(manager or {}))
    return case(listener, own(at(SILENT)) | cluster, requests=[request(headers=headers or {})])


LONG = {"timeout": "0.9s"}
STREAM = {"common_http_protocol_options": {"max_stream_duration": "0.2s"}}

LIMITS: dict[str, Case] = {
    "the request": waiting({"timeout": "0.2s"}),
    "the request, by a header": waiting(LONG, {"x-envoy-upstream-rq-timeout-ms": "200"}),
    "a try": waiting(LONG | {"retry_policy": {"per_try_timeout": "0.2s"}}),
    "a try, by the virtual host": waiting(LONG, host={"retry_policy": {"per_try_timeout": "0.2s"}}),
    "a try, but not by the cluster": waiting(
        LONG, **options(retry_policy={"per_try_timeout": "0.2s"})
    ),
    "a silent try": waiting(LONG | {"retry_policy": {"per_try_idle_timeout": "0.2s"}}),
    "a silent stream": waiting(LONG | {"idle_timeout": "0.2s"}),
    "a silent stream, by the manager": waiting(LONG, manager={"stream_idle_timeout": "0.2s"}),
    "a silent stream, not by the route": waiting(
        LONG | {"idle_timeout": "0s"}, manager={"stream_idle_timeout": "0.2s"}
    ),
    "the stream": waiting(LONG | {"max_stream_duration": {"max_stream_duration": "0.2s"}}),
    "the stream, by the manager": waiting(LONG, manager=STREAM),
    "the stream, by neither": waiting(
        LONG | {"max_stream_duration": {"max_stream_duration": "0s"}, "idle_timeout": "0.4s"},
        manager=STREAM,
    ),
    "the stream, by grpc-timeout": waiting(
        {"max_stream_duration": {"grpc_timeout_header_max": "0.9s"}}, {"grpc-timeout": "200m"}
    ),
    "the upstream stream": waiting(LONG, **options(**STREAM)),
    "the upstream stream, by a header": waiting(
        LONG, {"x-envoy-upstream-stream-duration-ms": "200"}
    ),
}


def called(address: str, hostname: str = "") -> Json:
    at_address = {"address": {"socket_address": {"address": address}}}
    return {"endpoint": at_address | ({"hostname": hostname} if hostname else {})}


def filtering(*filters: Json, route: Json | None = None, router: Json | None = None) -> Case:
    cluster = own(**options(http_filters=[*filters, CODEC])) if filters else own()
    return case(routed(to(OWN, **(route or {})), router=router or {}), cluster)


LUA = "function envoy_on_request(h) h:headers():add('x-l', '1') end"
DISABLED = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}

FILTERS: dict[str, Case] = {
    "the cluster's": filtering(adding("x-u", "c")),
    "the router's": filtering(router={"upstream_http_filters": [adding("x-u", "r"), CODEC]}),
    "the cluster's before the router's": filtering(
        adding("x-u", "c"), router={"upstream_http_filters": [adding("x-r", "r"), CODEC]}
    ),
    "what the router added": filtering(adding("x-u", "%REQ(x-envoy-expected-rq-timeout-ms)%")),
    "disabled": filtering(adding("x-u", "c") | {"disabled": True}),
    "disabled for the route": filtering(
        adding("x-u", "c"), route={"typed_per_filter_config": {"m": DISABLED}}
    ),
    "Lua": filtering(http_filter("lua.v3.Lua", default_source_code={"inline_string": LUA})),
    "timeouts that are respected": case(
        routed(to(OWN), router={"respect_expected_rq_timeout": True}),
        own(),
        requests=[
            request(headers={"x-envoy-expected-rq-timeout-ms": value}) for value in ("77", "x")
        ],
    ),
    "hostnames of endpoints": case(
        routed(to({**OWN, "auto_host_rewrite": True, "append_x_forwarded_host": True})),
        own(called("127.8.3.1", "x.com"), called("127.8.3.2"), called("127.8.3.3", "y.com")),
        requests=[request()] * 6,
    ),
    "a route's own timeouts": action(own(), timeout="3s", retry_policy={"per_try_timeout": "1s"}),
    "a breaker of another cluster": action(own(), own(name="z", **limited({"max_requests": 0}))),
}

TABLES = (RETRIES, MIRRORS, LIMITS, FILTERS)


class Asked:
    """What Envoy did with all cases, and what osmscope says of them."""

    def __init__(self, batch: Batch) -> None:
        names = [(id(table), name) for table in TABLES for name in table]
        self._results = dict(zip(names, batch.results, strict=True))
        self.clusters = read_clusters(batch.clusters, where="clusters")
        self._node_ip = batch.node_ip
        dump = Dump.read(batch.config_dump, where="config_dump")
        self._tracer = Tracer(Proxy(dump, self.clusters))

    def result(self, table: dict[str, Case], name: str) -> Result:
        found = self._results[id(table), name]
        assert found.rejected == ""
        return found

    def steps(self, result: Result) -> tuple[Step, ...]:
        asked = trace_request(result, result.outcomes[0].request, self._node_ip)
        return self._tracer.explain(asked)[1].steps

    def count(self, result: Result, cluster: str, stat: str) -> int:
        """Add up what the endpoints of a case's cluster counted."""
        status = self.clusters.get(f"{cluster}-{result.listener.removeprefix('case-')}")
        assert status is not None
        return sum(host.stats.get(stat, 0) for host in status.hosts)


@pytest.fixture(scope="module")
def silent_port() -> Iterator[int]:
    """Accept connections and never answer."""
    with socket.create_server(("0.0.0.0", 0), backlog=64) as server:
        kept: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    kept.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        for one in kept:
            one.close()


@pytest.fixture(scope="module")
def batch(envoy_oracle: Oracle, silent_port: int) -> Batch:
    cases = [one for table in TABLES for one in table.values()]
    text = f'"port_value": {SILENT}'
    for one in cases:
        listed = json.dumps(one.clusters).replace(text, f'"port_value": {silent_port}')
        one.clusters = json.loads(listed)
    return envoy_oracle.ask(cases)


@pytest.fixture(scope="module")
def asked(batch: Batch) -> Asked:
    return Asked(batch)


@pytest.mark.parametrize("name", RETRIES)
def test_as_often_as_envoy_tries(asked: Asked, name: str) -> None:
    result = asked.result(RETRIES, name)
    told = [step.chosen for step in asked.steps(result) if step.kind == "retries"]
    most = int(told[0].removeprefix("up to ")) if told and told != ["none"] else 0
    retries = 0 if name in NOT_FOR_CONNECTIONS else most
    assert asked.count(result, "own", "cx_connect_fail") == 1 + retries


@pytest.mark.parametrize("name", MIRRORS)
def test_copies_go_where_envoy_sends_them(asked: Asked, name: str) -> None:
    result = asked.result(MIRRORS, name)
    told = {
        step.chosen.rpartition("-")[0]: step.reason
        for step in asked.steps(result)
        if step.kind == "mirror" and "no copy" not in step.reason
    }
    for cluster in ("m", "nn"):
        copies = asked.count(result, cluster, "rq_total")
        if "in 50 %" in told.get(cluster, ""):
            assert 0 < copies < MANY
        else:
            assert copies == (MANY if cluster in told else 0)


def _milliseconds(words: str) -> float:
    number, unit = words.split(" ")[:2]
    return float(number) * {"ms": 1, "s": 1000, "min": 60_000}[unit]


@pytest.mark.parametrize("name", LIMITS)
def test_the_shortest_limit_is_the_one_that_ends_it(asked: Asked, name: str) -> None:
    result = asked.result(LIMITS, name)
    (step,) = [step for step in asked.steps(result) if step.kind == "time_limits"]
    limits = [note.split(": ", 1)[1] for note in step.notes if not note.startswith("connecting")]
    shortest = min(limits, key=_milliseconds)
    truth = result.outcomes[0].truth
    assert truth is not None
    flags = "" if truth.get("flags", "-") == "-" else f"({truth['flags']}) "
    assert shortest.endswith(f"then {truth['code']} {flags}{truth['details']}")


def test_endpoints_receive_what_upstream_filters_left(
    batch: Batch, asked: Asked, rule_coverage: RuleCoverage | None
) -> None:
    listeners = {asked.result(FILTERS, name).listener: name for name in FILTERS}
    found = {
        (listeners[one.result.listener], one.difference, one.answer.exact)
        for one in verdicts(batch, rule_coverage)
        if one.result.listener in listeners
    }
    assert found == {(name, "", True) for name in FILTERS}

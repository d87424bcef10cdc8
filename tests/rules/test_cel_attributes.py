"""The attributes of CEL expressions, as a table of what Envoy 1.40.0 gives."""

import msgspec
import pytest

from osmscope.rules.cel_attributes import Attributes, attributes
from osmscope.rules.facts import ClientCertificate, Connection, Headers, Request, StateObject
from osmscope.rules.matcher_input import Chosen, MatcherInputs
from tests.rules.cel_expressions import expression

CONNECTION = Connection(
    source_ip="10.0.0.1", source_port=5, destination_ip="::1", destination_port=80,
    detected_server_name="a.b", terminated_tls=True,
    peer_certificate=ClientCertificate(("u1", "u2"), ("d1",), "CN=s"), metadata={"n": {"a": 1}},
)  # fmt: skip
PLAIN = Connection()
ADDRESS = StateObject("1.2.3.4:0", "envoy.network.ip")
REQUEST = Request(
    connection=CONNECTION,
    headers=Headers.of(
        [(":path", "/a?b=c"), (":method", "GET"), (":scheme", "http"), (":authority", "h"),
         ("x-a", "1"), ("x-a", "2"), ("user-agent", "curl")]
    ),
    remote_ip="10.0.0.1",
    remote_port=5,
    metadata={"ns": {"n": 5, "b": True, "l": [1, "x"], "o": {"k": "v"}}},
    filter_state={"k": StateObject("v"), "u": StateObject(None), "ip": ADDRESS},
    now=10.0,
)  # fmt: skip
HTTP = MatcherInputs(connection=CONNECTION, request=REQUEST, route_metadata={"r": {"k": 1}})
NETWORK = MatcherInputs(connection=CONNECTION)
BARE = MatcherInputs(connection=PLAIN, request=Request(connection=PLAIN, headers=Headers()))
STRUCT = {"ns": {"n": 5.0, "b": True, "l": [1.0, "x"], "o": {"k": "v"}}}
OPAQUE = MatcherInputs(
    connection=CONNECTION, request=msgspec.structs.replace(REQUEST, opaque_filters=("wasm",))
)


@pytest.mark.parametrize(
    ("text", "inputs", "data"),
    [
        ("request.path", HTTP, {"request": {"path": "/a?b=c"}}),
        ("request.url_path", HTTP, {"request": {"url_path": "/a"}}),
        ("request.query", HTTP, {"request": {"query": "b=c"}}),
        ("request.query", BARE, {"request": {"query": ""}}),
        ("request.method", HTTP, {"request": {"method": "GET"}}),
        ("request.host", HTTP, {"request": {"host": "h"}}),
        ("request.scheme", HTTP, {"request": {"scheme": "http"}}),
        ("request.useragent", HTTP, {"request": {"useragent": "curl"}}),
        ("request.referer", HTTP, {"request": {}}),
        ("request.protocol", HTTP, {"request": {"protocol": "HTTP/1.1"}}),
        ("request.headers['X-A']", HTTP, {"request": {"headers": {"X-A": "1,2"}}}),
        ("request.headers['host']", HTTP, {"request": {"headers": {"host": "h"}}}),
        ("request.headers['zz']", HTTP, {"request": {"headers": {}}}),
        ("has(request.headers.zz)", HTTP, {"request": {"headers": {}}}),
        ("'x-a' in request.headers", HTTP, {"request": {"headers": {"x-a": "1,2"}}}),
        ("request.path", NETWORK, {"request": {}}),
        ("source.address", HTTP, {"source": {"address": "10.0.0.1:5"}}),
        ("source.port", NETWORK, {"source": {"port": 5}}),
        ("source.address", NETWORK, {"source": {"address": "10.0.0.1:5"}}),
        ("destination.address", HTTP, {"destination": {"address": "[::1]:80"}}),
        ("destination.port", HTTP, {"destination": {"port": 80}}),
        ("destination.address", NETWORK, {"destination": {"address": "[::1]:80"}}),
        ("metadata.filter_metadata['ns']['n']", HTTP, {"metadata": {"filter_metadata": STRUCT}}),
        ("metadata.filter_metadata.n.a", NETWORK,
         {"metadata": {"filter_metadata": {"n": {"a": 1.0}}}}),
        ("filter_state['k']", HTTP, {"filter_state": {"k": b"v"}}),
        ("'z' in filter_state", HTTP, {"filter_state": {}}),
        ("xds.route_metadata.filter_metadata.r.k", HTTP,
         {"xds": {"route_metadata": {"filter_metadata": {"r": {"k": 1.0}}}}}),
        ("xds.route_metadata.filter_metadata.r.k", NETWORK, {"xds": {"route_metadata": {}}}),
        ("request.path == '/' && request.method == 'GET'", HTTP,
         {"request": {"path": "/a?b=c", "method": "GET"}}),
        ("1 in [1]", HTTP, {}),
    ],
)  # fmt: skip
def test_known(text: str, inputs: MatcherInputs, data: dict[str, object]) -> None:
    found = attributes(expression(text), inputs)
    assert (found.data, found.unknown) == (data, ())


@pytest.mark.parametrize(
    ("name", "value", "bare"),
    [
        ("mtls", True, False),
        ("requested_server_name", "a.b", ""),
        ("uri_san_peer_certificate", "u1", None),
        ("dns_san_peer_certificate", "d1", None),
        ("subject_peer_certificate", "CN=s", None),
    ],
)
def test_the_connection(name: str, value: object, bare: object) -> None:
    expr = expression(f"connection.{name}")
    assert attributes(expr, HTTP).data == {"connection": {name: value}}
    without = {} if bare is None else {name: bare}
    assert attributes(expr, BARE) == Attributes({"connection": without})
    assert attributes(expression("connection.tls_version"), BARE).unknown == ()


def test_the_time_is_there() -> None:
    assert attributes(expression("has(request.time)"), HTTP).data == {"request": {"time": True}}


TLS = MatcherInputs(connection=Connection(terminated_tls=True))
TAKEN = MatcherInputs(
    connection=Connection(filter_chain_name="c", traffic_direction="OUTBOUND"),
    chosen=Chosen(route_name="r", virtual_host_name="v"),
)


@pytest.mark.parametrize(
    ("text", "inputs", "data"),
    [
        ("connection.subject_peer_certificate", TLS, {"subject_peer_certificate": ""}),
        ("connection.sha256_peer_certificate_digest", TLS, {}),
        ("connection.termination_details", TLS, {}),
        ("connection.transport_failure_reason", TLS, {}),
        ("connection.dns_san_local_certificate", BARE, {}),
        ("xds.route_name", TAKEN, {"route_name": "r"}),
        ("xds.virtual_host_name", TAKEN, {"virtual_host_name": "v"}),
        ("xds.cluster_name", TAKEN, {}),
        ("xds.filter_chain_name", TAKEN, {"filter_chain_name": "c"}),
        ("xds.listener_direction", TAKEN, {"listener_direction": 2}),
        ("xds.node", HTTP, {}),
        ("xds.node.id", HTTP, {"node": {}}),
    ],
)
def test_tls_and_what_was_chosen(text: str, inputs: MatcherInputs, data: dict[str, object]) -> None:
    found = attributes(expression(text), inputs)
    assert found.unknown == ()
    assert tuple(found.data.values()) == (data,)


@pytest.mark.parametrize(
    ("text", "inputs", "unknown"),
    [
        ("request == null", HTTP, "request"),
        ("request.size", HTTP, "request.size"),
        ("request.time", BARE, "request.time"),
        ("request.size", NETWORK, "request.size"),
        ("request.headers == {}", HTTP, "request.headers"),
        ("request.headers['X-Request-Id']", HTTP, "request.headers.X-Request-Id"),
        ("request.headers[request.size]", HTTP, "request.headers"),
        ("source.address", BARE, "source.address"),
        ("source.nope", HTTP, "source.nope"),
        ("source.address", MatcherInputs(connection=PLAIN), "source.address"),
        ("source.address", MatcherInputs(connection=Connection(source_port=5)), "source.address"),
        ("source.nope", NETWORK, "source.nope"),
        ("connection.tls_version", HTTP, "connection.tls_version"),
        ("connection.sha256_peer_certificate_digest", HTTP,
         "connection.sha256_peer_certificate_digest"),
        ("metadata.filter_metadata", BARE, "metadata.filter_metadata"),
        ("connection.id", HTTP, "connection.id"),
        ("metadata['filter_metadata']", HTTP, "metadata"),
        ("metadata.typed", HTTP, "metadata.typed"),
        ("metadata.filter_metadata.ns", OPAQUE, "metadata.filter_metadata.ns"),
        ("filter_state['k']", OPAQUE, "filter_state.k"),
        ("filter_state['u']", HTTP, "filter_state.u"),
        ("filter_state['ip']", HTTP, "filter_state.ip"),
        ("xds.cluster_name", HTTP, "xds.cluster_name"),
        ("xds.filter_chain_name", HTTP, "xds.filter_chain_name"),
        ("xds.listener_direction", HTTP, "xds.listener_direction"),
        ("xds.listener_metadata", HTTP, "xds.listener_metadata"),
        ("upstream.address", HTTP, "upstream.address"),
    ],
)  # fmt: skip
def test_unknown(text: str, inputs: MatcherInputs, unknown: str) -> None:
    found = attributes(expression(text), inputs)
    assert found.unknown[0] == unknown


def test_other_protocols_are_unknown() -> None:
    request = msgspec.structs.replace(REQUEST, protocol="tcp")
    inputs = MatcherInputs(connection=CONNECTION, request=request)
    assert attributes(expression("request.protocol"), inputs).unknown == ("request.protocol",)

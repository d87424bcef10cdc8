"""The inputs of a unified matcher, as a table of what Envoy 1.40.0 does."""

import json

import msgspec
import pytest

from osmscope.resources.extension import decode_any
from osmscope.resources.resource import Opaque
from osmscope.rules.facts import ClientCertificate, Connection, Headers, Request, StateObject
from osmscope.rules.matcher_input import EndpointInputs, InputValue, MatcherInputs, read_input

NETWORK = "envoy.extensions.matching.common_inputs.network.v3"
SSL = "envoy.extensions.matching.common_inputs.ssl.v3"
HTTP = "envoy.type.matcher.v3"
HEADER = f"{HTTP}.HttpRequestHeaderMatchInput"
QUERY = f"{HTTP}.HttpRequestQueryParamMatchInput"
SOCKET = "envoy.extensions.matching.common_inputs.transport_socket.v3"
FILTER_STATE = f"{NETWORK}.FilterStateInput"

CONNECTION = Connection(
    destination_ip="10.0.0.1",
    destination_port=80,
    source_ip="10.0.0.2",
    source_port=4000,
    direct_source_ip="127.0.0.1",
    server_name="a.b",
    detected_server_name="a.b",
    transport_protocol="tls",
    application_protocols=("h2", "http/1.1"),
    terminated_tls=True,
    peer_certificate=ClientCertificate(("u1", "u2"), ("d1", "d2"), "CN=s"),
    metadata={"ns": {"k": "connection"}},
)
BARE = Connection(
    destination_ip="10.0.0.1", source_ip="10.0.0.2", server_name="a.b", transport_protocol=""
)
REQUEST = Request(
    connection=CONNECTION,
    headers=Headers.of(
        [(":path", "/?%71=a%20b&q=c&r=a+b"), (":authority", "h"), ("x", "v"), ("X", "w"), ("e", "")]
    ),
    metadata={"ns": {"k": "request"}},
    runtime={"key": 1},
)


def read(
    name: str, connection: Connection, request: Request | None = None, **config: object
) -> InputValue:
    decoded = decode_any(json.dumps({"@type": f"t/{name}", **config}).encode())
    return read_input(decoded, MatcherInputs(connection=connection, request=request))


@pytest.mark.parametrize(
    ("name", "value", "bare"),
    [
        (f"{NETWORK}.DestinationIPInput", "10.0.0.1", "10.0.0.1"),
        (f"{NETWORK}.DestinationPortInput", "80", None),
        (f"{NETWORK}.SourceIPInput", "10.0.0.2", "10.0.0.2"),
        (f"{NETWORK}.SourcePortInput", "4000", None),
        (f"{NETWORK}.DirectSourceIPInput", "127.0.0.1", None),
        (f"{NETWORK}.SourceTypeInput", None, None),
        (f"{NETWORK}.ServerNameInput", "a.b", None),
        (f"{NETWORK}.TransportProtocolInput", "tls", None),
        (f"{NETWORK}.ApplicationProtocolInput", "'h2','http/1.1'", None),
        (f"{NETWORK}.NetworkNamespaceInput", None, None),
        (FILTER_STATE, None, None),
        (f"{SSL}.UriSanInput", "u1,u2", None),
        (f"{SSL}.DnsSanInput", "d1,d2", None),
        (f"{SSL}.SubjectInput", "CN=s", None),
        (HEADER, None, None),
        (QUERY, None, None),
    ],
)
def test_inputs_of_a_connection(name: str, value: str | None, bare: str | None) -> None:
    assert read(name, CONNECTION).value == value
    assert not read(name, CONNECTION).missing
    assert read(name, BARE).value == bare


@pytest.mark.parametrize(
    ("connection", "value", "missing"),
    [
        (Connection(source_ip="127.0.0.1"), "local", ""),
        (Connection(source_ip="10.0.0.1", destination_ip="10.0.0.1"), "local", ""),
        (Connection(source_ip="10.0.0.1", destination_ip="10.0.0.2"), None, ""),
        (Connection(destination_ip="10.0.0.2"), None, "the source IP"),
        (Connection(source_ip="10.0.0.1"), None, "the destination IP"),
    ],
)
def test_source_type(connection: Connection, value: str | None, missing: str) -> None:
    found = read(f"{NETWORK}.SourceTypeInput", connection)
    assert (found.value, found.missing) == (value, missing)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("DestinationIPInput", "the destination IP"),
        ("DestinationPortInput", "the destination port"),
        ("SourceIPInput", "the source IP"),
        ("SourcePortInput", "the source port"),
        ("DirectSourceIPInput", "the direct source IP"),
    ],
)
def test_addresses_that_nobody_said(name: str, missing: str) -> None:
    assert read(f"{NETWORK}.{name}", Connection()).missing == missing
    off_ip = read(f"{NETWORK}.{name}", Connection(is_ip=False))
    assert (off_ip.value, off_ip.missing) == (None, "")


@pytest.mark.parametrize(
    ("header", "value"),
    [("x", "v,w"), ("host", "h"), ("e", ""), ("y", None), (":path", "/?%71=a%20b&q=c&r=a+b")],
)
def test_a_repeated_header_is_joined(header: str, value: str | None) -> None:
    assert read(HEADER, CONNECTION, REQUEST, header_name=header).value == value


@pytest.mark.parametrize(("name", "value"), [("q", "a b"), ("r", "a+b"), ("s", None)])
def test_query_parameters_are_decoded(name: str, value: str | None) -> None:
    assert read(QUERY, CONNECTION, REQUEST, query_param=name).value == value


def test_filter_state_is_unknown_after_an_opaque_filter() -> None:
    request = msgspec.structs.replace(REQUEST, opaque_filters=("wasm",))
    found = read(FILTER_STATE, CONNECTION, request, key="k")
    assert found.missing == 'the filter state "k", which wasm may set'


@pytest.mark.parametrize(
    ("config", "value", "missing"),
    [
        ({"key": "k"}, "v", ""),
        ({"key": "k", "field": "f"}, None, 'the field "f" of the filter state "k"'),
        ({"key": "u"}, None, 'what the filter state "u" holds'),
        ({"key": "z"}, None, ""),
    ],
)
def test_filter_state_that_a_filter_left(
    config: dict[str, str], value: str | None, missing: str
) -> None:
    state = {"k": StateObject("v"), "u": StateObject(None)}
    request = msgspec.structs.replace(REQUEST, filter_state=state)
    found = read(FILTER_STATE, CONNECTION, request, **config)
    assert (found.value, found.missing) == (value, missing)
    connection = msgspec.structs.replace(CONNECTION, filter_state=state)
    assert read(FILTER_STATE, connection, **config) == found


def test_other_inputs_are_unknown() -> None:
    assert read("a.B", CONNECTION).missing == "what the input a.B gives"
    known = read_input(Opaque(), MatcherInputs(connection=CONNECTION))
    assert known.missing == "what the input Opaque gives"


def test_metadata_and_runtime_are_those_of_the_request_where_there_is_one() -> None:
    network = MatcherInputs(connection=CONNECTION)
    assert network.metadata == {"ns": {"k": "connection"}}
    assert (network.opaque_filters, network.runtime) == ((), {})
    http = MatcherInputs(connection=CONNECTION, request=REQUEST)
    assert http.metadata == {"ns": {"k": "request"}}
    assert http.runtime == {"key": 1}


@pytest.mark.parametrize(
    ("name", "value", "missing"),
    [
        ("HttpResponseStatusCodeMatchInput", "503", "the response code"),
        ("HttpResponseStatusCodeClassMatchInput", "5xx", "the class of the response code"),
        ("HttpResponseLocalReplyMatchInput", "true", "the origin of the response"),
    ],
)
def test_inputs_of_a_reply(name: str, value: str, missing: str) -> None:
    decoded = decode_any(json.dumps({"@type": f"t/{HTTP}.{name}"}).encode())
    inputs = MatcherInputs(connection=CONNECTION, request=REQUEST, response_code=503)
    assert read_input(decoded, inputs).value == value
    without = msgspec.structs.replace(inputs, response_code=None)
    assert read_input(decoded, without).missing == missing


LABELLED = EndpointInputs(
    metadata={"envoy.lb": {"k": "x", "n": 1, "e": ""}, "f": {"k": "y"}},
    locality_metadata={"envoy.lb": {"k": "z"}},
)


@pytest.mark.parametrize(
    ("name", "fields", "endpoint", "value"),
    [
        ("EndpointMetadataInput", {"path": [{"key": "k"}]}, LABELLED, "x"),
        ("EndpointMetadataInput", {"path": [{"key": "n"}]}, LABELLED, "1"),
        ("EndpointMetadataInput", {"path": [{"key": "e"}]}, LABELLED, None),
        ("EndpointMetadataInput", {"path": [{"key": "gone"}]}, LABELLED, "null"),
        ("EndpointMetadataInput", {}, LABELLED, "null"),
        ("EndpointMetadataInput", {"path": [{"key": "k"}], "filter": "f"}, LABELLED, "y"),
        ("EndpointMetadataInput", {"path": [{"key": "k"}]}, EndpointInputs(), None),
        ("LocalityMetadataInput", {"path": [{"key": "k"}]}, LABELLED, "z"),
    ],
)
def test_inputs_of_an_endpoint(
    name: str, fields: dict[str, object], endpoint: EndpointInputs, value: str | None
) -> None:
    decoded = decode_any(json.dumps({"@type": f"t/{SOCKET}.{name}", **fields}).encode())
    found = read_input(decoded, MatcherInputs(connection=CONNECTION, endpoint=endpoint))
    assert (found.value, found.missing) == (value, "")


def test_what_is_not_known_of_an_endpoint() -> None:
    shared = read(f"{SOCKET}.FilterStateInput", CONNECTION, key="k")
    assert shared.missing == 'the filter state "k", which is shared with the endpoint'
    body = json.dumps({"@type": f"t/{SOCKET}.EndpointMetadataInput"}).encode()
    nowhere = MatcherInputs(connection=CONNECTION, endpoint=EndpointInputs(metadata=None))
    assert read_input(decode_any(body), nowhere).missing == 'the endpoint metadata "" of "envoy.lb"'

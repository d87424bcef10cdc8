"""The order in which the connection manager works, as Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.connection_manager import Prepared, prepare
from osmscope.rules.facts import Connection, Headers, Request

PEER = Connection(source_ip="1.2.3.4", destination_port=80)


def prepared(
    headers: dict[str, str],
    connection: Connection = PEER,
    runtime: dict[str, object] | None = None,
    **options: object,
) -> Prepared:
    manager = msgspec.json.decode(msgspec.json.encode(options), type=HttpConnectionManager)
    sent = {":method": "GET", ":path": "/", ":authority": "a.com", **headers}
    pairs = [(name, value) for name, value in sent.items() if value != "absent"]
    request = Request(
        connection=connection,
        headers=Headers.of(pairs),
        protocol=sent.get("protocol", "http/1.1"),
        runtime=runtime or {},
    )
    return prepare(manager, request, ("x-secret",))


def test_what_an_edge_request_becomes() -> None:
    result = prepared(
        {":path": "/a/../b?q", ":authority": "a.com:80", "x-secret": "1", "connection": "close"},
        use_remote_address=True,
        normalize_path=True,
        strip_any_host_port=True,
    )
    assert result.reply is None
    assert dict(result.request.headers.items()) == {
        ":method": ("GET",),
        ":path": ("/b?q",),
        ":authority": ("a.com",),
        ":scheme": ("http",),
        "x-forwarded-for": ("1.2.3.4",),
        "x-forwarded-proto": ("http",),
        "x-envoy-external-address": ("1.2.3.4",),
    }
    assert result.request.remote_ip == "1.2.3.4"
    assert result.reasons == (
        'the path "/a/../b?q" becomes "/b?q"',
        'the host "a.com:80" becomes "a.com"',
    )
    assert result.assumptions == ()


def test_an_internal_request_is_marked() -> None:
    ranges = {"cidr_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]}
    result = prepared(
        {"x-forwarded-for": "10.1.1.1", "x-secret": "1", "x-envoy-max-retries": "2"},
        internal_address_config=ranges,
    )
    assert result.request.internal
    assert result.request.remote_ip == "10.1.1.1"
    assert "x-envoy-internal" in result.request.headers
    assert "x-envoy-max-retries" in result.request.headers


@pytest.mark.parametrize(
    ("headers", "options", "expected"),
    [
        ({":method": "FOO", ":authority": "absent"}, {}, "http1.codec_error"),
        ({":authority": "absent", ":path": "/#"}, {}, "missing_host_header"),
        ({":path": "/#"}, {}, "path_normalization_failed"),
        ({":path": "/#", "connection": "upgrade", "upgrade": "connect-udp"}, {}, "invalid_path"),
    ],
)
def test_the_first_refusal_is_the_reply(
    headers: dict[str, str], options: dict[str, object], expected: str
) -> None:
    reply = prepared(headers, **options).reply
    assert reply is not None
    assert reply.details == expected


def test_connect_has_no_path_to_normalize() -> None:
    sent = {":method": "CONNECT", ":path": "absent", ":authority": "a.com:443"}
    result = prepared(sent, normalize_path=True)
    assert result.reply is None
    assert ":path" not in result.request.headers


def test_http_10_is_refused_after_the_codec() -> None:
    manager = HttpConnectionManager()
    headers = Headers.of([(":method", "GET"), (":path", "/"), ("host", "a")])
    sent = Request(connection=PEER, headers=headers, protocol="http/1.0")
    reply = prepare(manager, sent).reply
    assert reply is not None
    assert reply.details == "low_version"


def test_what_is_not_known_is_assumed() -> None:
    result = prepared(
        {":authority": "a.com:80"},
        Connection(),
        strip_matching_host_port=True,
        use_remote_address=True,
        early_header_mutation_extensions=[{"name": "mine"}],
    )
    assert result.assumptions == (
        "the destination port is not the one that the host names",
        'the early header mutation "mine" changes nothing',
        "x-forwarded-for gets the source IP, which is not known",
    )


@pytest.mark.parametrize(
    ("headers", "routed"),
    [
        ({":path": "/#", "x-forwarded-proto": "https"}, True),
        ({":authority": "absent", "x-forwarded-proto": "http"}, True),
        ({":path": "/#"}, True),
        ({":method": "FOO", ":authority": "absent", "x-forwarded-proto": "http"}, False),
    ],
)
def test_a_refused_request_has_a_route_where_there_was_a_request(
    headers: dict[str, str], routed: bool
) -> None:
    assert prepared(headers).routed == routed


def test_a_client_whose_address_cannot_be_told_may_be_refused() -> None:
    kind = "envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig"
    config = {
        "@type": f"type.googleapis.com/{kind}",
        "header_name": "x-ip",
        "reject_with_status": {"code": "Unauthorized"},
    }
    extension = {"name": "ip", "typed_config": config}
    found = prepared({}, original_ip_detection_extensions=[extension])
    assert found.reply is not None
    assert found.reply.code == 401
    sent = prepared({"x-ip": "9.9.9.9"}, original_ip_detection_extensions=[extension])
    assert (sent.reply, sent.request.remote_ip) == (None, "9.9.9.9")


FRAGMENT = "envoy.reloadable_features.http_reject_path_with_fragment"


@pytest.mark.parametrize(
    ("runtime", "path"), [({}, None), ({FRAGMENT: False}, "/a?b"), ({FRAGMENT: True}, None)]
)
def test_a_feature_decides_about_fragments(runtime: dict[str, object], path: str | None) -> None:
    found = prepared({":path": "/a?b#c"}, runtime=runtime)
    assert (found.reply is None) is (path is not None)
    assert path is None or found.request.path == path


def test_lots_of_the_runtime_are_named() -> None:
    runtime: dict[str, object] = {"http_connection_manager.normalize_path": 50}
    assert len(prepared({}, runtime=runtime).assumptions) == 1
    assert len(prepared({":path": "/a#c"}, runtime=runtime).assumptions) == 1


@pytest.mark.parametrize(
    ("sent", "is_grpc"),
    [
        ({"content-type": "application/grpc"}, True),
        ({"content-type": "application/grpc "}, True),
        ({"content-type": "application/grpc", "connection": "content-type"}, False),
        ({"content-type": "text/plain"}, False),
    ],
)
def test_what_the_codec_leaves_tells_a_grpc_request(sent: dict[str, str], is_grpc: bool) -> None:
    assert prepared(sent).is_grpc is is_grpc

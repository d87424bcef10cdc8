"""Removed and added headers, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.client_address import ClientAddress
from osmscope.rules.facts import Connection, Headers
from osmscope.rules.header_sanitizing import add, sanitize, without_hop_by_hop

INTERNAL = ClientAddress(remote_ip="10.0.0.1", internal=True)
EXTERNAL = ClientAddress(remote_ip="9.9.9.9")
EDGE = ClientAddress(remote_ip="9.9.9.9", edge=True, forwarded_for="9.9.9.9")
PLAIN = Connection(destination_port=80)
TLS = Connection(terminated_tls=True)


def hcm(**options: object) -> HttpConnectionManager:
    return msgspec.convert(options, HttpConnectionManager)


def headers(**pairs: str) -> Headers:
    return Headers.of([(name.replace("_", "-"), value) for name, value in pairs.items()])


@pytest.mark.parametrize(
    ("name", "internal", "external", "edge"),
    [
        ("x-envoy-internal", False, False, False),
        ("x-envoy-max-retries", True, False, False),
        ("x-envoy-upstream-rq-timeout-ms", True, False, False),
        ("x-envoy-ip-tags", True, False, False),
        ("x-envoy-original-url", True, False, False),
        ("x-secret", True, False, False),
        ("x-envoy-decorator-operation", True, True, False),
        ("x-envoy-original-path", True, True, False),
        ("x-envoy-downstream-service-node", True, True, False),
        ("x-envoy-attempt-count", True, True, True),
        ("x-envoy-fault-abort-request", True, True, True),
        ("x-envoy-peer-metadata", True, True, True),
        ("x-custom", True, True, True),
    ],
)
def test_who_may_say_what(name: str, internal: bool, external: bool, edge: bool) -> None:
    sent = Headers.of([(name, "1")])
    kept = [name in sanitize(sent, client, ("x-secret",)) for client in (INTERNAL, EXTERNAL, EDGE)]
    assert kept == [internal, external, edge]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"connection": "keep-alive", "keep-alive": "1", "proxy-connection": "1"}, {}),
        ({"expect": "100-Continue"}, {}),
        ({"expect": "x"}, {"expect": "x"}),
        ({"expect": "100-continue", "transfer-encoding": "chunked", "upgrade": "h2c"}, {}),
        ({"te": "gzip, trailers"}, {"te": "trailers"}),
        ({"te": "trailers", "connection": "te"}, {"te": "trailers"}),
        ({"te": "trailers;q=1"}, {}),
        ({"te": "Trailers"}, {}),
        ({"te": "gzip"}, {}),
    ],
)
def test_hop_by_hop_headers_go(sent: dict[str, str], kept: dict[str, str]) -> None:
    result = without_hop_by_hop(Headers.of(sent.items()), is_upgrade=False)
    assert result == Headers.of(kept.items())


def test_an_upgrade_keeps_its_headers() -> None:
    sent = headers(connection="Upgrade, x-a", upgrade="websocket", x_a="1", keep_alive="1")
    kept = without_hop_by_hop(sent, is_upgrade=True)
    assert kept == headers(connection="Upgrade, x-a", upgrade="websocket", x_a="1")


@pytest.mark.parametrize(
    ("first_hop", "hops", "sent", "proto", "scheme"),
    [
        (False, 0, None, "http", "http"),
        (False, 0, "https", "https", "https"),
        (False, 0, "HTTPS", "HTTPS", "https"),
        (False, 0, "ftp", "ftp", "http"),
        (False, 0, "", "", "http"),
        (True, 0, "https", "http", "http"),
        (True, 1, "https", "https", "https"),
        (True, 1, None, "http", "http"),
    ],
)
def test_forwarded_proto(
    first_hop: bool, hops: int, sent: str | None, proto: str, scheme: str
) -> None:
    manager = hcm(use_remote_address=first_hop, xff_num_trusted_hops=hops)
    before = headers(x_forwarded_proto=sent) if sent is not None else Headers()
    result = add(manager, PLAIN, before, EXTERNAL)
    assert (result.first("x-forwarded-proto"), result.first(":scheme")) == (proto, scheme)


def test_forwarded_proto_of_tls_and_of_an_absolute_url() -> None:
    assert add(hcm(), TLS, Headers(), EXTERNAL).first("x-forwarded-proto") == "https"
    sent = Headers({":scheme": ("https",)})
    result = add(hcm(), PLAIN, sent, EXTERNAL)
    assert result.first(":scheme") == "https"
    assert result.first("x-forwarded-proto") == "http"


@pytest.mark.parametrize(
    ("transformation", "scheme"),
    [({"scheme_to_overwrite": "https"}, "https"), ({"match_upstream": True}, "http")],
)
def test_scheme_transformation(transformation: dict[str, object], scheme: str) -> None:
    manager = hcm(scheme_header_transformation=transformation)
    result = add(manager, PLAIN, headers(x_forwarded_proto="http"), EXTERNAL)
    assert result.first(":scheme") == result.first("x-forwarded-proto") == scheme


@pytest.mark.parametrize(
    ("first_hop", "sent", "connection", "port"),
    [
        (True, "1", PLAIN, "80"),
        (False, "1", PLAIN, "1"),
        (False, None, PLAIN, "80"),
        (False, None, TLS, None),
    ],
)
def test_forwarded_port(
    first_hop: bool, sent: str | None, connection: Connection, port: str | None
) -> None:
    manager = hcm(append_x_forwarded_port=True, use_remote_address=first_hop)
    before = headers(x_forwarded_port=sent) if sent is not None else Headers()
    assert add(manager, connection, before, EXTERNAL).first("x-forwarded-port") == port


def test_what_tells_of_the_client() -> None:
    edge = add(hcm(), PLAIN, Headers(), EDGE)
    assert edge.first("x-envoy-external-address") == edge.first("x-forwarded-for") == "9.9.9.9"
    assert add(hcm(), PLAIN, Headers(), INTERNAL).first("x-envoy-internal") == "true"
    unknown = add(hcm(), PLAIN, Headers(), ClientAddress(edge=True))
    assert "x-envoy-external-address" not in unknown


@pytest.mark.parametrize(("sent", "via"), [(None, "me"), ("1.1 x", "1.1 x, me")])
def test_via(sent: str | None, via: str) -> None:
    before = headers(via=sent) if sent is not None else Headers()
    assert add(hcm(via="me"), PLAIN, before, EXTERNAL).first("via") == via

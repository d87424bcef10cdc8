"""What endpoints are spoken to with, as a table of what Envoy 1.40.0 logged."""

import msgspec
import pytest

from osmscope.resources.cluster import Cluster
from osmscope.rules.upstream_protocol import upstream_protocol

HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def options(**fields: object) -> dict[str, object]:
    body = {"@type": f"type.googleapis.com/{HTTP}", **fields}
    return {"typed_extension_protocol_options": {HTTP: body}}


def explicit(kind: str) -> dict[str, object]:
    return options(explicit_http_config={f"{kind}_protocol_options": {}})


AS_THE_CLIENT = options(use_downstream_protocol_config={"http2_protocol_options": {}})


@pytest.mark.parametrize(
    ("fields", "downstream", "name", "is_default"),
    [
        ({}, "http/1.1", "HTTP/1.1", True),
        ({}, "h2", "HTTP/1.1", True),
        ({"http2_protocol_options": {}}, "http/1.1", "HTTP/2", False),
        ({"protocol_selection": "USE_DOWNSTREAM_PROTOCOL"}, "h2", "HTTP/2", False),
        (
            {"protocol_selection": "USE_DOWNSTREAM_PROTOCOL", "http2_protocol_options": {}},
            "http/1.1",
            "HTTP/1.1",
            False,
        ),
        (explicit("http"), "h2", "HTTP/1.1", True),
        (explicit("http2"), "http/1.1", "HTTP/2", False),
        (explicit("http3"), "http/1.1", "HTTP/3", False),
        (explicit("http") | {"http2_protocol_options": {}}, "http/1.1", "HTTP/1.1", True),
        (options(), "http/1.1", "HTTP/1.1", True),
        (AS_THE_CLIENT, "http/1.1", "HTTP/1.1", False),
        (AS_THE_CLIENT, "h2", "HTTP/2", False),
        (options(auto_config={}), "http/1.1", "HTTP/2 or HTTP/1.1", False),
    ],
)
def test_protocol(fields: dict[str, object], downstream: str, name: str, is_default: bool) -> None:
    cluster = msgspec.json.decode(msgspec.json.encode(fields), type=Cluster)
    found = upstream_protocol(cluster, downstream)
    assert (found.name, found.reason == "") == (name, is_default)


HTTP2, EITHER = "HTTP/2", "HTTP/2 or HTTP/1.1"


@pytest.mark.parametrize(
    ("fields", "value", "name"),
    [
        (explicit("http2"), 0, "HTTP/1.1"),
        (explicit("http2"), "0", "HTTP/1.1"),
        (explicit("http2"), 50, EITHER),
        (explicit("http2"), 100, HTTP2),
        (explicit("http2"), "x", HTTP2),
        (AS_THE_CLIENT, 0, "HTTP/1.1"),
        (options(auto_config={}), 0, EITHER),
        (explicit("http3"), 0, "HTTP/3"),
    ],
)
def test_runtime_may_take_http2_away(fields: dict[str, object], value: object, name: str) -> None:
    cluster = msgspec.json.decode(msgspec.json.encode(fields), type=Cluster)
    assert upstream_protocol(cluster, "h2", {"upstream.use_http2": value}).name == name

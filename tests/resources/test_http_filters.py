"""The configurations of HTTP filters: by type, by name, and what of them decides nothing."""

import msgspec
import pytest

import osmscope.resources.http_filters as http_filters
from osmscope.resources.extension import Unsupported, decode_any, supported_types
from osmscope.resources.http_filters import gateway, header, traffic
from osmscope.resources.resource import Resource, unknown_fields

HTTP = "envoy.extensions.filters.http"


@pytest.mark.parametrize(
    ("type_name", "expected"),
    [
        (f"{HTTP}.router.v3.Router", http_filters.Router),
        (f"{HTTP}.fault.v3.HTTPFault", traffic.HttpFault),
        ("envoy.config.filter.http.fault.v2.HTTPFault", traffic.HttpFault),
        (f"{HTTP}.lua.v3.Lua", header.Lua),
        ("io.istio.http.peer_metadata.Config", gateway.PeerMetadata),
        (f"{HTTP}.nobody.v3.Knows", Unsupported),
    ],
)
def test_by_type(type_name: str, expected: type[Resource]) -> None:
    body = f'{{"@type": "type.googleapis.com/{type_name}"}}'.encode()
    assert type(decode_any(body)) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("envoy.filters.http.cors", traffic.Cors),
        ("envoy.cors", traffic.Cors),
        ("envoy.router", http_filters.Router),
        ("mine", Unsupported),
    ],
)
def test_by_name_where_there_is_no_type(name: str, expected: type[Resource]) -> None:
    assert type(decode_any(b"", name=name)) is expected


@pytest.mark.parametrize(
    "type_name", [name for name in supported_types() if ".filters.http." in name]
)
def test_every_type_reads_an_empty_message(type_name: str) -> None:
    decode_any(f'{{"@type": "type.googleapis.com/{type_name}"}}'.encode())


def test_a_field_that_is_not_known_is_named() -> None:
    body = msgspec.json.encode(
        {"abort": {"http_status": 500, "novel": 1}, "response_rate_limit": {}}
    )
    assert unknown_fields(traffic.HttpFault, body) == ["abort.novel"]

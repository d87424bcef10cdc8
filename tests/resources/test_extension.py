import msgspec
import pytest

from osmscope.errors import DumpError
from osmscope.resources.extension import (
    Unsupported,
    content_of,
    decode_any,
    decode_extension,
    supported_types,
    type_name,
)
from osmscope.resources.http_filters.header import Lua
from osmscope.resources.http_filters.router import Router
from osmscope.resources.matcher import TypedExtensionConfig

ROUTER = "envoy.extensions.filters.http.router.v3.Router"
UDPA = (
    b'{"@type": "x/udpa.type.v1.TypedStruct", "type_url": "x/%s", "value": {"dynamic_stats": true}}'
)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"", ""),
        (b"{}", ""),
        (b'{"@type": "type.googleapis.com/%s"}' % ROUTER.encode(), ROUTER),
        (UDPA % ROUTER.encode(), ROUTER),
        (b'{"@type": "x/udpa.type.v1.TypedStruct"}', ""),
    ],
)
def test_the_name_of_a_type(body, name):
    assert type_name(body) == name


@pytest.mark.parametrize(
    ("body", "name", "resource"),
    [
        (b'{"@type": "x/%s", "suppress_envoy_headers": true}' % ROUTER.encode(), "lua",
         Router(suppress_envoy_headers=True)),
        (UDPA % ROUTER.encode(), "", Router()),
        (b'{"@type": "x/xds.type.v3.TypedStruct", "type_url": "x/%s"}' % ROUTER.encode(), "",
         Router()),
        (b"", "envoy.filters.http.router", Router()),
        (b'{"suppress_envoy_headers": true}', "envoy.router", Router(suppress_envoy_headers=True)),
        (b"", "nobody knows", Unsupported(type_name="nobody knows")),
        (b'{"@type": "x/a.B"}', "envoy.filters.http.router", Unsupported(type_name="a.B")),
    ],
)  # fmt: skip
def test_the_type_decides_and_the_name_only_where_there_is_none(body, name, resource):
    assert decode_any(body, name=name) == resource
    config = TypedExtensionConfig(name=name, typed_config=msgspec.Raw(body))
    assert decode_extension(config) == resource


def test_the_field_of_before_2020_is_read():
    config = TypedExtensionConfig(
        name="envoy.lua", config=msgspec.Raw(b'{"inline_code": "function f() end"}')
    )
    assert decode_extension(config) == Lua(inline_code="function f() end")


@pytest.mark.parametrize(
    "body",
    [
        b'"x"',
        b"[]",
        b'{"@type": 3}',
        b'{"@type": "x/%s", "suppress_envoy_headers": "x"}' % ROUTER.encode(),
    ],
)
def test_what_cannot_be_read_is_the_dump_s_fault(body):
    config = TypedExtensionConfig(name="a", typed_config=msgspec.Raw(body))
    with pytest.raises(DumpError, match="cannot be read"):
        decode_extension(config)


def test_the_fields_of_a_wrapped_message():
    assert content_of(UDPA % b"a.B") == msgspec.Raw(b'{"dynamic_stats": true}')
    assert content_of(b"") == b""


def test_what_is_supported_is_listed():
    assert ROUTER in supported_types()
    assert list(supported_types()) == sorted(supported_types())


@pytest.mark.parametrize("name", ["", "envoy.filters.http.router"])
def test_a_body_that_is_null_is_an_error_of_ours(name):
    with pytest.raises(DumpError, match="cannot be read"):
        decode_any(b"null", name=name)

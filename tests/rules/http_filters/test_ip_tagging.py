"""Tags by address, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.gateway import IpTagging
from osmscope.resources.http_filters.traffic import Cors
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.ip_tagging import evaluate

Fields = dict[str, object]
TEN, ONE = (
    {"address_prefix": "10.0.0.0", "prefix_len": 8},
    {"address_prefix": "10.0.0.1", "prefix_len": 32},
)
TAGS = [
    {"ip_tag_name": "b", "ip_list": [TEN]},
    {"ip_tag_name": "a", "ip_list": [{"address_prefix": "9.0.0.0", "prefix_len": 8}, ONE]},
]
SANITIZE = {"ip_tag_header": {"header": "x-t"}}
APPEND = {"ip_tag_header": {"header": "x-t", "action": "APPEND_IF_EXISTS_OR_ADD"}}


def ask(
    fields: Fields, ip: str | None = "10.0.0.1", internal: bool = False, **sent: str
) -> FilterResult:
    config = msgspec.convert({"ip_tags": TAGS} | fields, IpTagging)
    headers = Headers.of((name.replace("_", "-"), value) for name, value in sent.items())
    request = Request(connection=Connection(), headers=headers, remote_ip=ip, internal=internal)
    (result,) = evaluate(request, FilterContext(filter_name="t", config=config, own_config=config))
    return result


@pytest.mark.parametrize(
    ("fields", "ip", "sent", "header", "value"),
    [
        ({}, "10.0.0.1", {}, "x-envoy-ip-tags", "a,b"),
        ({}, "10.0.0.2", {}, "x-envoy-ip-tags", "b"),
        ({}, "8.8.8.8", {}, "x-envoy-ip-tags", None),
        ({}, "::1", {}, "x-envoy-ip-tags", None),
        (SANITIZE, "10.0.0.2", {"x_t": "spoof"}, "x-t", "b"),
        (SANITIZE, "8.8.8.8", {"x_t": "spoof"}, "x-t", None),
        (APPEND, "10.0.0.2", {"x_t": "spoof"}, "x-t", "spoof,b"),
        (APPEND, "8.8.8.8", {"x_t": "spoof"}, "x-t", "spoof"),
        (APPEND, "10.0.0.2", {"x_t": ""}, "x-t", "b"),
        ({"request_type": "INTERNAL"}, "10.0.0.1", {}, "x-envoy-ip-tags", None),
        ({"request_type": "EXTERNAL"}, "10.0.0.1", {}, "x-envoy-ip-tags", "a,b"),
    ],
)
def test_tags(
    fields: Fields, ip: str, sent: dict[str, str], header: str, value: str | None
) -> None:
    result = ask(fields, ip, **sent)
    assert result.request.headers.first(header) == value
    assert result.clears_route_cache is (value != sent.get("x_t"))
    unsure = ('"t" writes the tags in the order a, b',)
    assert result.assumptions == (unsure if value == "a,b" else ())


def test_only_the_first_value_is_appended_to() -> None:
    config = msgspec.convert({"ip_tags": TAGS[:1]} | APPEND, IpTagging)
    headers = Headers.of([("x-t", "one"), ("x-t", "two")])
    request = Request(connection=Connection(), headers=headers, remote_ip="10.0.0.1")
    (result,) = evaluate(request, FilterContext(config=config, own_config=config))
    assert result.request.headers.all("x-t") == ("one,b", "two")


def test_internal_requests() -> None:
    result = ask({"request_type": "INTERNAL"}, internal=True)
    assert result.request.headers.first("x-envoy-ip-tags") == "a,b"


@pytest.mark.parametrize(
    ("fields", "ip"), [({}, None), ({"ip_tags_file_provider": {}}, "10.0.0.1")]
)
def test_what_nobody_knows_is_named(fields: Fields, ip: str | None) -> None:
    assert ask(fields, ip).assumptions == ('"t" does not add tags for the client\'s address',)


def test_another_configuration_tags_nothing() -> None:
    request = Request(connection=Connection(), headers=Headers(), remote_ip="10.0.0.1")
    (result,) = evaluate(request, FilterContext(config=Cors(), own_config=Cors()))
    assert list(result.request.headers) == []

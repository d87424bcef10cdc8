"""What a compressor does to requests, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.response import Compressor, CompressorPerRoute
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.compressor import evaluate, may_have_body
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult

Fields = dict[str, object]
REMOVES = {"response_direction_config": {"remove_accept_encoding_header": True}}
OFF = {"common_config": {"enabled": {"default_value": False, "runtime_key": "off"}}}
ON_BY_RUNTIME = {"common_config": {"enabled": {"default_value": False, "runtime_key": "on"}}}


def ask(
    fields: Fields, per_route: Fields | None = None, method: str = "GET", **sent: str
) -> FilterResult:
    own: Resource = msgspec.convert(fields, Compressor)
    config = own if per_route is None else msgspec.convert(per_route, CompressorPerRoute)
    pairs = [(":method", method), ("accept-encoding", "gzip")]
    pairs += [(name.replace("_", "-"), value) for name, value in sent.items()]
    request = Request(connection=Connection(), headers=Headers.of(pairs), runtime={"on": True})
    (result,) = evaluate(request, FilterContext(filter_name="c", config=config, own_config=own))
    return result


@pytest.mark.parametrize(
    ("fields", "per_route", "kept"),
    [
        ({}, None, True),
        (REMOVES, None, False),
        ({"remove_accept_encoding_header": True}, None, False),
        ({"response_direction_config": {"remove_accept_encoding_header": True, **OFF}}, None, True),
        (
            {"response_direction_config": {"remove_accept_encoding_header": True, **ON_BY_RUNTIME}},
            None,
            False,
        ),
        (REMOVES, {"disabled": True}, True),
        (REMOVES, {}, False),
        (REMOVES, {"overrides": {}}, False),
        (
            REMOVES,
            {"overrides": {"response_direction_config": {"remove_accept_encoding_header": False}}},
            True,
        ),
        (
            {"response_direction_config": OFF},
            {"overrides": {"response_direction_config": {"remove_accept_encoding_header": True}}},
            False,
        ),
        (
            {"response_direction_config": {"remove_accept_encoding_header": True, **OFF}},
            {"overrides": {"response_direction_config": {}}},
            False,
        ),
    ],
)
def test_accept_encoding(fields: Fields, per_route: Fields | None, kept: bool) -> None:
    result = ask(fields, per_route)
    assert ("accept-encoding" in result.request.headers) is kept
    assert result.assumptions == ()


@pytest.mark.parametrize(
    ("config", "method", "sent", "assumed"),
    [
        ({}, "POST", {}, True),
        ({}, "GET", {}, False),
        ({}, "GET", {"content_length": "5"}, True),
        ({}, "POST", {"content_length": "0"}, False),
        ({}, "GET", {"transfer_encoding": "chunked"}, True),
        ({}, "POST", {"content_encoding": "br"}, False),
        (OFF, "POST", {}, False),
    ],
)
def test_bodies_of_requests(
    config: Fields, method: str, sent: dict[str, str], assumed: bool
) -> None:
    result = ask({"request_direction_config": config}, None, method, **sent)
    words = ('"c" does not compress the request\'s body',)
    assert result.assumptions == (words if assumed else ())


def test_another_configuration_changes_nothing() -> None:
    request = Request(connection=Connection(), headers=Headers.of([("accept-encoding", "gzip")]))
    (result,) = evaluate(request, FilterContext(config=Cors(), own_config=Cors()))
    assert result.request is request
    assert may_have_body(request)

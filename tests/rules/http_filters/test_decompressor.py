"""What a decompressor does to requests, as a table of what Envoy 1.40.0 does."""

import json

import msgspec
import pytest

from osmscope.resources.http_filters.response import Decompressor
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import decode
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.decompressor import evaluate
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult

Fields = dict[str, object]
OFF = {"common_config": {"enabled": {"default_value": False, "runtime_key": "k"}}}


def ask(fields: Fields, library: str = "gzip", method: str = "GET", **sent: str) -> FilterResult:
    kind = f"envoy.extensions.compression.{library}.decompressor.v3.{library.capitalize()}"
    any_library = {"typed_config": {"@type": f"type.googleapis.com/{kind}"}} if library else {}
    body = json.dumps({"decompressor_library": any_library, **fields}).encode()
    own = decode(Decompressor, body, "test")
    pairs = [(":method", method)]
    pairs += [(name.replace("_", "-"), value) for name, value in sent.items()]
    request = Request(connection=Connection(), headers=Headers.of(pairs))
    (result,) = evaluate(request, FilterContext(filter_name="d", config=own, own_config=own))
    return result


@pytest.mark.parametrize(
    ("fields", "library", "before", "after"),
    [
        ({}, "gzip", None, "gzip"),
        ({}, "gzip", "", "gzip"),
        ({}, "gzip", "br", "br,gzip"),
        ({}, "gzip", "gzip", "gzip"),
        ({}, "brotli", "x, br;q=0.5", "x,br"),
        ({}, "brotli", "brx", "brx,br"),
        ({}, "brotli", "gzip;q=0", "gzip;q=0,br"),
        ({}, "zstd", "a,b", "a,b,zstd"),
        ({"request_direction_config": {"advertise_accept_encoding": False}}, "gzip", "br", "br"),
        ({"response_direction_config": OFF}, "gzip", None, None),
        ({"request_direction_config": OFF}, "gzip", None, "gzip"),
    ],
)
def test_the_upstream_is_told(
    fields: Fields, library: str, before: str | None, after: str | None
) -> None:
    sent = {} if before is None else {"accept_encoding": before}
    assert ask(fields, library, **sent).request.headers.first("accept-encoding") == after


@pytest.mark.parametrize(
    ("fields", "method", "before", "after"),
    [
        ({}, "POST", "gzip", None),
        ({}, "POST", "GZIP", None),
        ({}, "POST", "gzip, br", "br"),
        ({}, "POST", "br, gzip", "br, gzip"),
        ({}, "GET", "gzip", None),
        ({"request_direction_config": OFF}, "POST", "gzip", "gzip"),
    ],
)
def test_bodies_are_decompressed(
    fields: Fields, method: str, before: str, after: str | None
) -> None:
    result = ask(fields, "gzip", method, content_encoding=before, content_length="9")
    assert result.request.headers.first("content-encoding") == after
    assert result.assumptions == ()


@pytest.mark.parametrize(
    ("sent", "after"), [({}, None), ({"content_length": "0"}, "gzip"), ({"x": "y"}, None)]
)
def test_a_body_that_may_not_be_there_is_named(sent: dict[str, str], after: str | None) -> None:
    result = ask({}, "gzip", "POST", content_encoding="gzip", **sent)
    assert result.request.headers.first("content-encoding") == after
    words = 'the request has a body, which "d" decompresses'
    assert result.assumptions == (() if after else (words,))


@pytest.mark.parametrize(
    ("library", "words"),
    [
        ("lz4", '"d" (Lz4) leaves requests as they are'),
        ("", '"d" (no library) leaves requests as they are'),
    ],
)
def test_other_libraries_are_named(library: str, words: str) -> None:
    assert ask({}, library).assumptions == (words,)


def test_another_configuration_changes_nothing() -> None:
    request = Request(connection=Connection(), headers=Headers())
    (result,) = evaluate(request, FilterContext(config=Cors(), own_config=Cors()))
    assert msgspec.structs.asdict(result)["request"] is request

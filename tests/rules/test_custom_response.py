"""Custom responses, as a table of what Envoy 1.40.0 makes of its own replies."""

import json

import pytest

from osmscope.resources.http_filters.response import CustomResponse
from osmscope.resources.resource import decode
from osmscope.rules.custom_response import apply_custom_response
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.matcher_input import MatcherInputs

Fields = dict[str, object]
TYPE = "type.googleapis.com/"
INPUTS = f"{TYPE}envoy.type.matcher.v3"
REQUEST = Request(connection=Connection(), headers=Headers.of([("x-q", "1")]))
MATCHER_INPUTS = MatcherInputs(connection=Connection(), request=REQUEST)


def extension(type_name: str, **fields: object) -> Fields:
    return {"name": "x", "typed_config": {"@type": type_name, **fields}}


def policy(code: int | None) -> Fields:
    kind = f"{TYPE}envoy.extensions.http.custom_response.local_response_policy.v3"
    fields = {} if code is None else {"status_code": code}
    return {"action": extension(f"{kind}.LocalResponsePolicy", **fields)}


REDIRECT = {"action": extension(f"{TYPE}a.RedirectPolicy")}
OTHER = {"action": extension(f"{INPUTS}.HttpRequestHeaderMatchInput")}


def when(name: str, wanted: str, on_match: Fields, **fields: object) -> CustomResponse:
    source = extension(f"{INPUTS}.{name}", **fields)
    single = {"input": source, "value_match": {"exact": wanted}}
    matcher = {"predicate": {"single_predicate": single}, "on_match": on_match}
    return always({"matcher_list": {"matchers": [matcher]}})


def always(matcher: Fields) -> CustomResponse:
    body = json.dumps({"custom_response_matcher": matcher}).encode()
    return decode(CustomResponse, body, "test")


CODE, CLASS = "HttpResponseStatusCodeMatchInput", "HttpResponseStatusCodeClassMatchInput"
LOCAL, HEADER = "HttpResponseLocalReplyMatchInput", "HttpRequestHeaderMatchInput"
ON_503 = when(CODE, "503", policy(418))


@pytest.mark.parametrize(
    ("configs", "code", "flags", "expected"),
    [
        ([ON_503], 503, (), (418, None)),
        ([ON_503], 503, ("UH",), (418, None)),
        ([ON_503], 404, ("NR",), (404, "d")),
        ([always({"on_no_match": policy(418)})], 400, ("DPE",), (418, "d")),
        ([when(CODE, "503", policy(None))], 503, (), (503, None)),
        ([when(CLASS, "5xx", policy(418))], 503, (), (418, None)),
        ([when(CLASS, "5xx", policy(418))], 404, (), (404, "d")),
        ([when(LOCAL, "true", policy(418))], 503, (), (418, None)),
        ([when(HEADER, "1", policy(418), header_name="x-q")], 503, (), (418, None)),
        ([when(HEADER, "2", policy(418), header_name="x-q")], 503, (), (503, "d")),
        ([when(CODE, "404", policy(419)), ON_503], 503, (), (418, None)),
        ([when(CODE, "503", policy(419)), ON_503], 503, (), (419, None)),
        ([CustomResponse(), ON_503], 503, (), (418, None)),
        ([], 503, (), (503, "d")),
    ],
)
def test_replies(
    configs: list[CustomResponse], code: int, flags: tuple[str, ...], expected: object
) -> None:
    reply = LocalReply(code=code, flags=flags, details="d", reason="no")
    custom = apply_custom_response(configs, reply, MATCHER_INPUTS)
    assert (custom.reply.code, custom.reply.details) == expected
    assert custom.reply.flags == flags
    assert custom.assumption == ""


@pytest.mark.parametrize("code", [None, 418])
def test_what_a_grpc_client_gets_has_code_200(code: int | None) -> None:
    reply = LocalReply(code=200, flags=("UH",), details="d")
    configs = [always({"on_no_match": policy(code)})]
    custom = apply_custom_response(configs, reply, MATCHER_INPUTS, to_grpc=True)
    assert (custom.reply.code, custom.reply.details) == (200, None)


@pytest.mark.parametrize(
    ("config", "assumption"),
    [
        (
            when(CODE, "503", REDIRECT),
            "the custom response a.RedirectPolicy leaves the reply as it is",
        ),
        (
            when(CODE, "503", OTHER),
            "the custom response HttpRequestHeaderMatchInput leaves the reply as it is",
        ),
        (
            when("HttpResponseHeaderMatchInput", "1", policy(418)),
            "no custom response takes the place of the reply (what the input"
            " envoy.type.matcher.v3.HttpResponseHeaderMatchInput gives decides)",
        ),
    ],
)
def test_what_is_not_evaluated_is_named(config: CustomResponse, assumption: str) -> None:
    reply = LocalReply(code=503, details="d")
    custom = apply_custom_response([config, ON_503], reply, MATCHER_INPUTS)
    assert (custom.reply, custom.assumption) == (reply, assumption)

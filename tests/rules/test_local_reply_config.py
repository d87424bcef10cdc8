"""Local reply mappers and gRPC, as Envoy 1.40.0 applies them."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Headers
from osmscope.rules.grpc import is_grpc
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.local_reply_config import finish, unread_condition

Filter = dict[str, object]
GRPC = Headers.of([("content-type", "application/grpc")])


def status(operation: str | None, value: int) -> Filter:
    comparison: Filter = {"value": {"default_value": value}}
    if operation is not None:
        comparison["op"] = operation
    return {"status_code_filter": {"comparison": comparison}}


def header(name: str) -> Filter:
    return {"header_filter": {"header": {"name": name, "present_match": True}}}


def flags(*names: str) -> Filter:
    return {"response_flag_filter": {"flags": names}}


def mapped(reply: LocalReply, headers: Headers, *filters: Filter | None) -> int:
    mappers = [{"filter": f, "status_code": 600 + i} for i, f in enumerate(filters)]
    fields = {"local_reply_config": {"mappers": mappers}}
    return finish(
        reply, msgspec.convert(fields, HttpConnectionManager), headers, to_grpc=is_grpc(headers)
    ).code


NR = LocalReply(code=404, flags=("NR",), details="route_not_found")


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        (status(None, 404), True),
        (status("EQ", 403), False),
        (status("GE", 404), True),
        (status("GE", 405), False),
        (status("LE", 404), True),
        (status("LE", 403), False),
        (status("NE", 200), True),
        (status("NE", 404), False),
        (flags("NR"), True),
        (flags("NC", "NR"), True),
        (flags("NC"), False),
        (flags(), True),
        (header("x-a"), True),
        (header("x-b"), False),
        ({"and_filter": {"filters": [status("GE", 400), flags("NR")]}}, True),
        ({"and_filter": {"filters": [status("GE", 400), flags("NC")]}}, False),
        ({"or_filter": {"filters": [flags("NC"), header("x-a")]}}, True),
        ({"or_filter": {"filters": [flags("NC"), header("x-b")]}}, False),
        ({"not_health_check_filter": {}}, True),
        ({"duration_filter": {}}, False),
        (None, False),
    ],
)
def test_filters(condition: Filter | None, fits: bool) -> None:
    assert mapped(NR, Headers.of([("x-a", "1")]), condition) == (600 if fits else 404)


@pytest.mark.parametrize(
    ("value", "code"), [(403, 404), (404, 600), ("404", 600), ("x", 600), (None, 600)]
)
def test_a_runtime_key_may_replace_what_is_compared_with(value: object, code: int) -> None:
    compared = {"default_value": 404, "runtime_key": "k"}
    condition = {"status_code_filter": {"comparison": {"value": compared}}}
    fields = {"local_reply_config": {"mappers": [{"filter": condition, "status_code": 600}]}}
    manager = msgspec.convert(fields, HttpConnectionManager)
    runtime = {} if value is None else {"k": value}
    assert finish(NR, manager, Headers(), to_grpc=False, runtime=runtime).code == code
    assert unread_condition(NR, manager, Headers(), runtime) == ""


def test_the_first_mapper_that_fits_counts() -> None:
    assert mapped(NR, Headers(), flags("NC"), status("GE", 400), flags("NR")) == 601


def test_a_mapper_may_leave_the_code() -> None:
    mappers = [{"filter": status("GE", 400)}, {"filter": flags("NR"), "status_code": 410}]
    fields = {"local_reply_config": {"mappers": mappers}}
    assert (
        finish(NR, msgspec.convert(fields, HttpConnectionManager), Headers(), to_grpc=False) is NR
    )


def test_a_codecs_reply_has_no_flag_and_no_headers_yet() -> None:
    reply = LocalReply(code=400, flags=("DPE",), details="http1.codec_error")
    sent = GRPC.set("x-a", "1")
    assert mapped(reply, sent, flags("DPE"), flags(), header("x-a"), status("GE", 400)) == 603
    assert mapped(reply, sent) == 400


@pytest.mark.parametrize(
    ("matcher", "fits"),
    [
        ({"name": "x-b", "present_match": True, "invert_match": True}, True),
        ({"name": "x-a", "present_match": False}, True),
        ({"name": "x-a", "present_match": True}, False),
        ({"name": "x-a", "string_match": {"exact": "b"}, "invert_match": True}, False),
        (
            {"name": "x-a", "string_match": {"exact": "b"}, "invert_match": True}
            | {"treat_missing_header_as_empty": True},
            True,
        ),
    ],
)
def test_to_a_codecs_reply_every_header_is_absent(matcher: Filter, fits: bool) -> None:
    reply = LocalReply(code=400, flags=("DPE",), details="http1.codec_error")
    condition = {"header_filter": {"header": matcher}}
    assert mapped(reply, GRPC.set("x-a", "1"), condition) == (600 if fits else 400)


def test_a_health_check_is_told_apart() -> None:
    reply = LocalReply(code=200, details="health_check_ok")
    assert mapped(reply, Headers(), {"not_health_check_filter": {}}) == 200


def test_a_grpc_client_is_not_redirected_to_a_normalized_path() -> None:
    reply = LocalReply(code=307, details="path_normalization_failed", location="/a")
    finished = finish(reply, HttpConnectionManager(), Headers(), to_grpc=True)
    assert (finished.code, finished.location) == (200, None)
    reply = LocalReply(code=301, details="direct_response", location="/a")
    assert finish(reply, HttpConnectionManager(), Headers(), to_grpc=True).location == "/a"


def test_grpc_is_answered_with_200_whatever_a_mapper_says() -> None:
    assert mapped(NR, GRPC, flags("NR")) == 200
    finished = finish(NR, HttpConnectionManager(), Headers(), to_grpc=True)
    assert (finished.code, finished.flags, finished.details) == (200, NR.flags, NR.details)


@pytest.mark.parametrize(
    "reply", [LocalReply(code=200, details="cors_response"), LocalReply(code=0, flags=("DPE",))]
)
def test_what_is_no_local_reply_stays(reply: LocalReply) -> None:
    assert mapped(reply, GRPC, status("LE", 600)) == reply.code


@pytest.mark.parametrize(
    ("filters", "reply", "expected"),
    [
        ([], NR, ""),
        ([None], NR, ""),
        ([status("EQ", 403)], NR, ""),
        ([{"metadata_filter": {}}], NR, "metadata_filter"),
        ([status("EQ", 404), {"metadata_filter": {}}], NR, ""),
        ([status("EQ", 403), {"extension_filter": {}}], NR, "extension_filter"),
        ([{"and_filter": {"filters": [status("GE", 1), {"duration_filter": {}}]}}], NR,
         "duration_filter"),
        ([{"or_filter": {"filters": [status("GE", 500)]}}], NR, ""),
        ([{"metadata_filter": {}}], LocalReply(code=0), ""),
        ([{"metadata_filter": {}}], LocalReply(code=200, details="cors_response"), ""),
    ],
)  # fmt: skip
def test_filters_that_are_not_evaluated_are_named(
    filters: list[Filter | None], reply: LocalReply, expected: str
) -> None:
    fields = {"local_reply_config": {"mappers": [{"filter": one} for one in filters]}}
    manager = msgspec.convert(fields, HttpConnectionManager)
    assert unread_condition(reply, manager, Headers()) == expected
    assert unread_condition(reply, HttpConnectionManager(), Headers()) == ""

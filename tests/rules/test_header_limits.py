"""How many headers a codec takes and how large they may be, as Envoy 1.40.0 counts."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.header_limits import HeaderLimits, reads_line_first, refuse_size


def hcm(kb: int | None = None, count: int | None = None) -> HttpConnectionManager:
    options = {"max_request_headers_kb": kb, "common_http_protocol_options": {}}
    options["common_http_protocol_options"] = {"max_headers_count": count}
    return msgspec.convert(options, HttpConnectionManager)


def request(*headers: tuple[str, str], method: str = "GET", path: str | None = "/") -> Request:
    pairs = [(":method", method), (":authority", "bookstore"), *headers]
    pairs += [(":path", path)] if path is not None else []
    return Request(connection=Connection(), headers=Headers.of(pairs))


@pytest.mark.parametrize(
    ("kb", "sent", "fits"),
    [
        (1, request(("x-a", "a" * 982)), True),
        (1, request(("x-a", "a" * 983)), False),
        (1, request(("x-a", "a" * 972), ("x-bb", "cc")), True),
        (1, request(("x-a", "a" * 973), ("x-bb", "cc")), False),
        (1, request(("x-a", "a" * 976), path="/abcdef"), True),
        (1, request(("x-a", "a" * 977), path="/abcdef"), False),
        (1, request(("x-a", "a" * 970), method="CONNECT", path=None), True),
        (1, request(("x-a", "a" * 971), method="CONNECT", path=None), False),
        (None, request(("x-a", "a" * 61398)), True),
        (None, request(("x-a", "a" * 61399)), False),
    ],
)
def test_http1_counts_every_byte_up_to_the_empty_line(
    kb: int | None, sent: Request, fits: bool
) -> None:
    reply = refuse_size(hcm(kb), sent)
    assert (reply is None) is fits
    if reply is not None:
        assert (reply.code, reply.flags) == (431, ("DPE",))
        assert reply.details == "http1.headers_too_large"
        assert reply.reason == f"the headers have more than {kb or 60} KiB"


FIRST = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "bookstore")]


@pytest.mark.parametrize(
    ("kb", "headers", "fits"),
    [
        (1, [("x-a", "a" * 975)], True),
        (1, [("x-a", "a" * 976)], False),
        (1, [("x-a", "a" * 969), ("x-bb", "cc")], True),
        (1, [("x-a", "a" * 970), ("x-bb", "cc")], False),
        (1, [("x-a", "a" * 969), ("cookie", "cc; dd")], True),
        (1, [("x-a", "a" * 970), ("cookie", "cc; dd")], False),
        (None, [("x-a", "a" * 61391)], True),
        (None, [("x-a", "a" * 61392)], False),
    ],
)
def test_http2_counts_names_and_values(
    kb: int | None, headers: list[tuple[str, str]], fits: bool
) -> None:
    limits = HeaderLimits(hcm(kb), "h2")
    replies = [limits.add(name, (value,)) for name, value in FIRST + headers]
    assert (replies[-1] is None) is fits
    if replies[-1] is not None:
        assert (replies[-1].code, replies[-1].flags) == (0, ("DR",))
        assert replies[-1].details == "http2.header_list_size_too_large"


@pytest.mark.parametrize(
    ("protocol", "most", "code", "details"),
    [("http/1.1", 3, 431, "http1.too_many_headers"), ("h2", 6, 0, "http2.too_many_headers")],
)
def test_http2_counts_its_pseudo_headers_too(
    protocol: str, most: int, code: int, details: str
) -> None:
    limits = HeaderLimits(hcm(count=most), protocol)
    replies = [limits.add(name, (value,)) for name, value in FIRST]
    replies += [limits.add("a", ("1", "2")), limits.add("b", ("3",))]
    assert replies[:-1] == [None] * 5
    assert replies[-1] is not None
    assert (replies[-1].code, replies[-1].details) == (code, details)


@pytest.mark.parametrize(("kb", "expected"), [(1, False), (16, False), (17, True), (None, True)])
def test_what_is_read_at_once_is_counted_before_the_line_is_looked_at(
    kb: int | None, expected: bool
) -> None:
    assert reads_line_first(hcm(kb)) is expected

"""The headers that `connection` names, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.rules.connection_header import take_out_named
from osmscope.rules.facts import Headers
from osmscope.rules.local_reply import LocalReply

SENT = {"x-user": "u", "te": "gzip, Trailers", "x-forwarded-for": "1.1.1.1", "host": "a"}


@pytest.mark.parametrize(
    ("connection", "gone", "left"),
    [
        ("x-user", {"x-user"}, None),
        ("X-User , close", {"x-user"}, "close"),
        ("close,connection", set(), "close"),
        ("connection, x-user", {"x-user"}, None),
        ("keep-alive, upgrade, http2-settings", set(), "keep-alive, upgrade, http2-settings"),
        ("a,b,c,d,e,f,g,h,i", set(), None),
        ("a,,b,,c,,d,,e,,f", set(), None),
        ("host", {"host"}, None),
        ("", set(), ""),
        (",", set(), ","),
    ],
)
def test_named_headers_go(connection: str, gone: set[str], left: str | None) -> None:
    kept = {name: value for name, value in SENT.items() if name not in gone}
    kept |= {} if left is None else {"connection": left}
    result = take_out_named(Headers.of([*SENT.items(), ("connection", connection)]))
    assert result == Headers.of(kept.items())


@pytest.mark.parametrize(
    ("te", "left"), [("gzip, Trailers", "trailers"), ("gzip", None), ("trailers;q=1", None)]
)
def test_te_stays_as_trailers(te: str, left: str | None) -> None:
    result = take_out_named(Headers.of([("connection", "te"), ("te", te)]))
    assert isinstance(result, Headers)
    assert result.first("te") == left


@pytest.mark.parametrize(
    "connection",
    ["x-forwarded-for", "X-Forwarded-Host", "x-forwarded-proto", ":path", ":x",
     "a,b,c,d,e,f,g,h,i,j"],
)  # fmt: skip
def test_names_that_are_refused(connection: str) -> None:
    result = take_out_named(Headers.of([("connection", connection)]))
    assert isinstance(result, LocalReply)
    assert (result.code, result.details) == (400, "http1.connection_header_rejected")


@pytest.mark.parametrize(("length", "refused"), [(255, False), (256, True)])
def test_a_long_te_is_refused(length: int, refused: bool) -> None:
    result = take_out_named(Headers.of([("connection", "te"), ("te", "x" * length)]))
    assert isinstance(result, LocalReply) is refused


def test_without_it_nothing_goes() -> None:
    assert take_out_named(Headers.of(SENT.items())) == Headers.of(SENT.items())

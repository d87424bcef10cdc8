"""Lengths and encodings of HTTP/1 bodies, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.rules.facts import Headers
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.message_framing import check_framing, refuse_content_length


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ([], False),
        (["0"], False),
        (["00"], False),
        (["18446744073709551615"], False),
        (["18446744073709551616"], True),
        (["9" * 5000], True),
        (["0, 0"], True),
        (["-1"], True),
        (["+0"], True),
        (["0x0"], True),
        (["\u0660"], True),
        ([""], True),
        (["0", "0"], True),
    ],
)
def test_content_length_is_one_number(values: list[str], refused: bool) -> None:
    reply = refuse_content_length(Headers.of([("content-length", value) for value in values]))
    assert (reply is not None) is refused
    assert reply is None or (reply.code, reply.details) == (400, "http1.codec_error")


@pytest.mark.parametrize(
    ("method", "length", "encoding", "chunked_length", "expected"),
    [
        ("GET", None, None, False, (None, None)),
        ("POST", "5", None, False, ("5", None)),
        ("POST", None, "Chunked", False, (None, "Chunked")),
        ("POST", None, "identity", False, (501, "http1.invalid_transfer_encoding")),
        ("POST", None, "", False, (501, "http1.invalid_transfer_encoding")),
        ("POST", None, "gzip, chunked", False, (501, "http1.invalid_transfer_encoding")),
        ("POST", "0", "chunked", False, (400, "http1.content_length_and_chunked_not_allowed")),
        ("POST", "0", "chunked", True, (None, "chunked")),
        ("POST", "0", "gzip", True, (400, "http1.content_length_and_chunked_not_allowed")),
        ("CONNECT", "0", None, False, (None, None)),
        ("CONNECT", "5", None, False, (400, "http1.body_disallowed")),
        ("CONNECT", "0", "chunked", False, (501, "http1.invalid_transfer_encoding")),
    ],
)
def test_framing(
    method: str,
    length: str | None,
    encoding: str | None,
    chunked_length: bool,
    expected: tuple[object, str | None],
) -> None:
    pairs = [(":method", method)]
    pairs += [] if length is None else [("content-length", length)]
    pairs += [] if encoding is None else [("transfer-encoding", encoding)]
    result = check_framing(Headers.of(pairs), allow_chunked_length=chunked_length)
    if isinstance(result, LocalReply):
        assert (result.code, result.details) == expected
    else:
        assert (result.first("content-length"), result.first("transfer-encoding")) == expected

"""What says how long a body is, as a table of what Envoy 1.40.0 refuses."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Headers
from osmscope.rules.message_framing import refuse_framing

LENGTH, ENCODING = "content-length", "transfer-encoding"
BOTH = (400, "http1.content_length_and_chunked_not_allowed")
NO_NUMBER = (400, "http1.codec_error")
NOT_CHUNKED = (501, "http1.invalid_transfer_encoding")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], None),
        ([(LENGTH, "0")], None),
        ([(LENGTH, "5"), (LENGTH, "5")], None),
        ([(LENGTH, "1"), (LENGTH, "2")], NO_NUMBER),
        ([(LENGTH, "abc")], NO_NUMBER),
        ([(LENGTH, "-1")], NO_NUMBER),
        ([(LENGTH, "")], NO_NUMBER),
        ([(ENCODING, "chunked")], None),
        ([(ENCODING, "Chunked")], None),
        ([(ENCODING, "gzip")], NOT_CHUNKED),
        ([(ENCODING, "chunked, chunked")], NOT_CHUNKED),
        ([(ENCODING, "chunked"), (LENGTH, "0")], BOTH),
    ],
)
def test_what_is_refused(headers: list[tuple[str, str]], expected: tuple[int, str] | None) -> None:
    reply = refuse_framing(HttpConnectionManager(), Headers.of(headers))
    assert (None if reply is None else (reply.code, reply.details)) == expected
    assert reply is None or reply.flags == ("DPE",)


def test_a_length_beside_chunks_may_be_allowed() -> None:
    options = {"http_protocol_options": {"allow_chunked_length": True}}
    manager = msgspec.convert(options, HttpConnectionManager)
    headers = Headers.of([(ENCODING, "chunked"), (LENGTH, "0")])
    assert refuse_framing(manager, headers) is None

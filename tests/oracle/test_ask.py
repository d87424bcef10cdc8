from __future__ import annotations

import pytest

from osmscope.oracle import http2
from osmscope.oracle.ask import http1_bytes, http2_fields, proxy_header
from osmscope.oracle.not_comparable import NotComparableError
from osmscope.trace.request import TraceRequest

ADDRESSES = {"src_ip": "10.0.0.1", "src_port": 5, "dst_ip": "10.0.0.2", "dst_port": 80}


@pytest.mark.parametrize(
    ("changes", "header"),
    [
        ({}, b"PROXY TCP4 10.0.0.1 10.0.0.2 5 80\r\n"),
        ({"src_ip": "::1", "dst_ip": "2001:DB8::2"}, b"PROXY TCP6 ::1 2001:db8::2 5 80\r\n"),
    ],
)
def test_the_proxy_header_names_both_ends(changes, header):
    assert proxy_header(TraceRequest(**{**ADDRESSES, **changes})) == header


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"src_ip": "::1"}, "two IP versions"), ({"dst_ip": None}, "destination is not known")],
)
def test_what_no_header_can_say_is_not_compared(changes, words):
    with pytest.raises(NotComparableError, match=words):
        proxy_header(TraceRequest(**{**ADDRESSES, **changes}))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"host": "a"}, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
        (
            {"method": "POST", "path": "/x?y", "headers": {"content-length": "2"}},
            b"POST /x?y HTTP/1.1\r\ncontent-length: 2\r\nconnection: close\r\n\r\nxx",
        ),
        (
            {"host": "a", "headers": {"host": "b", "connection": "Upgrade", "x": ("1", "2")}},
            b"GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nx: 1\r\nx: 2\r\n\r\n",
        ),
        (
            {"method": "CONNECT", "host": "a:80"},
            b"CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\nconnection: close\r\n\r\n",
        ),
        (
            {"method": "CONNECT", "host": "a:80", "path": "/"},
            b"CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\nconnection: close\r\n\r\n",
        ),
        (
            {"headers": {"transfer-encoding": "chunked", "connection": "close"}},
            b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n",
        ),
    ],
)
def test_http1_is_written_as_the_request_says(fields, expected):
    assert http1_bytes(TraceRequest(**fields)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"host": "a"}, [":method", ":authority", ":scheme", ":path"]),
        ({"method": "CONNECT", "host": "a:80"}, [":method", ":authority"]),
        (
            {"method": "CONNECT", "host": "a", "headers": {"x": "1", ":protocol": "websocket"}},
            [":method", ":authority", ":scheme", ":path", ":protocol", "x"],
        ),
    ],
)
def test_http2_says_pseudo_headers_first(fields, expected):
    assert [name for name, _ in http2_fields(TraceRequest(**fields))] == expected


def test_http2_writes_lengths_above_a_prefix():
    written = http2.request_bytes([("x", "y" * 300)])
    assert b"\x00\x01x\x7f\xad\x01" + b"y" * 300 in written


def test_http2_splits_a_long_header_block():
    written = http2.request_bytes([("x", "y" * 20000)])
    assert written.count(b"y") == 20000
    assert len(written) == len(http2.PREFACE) + 3 * 9 + 20000 + 7


@pytest.mark.parametrize("size", [1, 16384, 16385, 65535])
def test_http2_sends_a_body_in_frames_of_which_the_last_one_ends(size):
    written = http2.request_bytes([("x", "y")], b"b" * size)
    assert written.count(b"b") == size
    frames, ends = written[len(http2.PREFACE) :], []
    while frames:
        length, kind, flags = int.from_bytes(frames[:3], "big"), frames[3], frames[4]
        ends += [flags & 1] if kind != 4 else []
        frames = frames[9 + length :]
    assert ends == [0] * (len(ends) - 1) + [1]


def test_http2_sends_no_body_that_nobody_asked_for():
    with pytest.raises(ValueError, match="of which 65535 are sent"):
        http2.request_bytes([("x", "y")], b"b" * 65536)


def test_http2_reads_to_the_end_and_acknowledges_settings():
    settings = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    answer = b"\x00\x00\x01\x01\x05\x00\x00\x00\x01\x88"
    parts, sent = [settings[:4], settings[4:] + answer], []
    http2.wait_for_end(lambda: parts.pop(0) if parts else b"", sent.append)
    assert sent == [b"\x00\x00\x00\x04\x01\x00\x00\x00\x00"]
    assert not parts

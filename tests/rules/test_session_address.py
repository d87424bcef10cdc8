"""Sessions, as a table of what Envoy 1.40.0 does."""

import base64

import pytest

from osmscope.resources.http_filters.traffic import CookieSession, HeaderSession, SessionCookie
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.session_address import session_address

ADDRESS = "127.8.3.2:18777"
ENDS = 100


def encoded(data: bytes | str) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def message(address: bytes = ADDRESS.encode(), end: bytes = b"") -> bytes:
    return b"\x0a" + bytes([len(address)]) + address + end


def asked(name: str, *values: str, path: str = "/", now: float | None = None) -> Request:
    headers = Headers.of([(":path", path), *((name, value) for value in values)])
    return Request(connection=Connection(), headers=headers, now=now)


def of_cookie(value: str, path: str = "", at: str = "/", now: float | None = None) -> str:
    state = CookieSession(cookie=SessionCookie(name="s", path=path))
    return session_address(state, asked("cookie", f"s={value}", path=at, now=now)).address


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ((encoded(ADDRESS),), ADDRESS),
        ((ADDRESS,), ""),
        (("!!",), ""),
        (("",), ""),
        ((), ""),
        ((encoded(ADDRESS), "zz"), ADDRESS),
        ((f"{encoded(ADDRESS)},{encoded(ADDRESS)}",), ""),
        ((encoded(ADDRESS + "x")[:-1],), ""),
        ((encoded("9.9.9.9:1"),), "9.9.9.9:1"),
    ],
)
def test_a_header(values: tuple[str, ...], address: str) -> None:
    found = session_address(HeaderSession(name="x-s"), asked("x-s", *values))
    assert found.address == address
    assert bool(found.reason) is bool(address)


@pytest.mark.parametrize(
    ("data", "address"),
    [
        (message(), ADDRESS),
        (ADDRESS, ADDRESS),
        ("junk", "junk"),
        (b"\x0a\x01\xff", "\n\x01\ufffd"),
        (message(b""), ""),
        (b"\x10\x05", ""),
        (message(end=b"\x3d1234"), ADDRESS),
        (message(end=b"\x39" + b"12345678"), ADDRESS),
        (message(end=b"\x1a\x02ab"), ADDRESS),
        (message(end=b"\x0b"), "\n\x0f" + ADDRESS + "\x0b"),
        (message(end=b"\x80" * 11), "\n\x0f" + ADDRESS + "\ufffd" * 11),
        (b"\x02\x01a", "\x02\x01a"),
        (b"\x12\x01a" + message(), ""),
    ],
)
def test_a_cookie_holds_a_message_or_an_address(data: bytes | str, address: str) -> None:
    assert of_cookie(encoded(data)) == address


@pytest.mark.parametrize("value", ["!!", ""])
def test_what_cannot_be_decoded_is_no_session(value: str) -> None:
    assert of_cookie(value) == ""


@pytest.mark.parametrize(
    ("now", "address", "assumed"), [(99, ADDRESS, False), (101, "", False), (None, ADDRESS, True)]
)
def test_a_session_ends(now: float | None, address: str, assumed: bool) -> None:
    state = CookieSession(cookie=SessionCookie(name="s"))
    value = encoded(message(end=b"\x10" + bytes([ENDS])))
    found = session_address(state, asked("cookie", f"s={value}", now=now))
    assert (found.address, bool(found.assumption)) == (address, assumed)


@pytest.mark.parametrize(
    ("own", "path", "covered"),
    [
        ("/p", "/p", True),
        ("/p", "/p/", True),
        ("/p", "/p/a", True),
        ("/p", "/p?x", True),
        ("/p", "/", False),
        ("/p", "/px", False),
        ("/p", "/P", False),
        ("/p/", "/p", False),
        ("/p/", "/p/", True),
        ("/p/", "/p/a", True),
        ("", "/any", True),
    ],
)
def test_a_cookie_has_a_path(own: str, path: str, covered: bool) -> None:
    assert of_cookie(encoded(message()), own, path) == (ADDRESS if covered else "")


def test_an_envelope_is_assumed_to_name_no_endpoint() -> None:
    found = session_address(Resource(), asked("x-s", "1"))
    assert (found.address, bool(found.assumption)) == ("", True)

"""CONNECT-UDP, as a table of what Envoy 1.40.0 makes of its path."""

import pytest

from osmscope.rules.connect_udp import with_udp_target
from osmscope.rules.facts import Headers
from osmscope.rules.local_reply import LocalReply

BELOW = "/.well-known/masque/udp"


def upgrade(path: str, wanted: str = "connect-udp") -> Headers:
    pairs = [("upgrade", wanted), ("connection", "upgrade"), (":path", path), (":authority", "p")]
    return Headers.of(pairs)


@pytest.mark.parametrize(
    ("path", "authority"),
    [
        (f"{BELOW}/1.2.3.4/80/", "1.2.3.4:80"),
        (f"{BELOW}/::1/80/", "[::1]:80"),
        (f"{BELOW}/%3A%3A1/80/", "[::1]:80"),
        (f"{BELOW}/a%2eb/8%30/", "a.b:80"),
        (f"{BELOW}/h/x/", "h:x"),
        (f"{BELOW}/1.2.3.4%2F5/80/", "1.2.3.4/5:80"),
        (f"{BELOW}/1.2.3.4/80", None),
        (f"{BELOW}//80/", None),
        (f"{BELOW}/h//", None),
        (f"{BELOW}/h/80/x", None),
        (f"{BELOW}/h/80/?a", None),
        (f"{BELOW}/h/80/#a", None),
        (f"{BELOW}/h%25x/80/", None),
        (f"{BELOW}/a%2gb/80/", None),
        (f"{BELOW}/%/80/", None),
        (f"/x/..{BELOW}/1.2.3.4/80/", None),
        ("/", None),
    ],
)
@pytest.mark.parametrize("wanted", ["connect-udp", "Connect-UDP"])
def test_the_path_names_the_authority(path: str, authority: str | None, wanted: str) -> None:
    found = with_udp_target(upgrade(path, wanted))
    if authority is None:
        assert isinstance(found, LocalReply)
        assert (found.code, found.flags, found.details) == (404, (), "invalid_path")
    else:
        assert isinstance(found, Headers)
        assert found.first(":authority") == authority


def test_what_connection_says_does_not_count() -> None:
    assert isinstance(with_udp_target(upgrade("/").remove("connection")), LocalReply)


@pytest.mark.parametrize(
    "headers", [upgrade("/", "websocket"), Headers.of([(":method", "CONNECT")]), Headers()]
)
def test_other_requests_are_left_alone(headers: Headers) -> None:
    assert with_udp_target(headers) is headers

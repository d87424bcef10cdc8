from __future__ import annotations

import socket

import pytest

from osmscope.oracle.stand_in import StandIn


def talk(address: str, data: bytes) -> bytes:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(data)
        return connection.recv(1 << 16)


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\n"),
        (b"PUT / HTTP/1.1\r\nconnection: close\r\n\r\n", b"HTTP/1.1 200 OK\r\n"),
        (b"\x16\x03\x01 a ClientHello", b"osmscope\r\n"),
    ],
)
def test_it_answers_at_every_address(data, answer):
    with StandIn(3) as stand_in:
        assert len({address.rpartition(":")[0] for address in stand_in.addresses}) == 3
        assert all(address.startswith("127.") for address in stand_in.addresses)
        for address in stand_in.addresses:
            assert talk(address, data).startswith(answer)


def test_it_tells_what_it_was_asked_last():
    with StandIn(2) as stand_in:
        first, second = stand_in.addresses
        talk(first, b"GET /1 HTTP/1.1\r\n\r\n")
        talk(first, b"GET /2 HTTP/1.1\r\nhost: a\r\n\r\nbody")
        talk(second, b"no HTTP")
        assert stand_in.asked_at(first) == b"GET /2 HTTP/1.1\r\nhost: a"
        assert stand_in.asked_at(second) is None
        stand_in.forget()
        assert stand_in.asked_at(first) is None


def test_it_is_gone_afterwards():
    with StandIn(1) as stand_in:
        (address,) = stand_in.addresses
    with pytest.raises(ConnectionError):
        talk(address, b"x")


def test_no_endpoints_are_fine():
    with StandIn(0) as stand_in:
        assert stand_in.addresses == ()

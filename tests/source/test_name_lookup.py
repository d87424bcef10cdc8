"""Names are looked up within the deadline of the question, whatever the system's resolver does."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from osmscope.errors import UnreachableError
from osmscope.source.admin import Admin
from osmscope.source.name_lookup import begin_lookup

HANGING = """
import socket, sys, time
known = socket.getaddrinfo
def hanging(host, *more):
    return time.sleep(60) if host in ("slow.test", b"slow.test") else known(host, *more)
socket.getaddrinfo = hanging
from osmscope.cli.main import main
main(sys.argv[1:])
"""


def test_a_lookup_gives_what_the_resolver_gives() -> None:
    assert begin_lookup("127.0.0.1", 80, 0, socket.SOCK_STREAM).result(5) == socket.getaddrinfo(
        "127.0.0.1", 80, 0, socket.SOCK_STREAM
    )


def test_a_lookup_raises_what_the_resolver_raises() -> None:
    with pytest.raises(socket.gaierror):
        begin_lookup("does-not-exist.invalid", 80).result(5)


def test_an_admin_address_whose_name_is_looked_up_for_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: gone.wait(30))
    start = time.monotonic()
    with pytest.raises(UnreachableError, match=r"no whole answer within 0\.3 seconds"):
        Admin("http://slow.test:15000", deadline=0.3).ask("server_info")
    assert time.monotonic() - start < 10
    gone.set()


def test_the_next_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as server:
        refused, taken = (
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", one))
            for one in (port, server.getsockname()[1])
        )
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [refused, taken])
        thread = threading.Thread(target=_answer, args=(server,))
        thread.start()
        assert Admin("http://two.test:1", deadline=10).ask("ready").data == b"LIVE\n"
        thread.join()


def _answer(server: socket.socket) -> None:
    with server.accept()[0] as connection:
        connection.recv(1 << 16)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nLIVE\n")


@pytest.mark.parametrize("of", ["admin", "api server"])
def test_a_resolver_that_hangs_does_not_keep_the_process(of: str, tmp_path: Path) -> None:
    source = "http://slow.test:15000" if of == "admin" else "default/pod"
    config = tmp_path / "config"
    config.write_text(
        json.dumps(
            {
                "contexts": [{"name": "x", "context": {"cluster": "x"}}],
                "clusters": [{"name": "x", "cluster": {"server": "http://slow.test:6443"}}],
                "current-context": "x",
            }
        )
    )
    command = [sys.executable, "-c", HANGING, "trace", source, "host:80"]
    command += ["--kubeconfig", str(config), "--request-timeout", "1"]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert time.monotonic() - start < 30
    assert done.returncode == 4
    assert "within 1 seconds" in done.stderr
    assert done.stderr.count("\n") == 1

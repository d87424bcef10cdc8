"""A dump that wants to be heard elsewhere: its copy stays on loopback, and writes one log."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

import pytest

from osmscope.dump.sections import Dump
from osmscope.oracle.json_tree import nested
from osmscope.oracle.runnable import runnable
from osmscope.oracle.throw_away_keys import ThrowAwayKeys
from osmscope.oracle.verification import Verification
from osmscope.resources.proxy import Proxy
from tests.trace import sidecars

OUTSIDE = "203.0.113."
"""Addresses of nobody (RFC 5737), which a copy must never dial or listen at."""


def hostile(folder: Path) -> Proxy:
    """A sidecar whose every part leads elsewhere."""
    log = sidecars.extension(
        "f", "envoy.extensions.access_loggers.file.v3.FileAccessLog", path=str(folder / "log")
    )
    pipe = {"pipe": {"path": str(folder / "socket")}}
    zipkin = sidecars.extension(
        "z", "envoy.config.trace.v3.ZipkinConfig", collector_cluster="dns", collector_endpoint="/"
    )
    manager = sidecars.manager(
        sidecars.EVERYTHING, stat_prefix="s", access_log=[log], tracing={"provider": zipkin}
    )
    router = f"{sidecars.HTTP}.router.v3.Router"
    manager["typed_config"]["http_filters"][-1] = sidecars.extension(
        "r", router, upstream_log=[log]
    )
    chain = sidecars.chain(manager)
    elsewhere = {"address": sidecars.address(OUTSIDE + "5:99")}
    option = {"level": 1, "name": 9, "int_value": 1}
    listeners = [
        sidecars.listener(
            chain,
            name="outside",
            at=OUTSIDE + "7:80",
            access_log=[log],
            freebind=True,
            transparent=True,
            socket_options=[option],
            additional_addresses=[{"address": pipe}, elsewhere],
        ),
        {**sidecars.listener(chain, name="pipe"), "address": pipe},
        sidecars.listener(chain, name="handing over", use_original_dst=True),
    ]
    own = {"address": OUTSIDE + "1", "port_value": 0}
    clusters = [
        sidecars.cluster(
            "a",
            OUTSIDE + "9:80",
            upstream_bind_config={"source_address": own},
            health_checks=[{"timeout": "1s", "interval": "1s", "tcp_health_check": {}}],
        ),
        {**sidecars.cluster("dns", "1.1.1.1:80"), "type": "STRICT_DNS"},
        {"name": "original", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"},
        {
            "name": "pipe",
            "type": "STATIC",
            "load_assignment": {
                "cluster_name": "pipe",
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": pipe}}]}],
            },
        },
    ]
    asking = {"api_type": "GRPC", "grpc_services": [{"envoy_grpc": {"cluster_name": "dns"}}]}
    sink = sidecars.extension("s", "envoy.config.metrics.v3.StatsdSink", tcp_cluster_name="dns")
    layer = {"name": "d", "disk_layer": {"symlink_root": str(folder / "runtime")}}
    bootstrap = {
        "admin": {"address": sidecars.address("0.0.0.0:9999"), "access_log": [log]},
        "stats_sinks": [sink],
        "tracing": {"http": zipkin},
        "dynamic_resources": {"ads_config": asking},
        "hds_config": asking,
        "flags_path": str(folder / "flags"),
        "layered_runtime": {"layers": [layer]},
        "bootstrap_extensions": [sidecars.extension("w", "envoy.extensions.wasm.v3.WasmService")],
    }
    name = "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump"
    sections = sidecars.sections(listeners, clusters=clusters).values()
    configs = [{"@type": name, "bootstrap": bootstrap}, *sections]
    return Proxy(Dump.read(json.dumps({"configs": configs}).encode(), where="hostile"))


def test_a_copy_has_no_other_bootstrap_than_its_own(tmp_path):
    bootstrap = runnable(hostile(tmp_path), ThrowAwayKeys(), Path("/run")).bootstrap
    assert bootstrap.keys() == {"node", "admin", "layered_runtime", "static_resources"}
    assert bootstrap["admin"] == {"address": {"pipe": {"path": "/run/admin.sock"}}}
    assert not any("disk_layer" in part for part in nested(bootstrap))


def test_a_copy_has_nothing_of_where_the_dump_listens_and_dials(tmp_path):
    copy = runnable(hostile(tmp_path), ThrowAwayKeys(), Path("/run"))
    numbers = range(len(copy.endpoints))
    bootstrap = copy.with_addresses(tuple(f"127.77.0.{number}:1" for number in numbers))
    static = bootstrap["static_resources"]
    for listener in static["listeners"]:
        bound = [part["address"] for part in nested(listener) if "port_value" in part]
        assert listener.get("bind_to_port") is False or bound[0].startswith("127.76.")
        assert listener.get("bind_to_port") is False or "additional_addresses" not in listener
        assert not listener.keys() & {"freebind", "transparent", "socket_options"}
    clusters = json.dumps(static["clusters"])
    assert "upstream_bind_config" not in clusters
    assert str(tmp_path) not in clusters
    dialled = [part["address"] for part in nested(static["clusters"]) if "port_value" in part]
    assert all(address.startswith("127.77.") for address in dialled)


@pytest.mark.envoy
def test_an_envoy_that_runs_it_stays_on_loopback_and_writes_nothing_else(tmp_path):
    with Verification(hostile(tmp_path)) as envoy:
        request = sidecars.request(listener="outside", dst_ip=OUTSIDE + "7", dst_port=80)
        found = envoy.verify(request)
        ends = list(ends_of_sockets(process_in(envoy._envoy.folder)))
    assert (found.result, found.reason) == ("agree", "")
    assert len(ends) >= 3
    for own, other in ends:
        assert own.is_loopback
        assert other.is_loopback or other.is_unspecified  # what listens has no other end
    assert not list(tmp_path.iterdir())


def process_in(folder: Path) -> int:
    """The number of the Envoy that lives in a folder."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"/envoy") and str(folder).encode() in b" ".join(words):
            return int(path.parent.name)
    raise AssertionError("no Envoy lives there")


def ends_of_sockets(process: int):
    """Both ends of every socket that a process has open."""
    inodes = set()
    for path in Path(f"/proc/{process}/fd").iterdir():
        target = str(path.readlink())
        inodes.add(target.removeprefix("socket:[").rstrip("]"))
    for table in ("tcp", "udp"):
        for line in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                yield address_in(fields[1]), address_in(fields[2])


def address_in(field: str):
    """The address in a field of /proc/net/tcp: 0100007F:1F90."""
    return ipaddress.ip_address(bytes.fromhex(field.partition(":")[0])[::-1])

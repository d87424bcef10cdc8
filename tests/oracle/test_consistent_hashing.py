"""The endpoint that a hash leads to is the one that a real Envoy picks, every time.

One Envoy, a listener for each way to hash; each is sent many values over a few connections, and the
endpoint that answered stands in a response header. `pytest tests/oracle/test_consistent_hashing.py`
"""

import http.client
import random
import string
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.oracle.envoy_process import EnvoyProcess
from osmscope.oracle.runnable import ADMIN_SOCKET
from osmscope.resources.proxy import Proxy
from osmscope.source.admin import read_admin
from osmscope.trace.request import TraceRequest
from osmscope.trace.tracer import Tracer
from tests.oracle.envoy_files import MANAGER, ROUTER, TYPES
from tests.oracle.stand_in import stand_in

pytestmark = pytest.mark.envoy

Json = dict[str, Any]

MANY = 1000
SOME = 150
CONNECTIONS = 4
PICKED = "x-picked"

POLICIES = f"{TYPES}.extensions.load_balancing_policies"
HEADER = {"header": {"header_name": "x-user"}}
TWO = [HEADER, {"query_parameter": {"name": "q"}}]


def endpoints(*weights: int, at: int = 1, **fields: Any) -> Json:
    """A locality with an endpoint for each weight; 0 is one that is unhealthy."""
    listed = [
        {
            "endpoint": {
                "address": {"socket_address": {"address": f"127.7.{at}.{number}"}},
                "hostname": f"h{number}.com",
            },
            "health_status": "HEALTHY" if weight else "UNHEALTHY",
            "load_balancing_weight": weight or 1,
        }
        for number, weight in enumerate(weights, 1)
    ]
    return {"lb_endpoints": listed, **fields}


def keyed(*keys: str) -> Json:
    """Endpoints whose metadata says what they are hashed by."""
    group = endpoints(*[1] * len(keys))
    for endpoint, key in zip(group["lb_endpoints"], keys, strict=True):
        endpoint["metadata"] = {"filter_metadata": {"envoy.lb": {"hash_key": key}}}
    return group


def by(name: str, **fields: Any) -> Json:
    """A policy that is an extension: `ring_hash.v3.RingHash`."""
    config = {"@type": f"{POLICIES}.{name}", **fields}
    policy = {"typed_extension_config": {"name": name, "typed_config": config}}
    return {"load_balancing_policy": {"policies": [policy]}}


def cluster(*groups: Json, **fields: Any) -> Json:
    return {"load_assignment": {"endpoints": list(groups)}, **fields}


FIVE = endpoints(1, 2, 3, 5, 8)
PLACES = (
    endpoints(1, 1, at=1, locality={"zone": "b"}, load_balancing_weight=1),
    endpoints(2, 1, 1, at=2, locality={"zone": "a"}, load_balancing_weight=3),
)
PRIORITIES = (endpoints(1, 1, 0, 0, at=1), endpoints(1, 2, 3, at=2, priority=1))
BY_HOSTNAME = {"consistent_hashing_lb_config": {"use_hostname_for_hashing": True}}

WAYS: dict[str, tuple[Json, list[Json], int]] = {
    "ring": (cluster(FIVE, lb_policy="RING_HASH"), [HEADER], MANY),
    "maglev": (cluster(FIVE, lb_policy="MAGLEV"), [HEADER], MANY),
    "ring, equal weights": (cluster(endpoints(1, 1, 1), lb_policy="RING_HASH"), [HEADER], SOME),
    "ring, murmur": (
        cluster(FIVE, **by("ring_hash.v3.RingHash", hash_function="MURMUR_HASH_2")),
        [HEADER],
        SOME,
    ),
    "ring, small": (
        cluster(FIVE, **by("ring_hash.v3.RingHash", minimum_ring_size=7, maximum_ring_size=30)),
        [HEADER],
        SOME,
    ),
    "ring, keys of metadata": (
        cluster(keyed("a", "b", "c"), lb_policy="RING_HASH"),
        [HEADER],
        SOME,
    ),
    "ring, hostnames": (cluster(FIVE, **by("ring_hash.v3.RingHash", **BY_HOSTNAME)), TWO, SOME),
    "ring, localities": (
        cluster(
            *PLACES, lb_policy="RING_HASH", common_lb_config={"locality_weighted_lb_config": {}}
        ),
        [HEADER],
        SOME,
    ),
    "ring, priorities": (cluster(*PRIORITIES, lb_policy="RING_HASH"), TWO, SOME),
    "ring, panic": (cluster(endpoints(0, 0, 0, 2), lb_policy="RING_HASH"), [HEADER], SOME),
    "ring, cookie": (cluster(FIVE, lb_policy="RING_HASH"), [{"cookie": {"name": "s"}}], SOME),
    "ring, source": (
        cluster(FIVE, lb_policy="RING_HASH"),
        [{"connection_properties": {"source_ip": True}}],
        SOME,
    ),
    "maglev, small": (
        cluster(FIVE, lb_policy="MAGLEV", maglev_lb_config={"table_size": 37}),
        TWO,
        SOME,
    ),
    "maglev, hostnames": (cluster(FIVE, **by("maglev.v3.Maglev", **BY_HOSTNAME)), [HEADER], SOME),
    "maglev, keys of metadata": (
        cluster(keyed("x", "y", "z"), lb_policy="MAGLEV"),
        [HEADER],
        SOME,
    ),
    "maglev, priorities": (cluster(*PRIORITIES, lb_policy="MAGLEV"), [HEADER], SOME),
    "maglev, localities": (
        cluster(*PLACES, **by("maglev.v3.Maglev", locality_weighted_lb_config={})),
        [HEADER],
        SOME,
    ),
}


class Live:
    """A running Envoy: its ports, and osmscope's word on what it dumped."""

    def __init__(self, envoy: EnvoyProcess, ports: dict[str, int]) -> None:
        self.ports = ports
        admin = f"unix://{envoy.folder / ADMIN_SOCKET}"
        dump = Dump.read(read_admin(admin, "config_dump").data, where="dump")
        clusters = read_clusters(read_admin(admin, "clusters").data, where="clusters")
        self.tracer = Tracer(Proxy(dump, clusters))


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with stand_in() as one, EnvoyProcess() as envoy:
        ports = envoy.start(bootstrap(envoy, one.port), time.monotonic() + 30)
        yield Live(envoy, ports)


def bootstrap(envoy: EnvoyProcess, port: int) -> Json:
    return {
        "admin": {"address": {"pipe": {"path": str(envoy.folder / ADMIN_SOCKET)}}},
        "static_resources": {
            "clusters": [named(name, one, port) for name, (one, _, _) in WAYS.items()],
            "listeners": [listener(name, policies) for name, (_, policies, _) in WAYS.items()],
        },
    }


def named(name: str, way: Json, port: int) -> Json:
    groups = msgspec.json.decode(msgspec.json.encode(way["load_assignment"]["endpoints"]))
    for group in groups:
        for endpoint in group["lb_endpoints"]:
            endpoint["endpoint"]["address"]["socket_address"]["port_value"] = port
    return {**way, "name": name, "load_assignment": {"cluster_name": name, "endpoints": groups}}


def listener(name: str, policies: list[Json]) -> Json:
    picked = {"header": {"key": PICKED, "value": "%UPSTREAM_REMOTE_ADDRESS%"}}
    route = {
        "match": {"prefix": "/"},
        "route": {"cluster": name, "hash_policy": policies},
        "response_headers_to_add": [picked],
    }
    manager = {
        "@type": MANAGER,
        "stat_prefix": "h",
        "route_config": {"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [route]}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": ROUTER}}],
    }
    return {
        "name": name,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }


def asked(name: str, number: int) -> list[TraceRequest]:
    """What to ask of a listener: values of any length, the same ones in every run."""
    lots = random.Random(name)
    requests = []
    for _ in range(number):
        value = "".join(lots.choices(string.printable[:95].strip(), k=lots.randint(1, 40)))
        address = ".".join(str(lots.randint(1, 254)) for _ in range(4))
        fields: Json = {
            "listener": name,
            "host": "a.com",
            "path": f"/?q={lots.randint(0, 99)}",
            "src_ip": "127.0.0.1",
            "headers": {
                "x-user": value,
                "cookie": f"s={lots.randint(0, 10**9)}",
                "x-forwarded-for": address,
            },
        }
        requests.append(msgspec.convert(fields, TraceRequest))
    return requests


def picked(port: int, requests: list[TraceRequest]) -> list[str]:
    """Ask Envoy, over one connection, which endpoint it picks."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    found = []
    for request in requests:
        headers = {name: str(value) for name, value in (request.headers or {}).items()}
        connection.request("GET", str(request.path), headers={"host": "a.com", **headers})
        response = connection.getresponse()
        response.read()
        assert response.status == http.client.OK
        found.append(response.headers[PICKED])
    connection.close()
    return found


def named_endpoint(tracer: Tracer, request: TraceRequest) -> str:
    answer = tracer.answer(request)
    assert answer.exact, answer.assumptions
    (outcome,) = answer.outcomes
    (endpoint,) = outcome.endpoints
    return endpoint.address


@pytest.mark.parametrize("way", WAYS)
def test_the_named_endpoint_is_the_one_that_envoy_picks(live: Live, way: str) -> None:
    requests = asked(way, WAYS[way][2])
    parts = [requests[start::CONNECTIONS] for start in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(lambda part: picked(live.ports[way], part), parts))
    pairs = [
        (str(request.headers), named_endpoint(live.tracer, request), answer)
        for part, answered in zip(parts, answers, strict=True)
        for request, answer in zip(part, answered, strict=True)
    ]
    assert len(pairs) == WAYS[way][2]
    assert [pair for pair in pairs if pair[1] != pair[2]] == []
    assert len({answer for _, _, answer in pairs}) > 1

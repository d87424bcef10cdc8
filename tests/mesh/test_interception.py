"""What the kernel redirects, and what is said of the same rules: real packets decide."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from osmscope.rules.iptables import NatTable, Packet
from tests.mesh.network import IPTABLES
from tests.mesh.pod_network import POD_IP, PodNetwork, pod_network
from tests.mesh.running import why_not_here

REASON = why_not_here()
pytestmark = [
    pytest.mark.live_mesh,
    pytest.mark.skipif(REASON is not None, reason=str(REASON)),
]

APPLICATION, ENVOY = 1000, 1500
ADDRESSES = ("127.0.0.1", "127.0.0.2", POD_IP, "10.96.0.7", "10.0.0.9", "192.0.2.1")
PORTS = (80, 443, 3306, 8080, 15000, 15010)
OUTBOUND = [(ip, port, user) for ip in ADDRESSES for port in PORTS for user in (APPLICATION, ENVOY)]
INBOUND = (80, 3306, 15000, 15010, 15901, 15904)


def with_rules(*lines: str) -> str:
    """The rules of OSM 1.2 with what its injector adds for exclusions."""
    return IPTABLES["1.2"].replace(
        "-A OSM_PROXY_OUTBOUND -j OSM_PROXY_OUT_REDIRECT",
        "\n".join((*lines, "-A OSM_PROXY_OUTBOUND -j OSM_PROXY_OUT_REDIRECT")),
    )


ISTIO = """*nat
-N ISTIO_INBOUND
-N ISTIO_REDIRECT
-N ISTIO_IN_REDIRECT
-N ISTIO_OUTPUT
-A ISTIO_INBOUND -p tcp --dport 15008 -j RETURN
-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001
-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15003
-A PREROUTING -p tcp -j ISTIO_INBOUND
-A ISTIO_INBOUND -p tcp --dport 15010 -j RETURN
-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT
-A OUTPUT -p tcp -j ISTIO_OUTPUT
-A ISTIO_OUTPUT -p tcp --dport 3306 -j RETURN
-A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN
-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp ! --dport 15008 -m owner --uid-owner 1500 -j ISTIO_IN_REDIRECT
-A ISTIO_OUTPUT -o lo -m owner ! --uid-owner 1500 -j RETURN
-A ISTIO_OUTPUT -m owner --uid-owner 1500 -j RETURN
-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN
-A ISTIO_OUTPUT -d 10.0.0.0/24 -j RETURN
-A ISTIO_OUTPUT -j ISTIO_REDIRECT
COMMIT
"""  # noqa: E501
TABLES = {
    "OSM 1.2": IPTABLES["1.2"],
    "OSM 0.9": IPTABLES["0.9"],
    "ports left out": with_rules(
        "-A OSM_PROXY_OUTBOUND -p tcp --match multiport --dports 3306,8000:8100 -j RETURN"
    ),
    "ranges left out": with_rules(
        "-A OSM_PROXY_OUTBOUND -d 10.96.0.0/16 -j RETURN",
        "-A OSM_PROXY_OUTBOUND -d 192.0.2.1/32 -j RETURN",
    ),
    "ranges taken": with_rules(
        "-A OSM_PROXY_OUTBOUND -d 10.96.0.0/16 -j OSM_PROXY_OUT_REDIRECT",
        "-A OSM_PROXY_OUTBOUND -j RETURN",
    ),
    "an interface left out": with_rules("-A OSM_PROXY_OUTBOUND -o eth0 -j RETURN"),
    "inbound ports left out": IPTABLES["1.2"].replace(
        "COMMIT", "-I OSM_PROXY_INBOUND -p tcp --match multiport --dports 80,3306 -j RETURN\nCOMMIT"
    ),
    "what follows a redirection": IPTABLES["1.2"].replace(
        "COMMIT", "-I OSM_PROXY_OUT_REDIRECT 1 -p tcp --dport 443 -j ACCEPT\nCOMMIT"
    ),
    "Istio": ISTIO,
}


@pytest.fixture(scope="module")
def network() -> Iterator[PodNetwork]:
    with pod_network() as made:
        yield made


def packet(ip: str, port: int, user: int) -> Packet:
    is_local = ip.startswith("127.") or ip == POD_IP
    user_id = None if user == APPLICATION else user
    return Packet(destination_ip=ip, destination_port=port, is_local=is_local, user_id=user_id)


def told(rules: str) -> tuple[dict[object, bool], dict[object, bool]]:
    """What is said of each connection, out of the pod and into it."""
    table = NatTable(rules)
    out = {one: table.redirected("OUTPUT", packet(*one)) for one in OUTBOUND}
    into = {port: table.redirected("PREROUTING", Packet(destination_port=port)) for port in INBOUND}
    assert not [one for one in (*out.values(), *into.values()) if one.is_unknown]
    return (
        {key: found.is_match for key, found in out.items()},
        {key: found.is_match for key, found in into.items()},
    )


def happened(network: PodNetwork) -> tuple[dict[object, bool], dict[object, bool]]:
    """What the kernel does with the same connections."""
    return (
        dict(zip(OUTBOUND, network.outbound(OUTBOUND), strict=True)),
        dict(zip(INBOUND, network.inbound(INBOUND), strict=True)),
    )


@pytest.mark.parametrize("name", TABLES)
def test_the_kernel_redirects_what_is_said(network: PodNetwork, name: str) -> None:
    network.set_rules(TABLES[name])
    assert told(TABLES[name]) == happened(network)


def test_a_script_sets_rules_as_well(network: PodNetwork) -> None:
    """OSM up to 0.11 runs iptables once for each rule."""
    lines = IPTABLES["0.9"].splitlines()
    chains = [f"-N {line[1:].split()[0]}" for line in lines if line.startswith(":")]
    rules = [line for line in lines if line.startswith("-A")]
    excluded = "-I PROXY_OUTPUT -p tcp --match multiport --dports 3306 -j RETURN"
    script = " && ".join(f"iptables -t nat {one}" for one in (*chains, *rules, excluded))
    network.run_script(script)
    assert told(script) == happened(network)


@pytest.mark.parametrize("seed", range(20))
def test_the_kernel_redirects_what_is_said_of_rules_at_random(
    network: PodNetwork, seed: int
) -> None:
    rules = at_random(random.Random(seed))
    network.set_rules(rules)
    assert told(rules) == happened(network), rules


def at_random(draw: random.Random) -> str:
    """A table of rules whose parts are those of a mesh's."""
    lines = ["*nat", "-N OUT", "-N IN", "-N TO_OUT", "-N TO_IN"]
    lines += ["-A TO_OUT -p tcp -j REDIRECT --to-port 15001"]
    lines += ["-A TO_IN -p tcp -j REDIRECT --to-ports 15003"]
    for chain, last in (("OUT", "TO_OUT"), ("IN", "TO_IN")):
        for _ in range(draw.randrange(1, 7)):
            lines.append(f"-A {chain} {conditions(draw, chain)} -j {target(draw, last)}")
        for _ in range(draw.randrange(0, 2)):
            position = draw.choice(("", "1 "))
            lines.append(f"-I {chain} {position}{conditions(draw, chain)} -j RETURN")
        lines.append(f"-A {chain} -j {last}")
    return "\n".join(
        (*lines, "-A OUTPUT -p tcp -j OUT", "-A PREROUTING -p tcp -j IN", "COMMIT", "")
    )


def target(draw: random.Random, redirecting: str) -> str:
    return draw.choice(("RETURN", "RETURN", "ACCEPT", redirecting))


def conditions(draw: random.Random, chain: str) -> str:
    not_ = draw.choice(("", "! "))
    parts = [
        f"-p tcp {not_}--dport {draw.choice(PORTS)}",
        f"-p tcp --dport {draw.choice(('80:443', '3000:9000', ':80', '15000:'))}",
        f"-p tcp -m multiport --dports {draw.choice(('80,443', '3306,15000:15010'))}",
        "-p udp --dport 80",
    ]
    if chain == "OUT":
        parts += [
            f"{not_}-d {draw.choice(('127.0.0.1/32', '10.0.0.0/8', '192.0.2.1', '127.0.0.0/8'))}",
            f"{not_}-o {draw.choice(('lo', 'eth0'))}",
            f"-m owner {not_}--uid-owner {draw.choice(('1500', '1400-1600'))}",
            f"-o lo {not_}-d 127.0.0.1/32 -m owner --uid-owner 1500",
            '-m comment --comment "a word -d 1.2.3.4"',
        ]
    return draw.choice(parts)

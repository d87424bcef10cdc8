"""What the kernel makes of nat rules; tests/mesh/test_interception.py asks a kernel the same."""

import pytest

from osmscope.rules.iptables import NatTable, Packet
from osmscope.rules.result import Outcome

REDIRECT = "-A OUTPUT -p tcp -j REDIRECT --to-port 15001"


def table(*lines: str) -> NatTable:
    return NatTable("\n".join(("*nat", *lines, "COMMIT")))


def outcome(rules: NatTable, **packet: object) -> Outcome:
    facts = {"destination_ip": "10.0.0.1", "destination_port": 80, **packet}
    return rules.redirected("OUTPUT", Packet(**facts)).outcome  # type: ignore[arg-type]


LOCAL = {"destination_ip": "127.0.0.1", "is_local": True}
HIT, MISS, UNKNOWN = Outcome.MATCH, Outcome.NO_MATCH, Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("rule", "packet", "expected"),
    [
        ("-p tcp", {}, HIT),
        ("-p udp", {}, MISS),
        ("-p udp", {"protocol": "udp"}, HIT),
        ("-p 17", {"protocol": "udp"}, HIT),
        ("-p tcp", {"protocol": "udp"}, MISS),
        ("-p all", {}, HIT),
        ("! -p udp", {}, HIT),
        ("--protocol=tcp", {}, HIT),
        ("-d 10.0.0.0/8", {}, HIT),
        ("-d 10.0.0.1", {}, HIT),
        ("-d 10.0.0.2", {}, MISS),
        ("! -d 10.0.0.2", {}, HIT),
        ("-d 10.0.0.2,10.0.0.0/24", {}, HIT),
        ("-d a.b/c", {}, MISS),
        ("-d 10.0.0.0/8", {"destination_ip": None}, UNKNOWN),
        ("-d 127.0.0.1/32", {"destination_ip": None}, MISS),
        ("-s 127.0.0.6/32", {}, MISS),
        ("-s 127.0.0.1", {}, UNKNOWN),
        ("-s 10.0.0.0/8", {}, UNKNOWN),
        ("-p tcp --dport 80", {}, HIT),
        ("-p tcp --dport 81", {}, MISS),
        ("-p tcp ! --dport 81", {}, HIT),
        ("-p tcp --dport 70:90", {}, HIT),
        ("-p tcp --dport :90", {}, HIT),
        ("-p tcp --dport 81:", {}, MISS),
        ("-p tcp --dport http", {}, MISS),
        ("-p tcp --dport 1:http", {}, MISS),
        ("-p tcp -m multiport --dports 1,80", {}, HIT),
        ("-p tcp --match multiport --destination-ports 1,2", {}, MISS),
        ("-p tcp --dport 80", {"destination_port": None}, UNKNOWN),
        ("-o lo", {}, MISS),
        ("-o lo", LOCAL, HIT),
        ("-o eth0", {}, HIT),
        ("-o eth0", LOCAL, MISS),
        ("-o net1", {}, UNKNOWN),
        ("-o net1", LOCAL, MISS),
        ("-m owner --uid-owner 1500", {}, MISS),
        ("-m owner ! --uid-owner 1500", {}, HIT),
        ("-m owner --uid-owner 1500", {"user_id": 1500}, HIT),
        ("-m owner --uid-owner 1500", {"user_id": 1000}, MISS),
        ("-m owner --uid-owner 1400-1600", {"user_id": 1500}, HIT),
        ("-m owner --uid-owner envoy", {"user_id": 1500}, MISS),
        ("-m owner --uid-owner 1-x", {"user_id": 1500}, MISS),
        ("-m owner --gid-owner 1337", {}, MISS),
        ("-m owner --gid-owner 1337", {"user_id": 1500}, UNKNOWN),
        ("-m comment --comment 'let -d 1.2.3.4 pass'", {}, HIT),
        ("-m mark --mark 0x1", {}, UNKNOWN),
        ("-p udp -m mark --mark 0x1", {}, MISS),
    ],
)
def test_a_rule_asks_for(rule: str, packet: dict[str, object], expected: Outcome) -> None:
    assert outcome(table(f"-A OUTPUT {rule} -j REDIRECT --to-ports 15001"), **packet) is expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((REDIRECT,), HIT),
        ((), MISS),
        (("-A OUTPUT -j RETURN", REDIRECT), MISS),
        (("-A OUTPUT -j ACCEPT", REDIRECT), MISS),
        ((REDIRECT, "-I OUTPUT -j RETURN"), MISS),
        ((REDIRECT, "-I OUTPUT 2 -j RETURN"), HIT),
        (("-A OUTPUT -j A", "-A A -j RETURN", REDIRECT), HIT),
        (("-A OUTPUT -j A", "-A A -d 1.1.1.1 -j ACCEPT", REDIRECT), HIT),
        (("-A OUTPUT -j A", "-A A -j B", "-A B -j REDIRECT --to-port 1"), HIT),
        (("-A OUTPUT -g A", "-A A -j ACCEPT", REDIRECT), MISS),
        (("-A OUTPUT -j A", "-A A -j OUTPUT", REDIRECT), UNKNOWN),
        (("-A OUTPUT -j DNAT --to-destination 1.1.1.1", REDIRECT), UNKNOWN),
        (("-A OUTPUT -p tcp", REDIRECT), UNKNOWN),
        (("-A PREROUTING -j RETURN", REDIRECT), HIT),
        (("-N A", ":B - [0:0]", "-P OUTPUT ACCEPT", "-A", REDIRECT), HIT),
        (("# -A OUTPUT -j ACCEPT", "-A OUTPUT -j 'ACCEPT", REDIRECT), HIT),
    ],
)
def test_the_first_rule_that_fits_decides(lines: tuple[str, ...], expected: Outcome) -> None:
    assert outcome(table(*lines)) is expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("iptables -t nat -N A && iptables -t nat -A OUTPUT -j REDIRECT --to-port 1", HIT),
        ("iptables -A OUTPUT -j REDIRECT --to-port 1", MISS),
        ("*filter\n-A OUTPUT -j REDIRECT\nCOMMIT", MISS),
        ("*filter\nCOMMIT\n*nat\n-A OUTPUT -j REDIRECT\nCOMMIT", HIT),
        ("iptables-restore --noflush <<EOF\n*nat\n-A OUTPUT -j REDIRECT\nCOMMIT\nEOF\n", HIT),
        ("iptables -w 5 --table=nat --append OUTPUT --jump REDIRECT; true", HIT),
        ("iptables -t", MISS),
    ],
)
def test_rules_are_read_from_what_sets_them(script: str, expected: Outcome) -> None:
    assert outcome(NatTable(script)) is expected
    assert NatTable(script).redirects is (expected is HIT)


@pytest.mark.parametrize(
    ("interface", "expected"), [("eth0", HIT), ("lo", MISS), ("net1", UNKNOWN)]
)
def test_a_connection_from_outside_comes_through_eth0(interface: str, expected: Outcome) -> None:
    rules = table(f"-A PREROUTING -i {interface} -p tcp -j REDIRECT --to-ports 15003")
    assert rules.redirected("PREROUTING", Packet(destination_port=80)).outcome is expected


def test_the_reason_names_the_rule() -> None:
    rules = table("-A OUTPUT -j A", "-A A -p tcp --dport 3306 -j RETURN", "-A A -j B", REDIRECT)
    found = rules.redirected("OUTPUT", Packet(destination_ip="1.1.1.1", destination_port=3306))
    assert found.reason == "it is redirected to port 15001"
    rules = table("-A OUTPUT -j A", "-A A -p tcp --dport 3306 -j RETURN", "-A A -j ACCEPT")
    found = rules.redirected("OUTPUT", Packet(destination_ip="1.1.1.1", destination_port=3306))
    assert found.reason == 'the rule "-p tcp --dport 3306 -j RETURN" lets it pass'
    assert found.consulted == ("-p tcp --dport 3306 -j RETURN",)
    assert table().redirected("OUTPUT", Packet()).reason == "no rule redirects it"

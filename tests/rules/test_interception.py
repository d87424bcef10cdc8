"""Whether a connection is led to the sidecar, by the lists of a mesh or by the rules themselves."""

import pytest

from osmscope.rules.interception import Listed, Redirection, inbound, outbound
from osmscope.rules.iptables import NatTable
from osmscope.rules.result import Outcome

OWN = ("10.244.0.5", "fd00::5")
HIT, MISS, UNKNOWN = Outcome.MATCH, Outcome.NO_MATCH, Outcome.UNKNOWN


def ports(*texts: str) -> tuple[Listed, ...]:
    return tuple(Listed(text, "a list") for text in texts)


def redirection(**fields: object) -> Redirection:
    return Redirection(own_addresses=OWN, **fields)  # type: ignore[arg-type]


ALL = redirection()
RULES = redirection(
    table=NatTable(
        "*nat\n-A OUTPUT -o lo -j RETURN\n-A OUTPUT -d 10.1.0.0/16 -j RETURN\n"
        "-A OUTPUT -j REDIRECT --to-port 15001\n"
        "-A PREROUTING -p tcp --dport 15010 -j RETURN\n-A PREROUTING -j REDIRECT --to-port 15003"
    )
)


@pytest.mark.parametrize(
    ("case", "ip", "port", "expected"),
    [
        (ALL, "10.0.0.1", 80, HIT),
        (ALL, None, 80, HIT),
        (ALL, "10.0.0.1", None, HIT),
        (ALL, "127.0.0.1", 80, MISS),
        (ALL, "::1", 80, MISS),
        (ALL, OWN[0], 80, MISS),
        (ALL, "2001:db8::1", 80, UNKNOWN),
        (redirection(redirects_ipv6=False), "2001:db8::1", 80, MISS),
        (redirection(redirects_ipv6=True), "2001:db8::1", 80, HIT),
        (redirection(never="host network"), "10.0.0.1", 80, MISS),
        (redirection(excluded_ports=ports("3306")), "10.0.0.1", 3306, MISS),
        (redirection(excluded_ports=ports("3306")), "10.0.0.1", 80, HIT),
        (redirection(excluded_ports=ports("3306")), "10.0.0.1", None, UNKNOWN),
        (redirection(excluded_ports=ports("3000-4000")), "10.0.0.1", 3306, MISS),
        (redirection(excluded_ports=ports("3000:4000")), "10.0.0.1", 3306, MISS),
        (redirection(excluded_ports=ports("mysql", "1-x")), "10.0.0.1", 3306, HIT),
        (redirection(excluded_ranges=ports("10.0.0.0/8")), "10.0.0.1", 80, MISS),
        (redirection(excluded_ranges=ports("10.0.0.1")), "10.0.0.1", 80, MISS),
        (redirection(excluded_ranges=ports("10.0.0.0/8")), "11.0.0.1", 80, HIT),
        (redirection(excluded_ranges=ports("x", "10.0.0.0/y")), "10.0.0.1", 80, HIT),
        (redirection(excluded_ranges=ports("10.0.0.0/8")), None, 80, UNKNOWN),
        (redirection(included_ranges=ports("10.0.0.0/8")), "10.0.0.1", 80, HIT),
        (redirection(included_ranges=ports("10.0.0.0/8")), "11.0.0.1", 80, MISS),
        (redirection(included_ranges=ports("10.0.0.0/8")), None, 80, UNKNOWN),
        (redirection(included_ranges=()), "10.0.0.1", 80, MISS),
        (redirection(included_ranges=(), included_ports=ports("80")), "10.0.0.1", 80, HIT),
        (redirection(missing="the defaults"), "10.0.0.1", 80, UNKNOWN),
        (
            redirection(missing="the defaults", excluded_ports=ports("80")),
            "10.0.0.1", 80, MISS,
        ),
        (
            redirection(missing="the defaults", excluded_ranges=ports("10.0.0.0/8")),
            "10.0.0.1", 80, MISS,
        ),
        (
            redirection(missing="the defaults", excluded_ranges=ports("10.0.0.0/8")),
            None, 80, UNKNOWN,
        ),
        (redirection(users=frozenset({1500}), envoy_user=1500), "10.0.0.1", 80, MISS),
        (redirection(users=frozenset({1500, None}), envoy_user=1500), "10.0.0.1", 80, UNKNOWN),
        (redirection(users=frozenset({1000, None}), envoy_user=1500), "10.0.0.1", 80, HIT),
        (RULES, "10.0.0.1", 80, HIT),
        (RULES, "10.1.0.1", 80, MISS),
        (RULES, OWN[0], 80, MISS),
        (RULES, "127.0.0.2", 80, MISS),
        (RULES, "2001:db8::1", 80, MISS),
        (RULES, None, 80, UNKNOWN),
    ],
)  # fmt: skip
def test_outbound(case: Redirection, ip: str | None, port: int | None, expected: Outcome) -> None:
    assert outbound(case, ip, port).outcome is expected


@pytest.mark.parametrize(
    ("case", "port", "expected"),
    [
        (ALL, 80, HIT),
        (ALL, None, UNKNOWN),
        (redirection(never="host network"), 80, MISS),
        (redirection(excluded_inbound_ports=ports("9090")), 9090, MISS),
        (redirection(excluded_inbound_ports=ports("9090")), 80, HIT),
        (redirection(included_inbound_ports=ports("80")), 80, HIT),
        (redirection(included_inbound_ports=ports("80")), 81, MISS),
        (redirection(missing="the defaults"), 80, UNKNOWN),
        (redirection(missing="it", excluded_inbound_ports=ports("80")), 80, MISS),
        (RULES, 80, HIT),
        (RULES, 15010, MISS),
    ],
)
def test_inbound(case: Redirection, port: int | None, expected: Outcome) -> None:
    assert inbound(case, port).outcome is expected


def test_the_reason_says_who_leaves_it_out() -> None:
    by = Listed("3306", "the annotation openservicemesh.io/outbound-port-exclusion-list")
    found = outbound(redirection(excluded_ports=(by,)), "10.0.0.1", 3306)
    assert found.reason == f"{by.by} leaves port 3306 out"

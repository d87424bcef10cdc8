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
        (redirection(is_of_mesh=True, excluded_ports=ports("80")), "10.0.0.1", 80, UNKNOWN),
        (redirection(is_of_mesh=True, excluded_ports=ports("80")), "10.0.0.1", 81, HIT),
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
        (redirection(is_of_mesh=True, excluded_inbound_ports=ports("80")), 80, UNKNOWN),
        (RULES, 80, HIT),
        (RULES, 15010, MISS),
    ],
)
def test_inbound(case: Redirection, port: int | None, expected: Outcome) -> None:
    assert inbound(case, port).outcome is expected


KUMA = redirection(redirects_dns=None)


@pytest.mark.parametrize(
    ("case", "port", "expected"),
    [
        (ALL, 53, MISS),
        (redirection(never="host network"), 53, MISS),
        (redirection(missing="the defaults"), 53, MISS),
        (KUMA, 53, UNKNOWN),
        (KUMA, None, UNKNOWN),
        (KUMA, 123, MISS),
        (redirection(redirects_dns=True), 53, HIT),
        (redirection(redirects_dns=True), 123, MISS),
        (redirection(table=NatTable("*nat\n-A OUTPUT -p tcp -j REDIRECT --to-port 1")), 53, MISS),
        (redirection(table=NatTable("*nat\n-A OUTPUT -p udp -j REDIRECT --to-port 1")), 53, HIT),
    ],
)
def test_udp_is_led_to_envoy_only_where_a_rule_says_so(
    case: Redirection, port: int | None, expected: Outcome
) -> None:
    assert outbound(case, "10.96.0.10", port, "udp").outcome is expected


@pytest.mark.parametrize(
    ("case", "expected"),
    [(ALL, MISS), (redirection(redirects_dns=True), MISS), (KUMA, UNKNOWN)],
)
def test_udp_from_outside_is_not_led_to_envoy(case: Redirection, expected: Outcome) -> None:
    assert inbound(case, 53, "udp").outcome is expected


RULES_AND_NEWER_LISTS = redirection(
    table=NatTable(
        "*nat\n-A OUTPUT -o lo -j RETURN\n-A OUTPUT -p tcp --dport 6379 -j RETURN\n"
        "-A OUTPUT -p tcp -j REDIRECT --to-port 15001\n"
        "-A PREROUTING -p tcp --dport 15010 -j RETURN\n"
        "-A PREROUTING -p tcp -j REDIRECT --to-port 15003"
    ),
    lists_are_newer=True,
    excluded_ports=ports("3306"),
    excluded_inbound_ports=ports("9090"),
)


@pytest.mark.parametrize(
    ("ip", "port", "expected", "news"),
    [
        ("10.0.0.1", 80, HIT, ""),
        ("10.0.0.1", 3306, HIT, "for a pod that is made now, a list leaves port 3306 out"),
        ("10.0.0.1", 6379, MISS, "for a pod that is made now, no port and no range of it"),
        ("127.0.0.1", 3306, MISS, ""),
        ("10.0.0.1", None, UNKNOWN, ""),
    ],
)
def test_the_rules_decide_and_lists_that_changed_since_are_told(
    ip: str, port: int | None, expected: Outcome, news: str
) -> None:
    found = outbound(RULES_AND_NEWER_LISTS, ip, port)
    assert found.outcome is expected
    assert news in found.reason
    assert ("changed since" in found.reason) == bool(news)


@pytest.mark.parametrize(("port", "is_told"), [(80, False), (9090, True), (15010, False)])
def test_the_same_of_inbound_ports(port: int, is_told: bool) -> None:
    found = inbound(RULES_AND_NEWER_LISTS, port)
    assert ("changed since" in found.reason) == is_told


def test_the_reason_says_who_leaves_it_out() -> None:
    by = Listed("3306", "the annotation openservicemesh.io/outbound-port-exclusion-list")
    found = outbound(redirection(excluded_ports=(by,)), "10.0.0.1", 3306)
    assert found.reason == f"{by.by} leaves port 3306 out"

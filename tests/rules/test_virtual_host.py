"""Virtual hosts, as a table of what Envoy 1.40.0 does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osmscope.resources.route import RouteConfiguration, VirtualHost
from osmscope.rules.facts import Headers
from osmscope.rules.virtual_host import VirtualHostChoice, VirtualHostIndex, domain_fits

DOMAINS = {
    "exact": "foo.com",
    "suf1": "*.foo.com",
    "suf2": "*-bar.foo.com",
    "pre1": "foo.*",
    "pre2": "foo.b*",
    "port": "foo.com:8080",
    "upper": "UPPER.com",
    "sufx": "*x",
    "v6": "[::1]",
    "inner": "a*b",
    "twice": "*a*",
    "star": "*",
}


def table(
    domains: dict[str, str], *, ignore_port: bool = False, vhost_header: str = ""
) -> RouteConfiguration:
    return RouteConfiguration(
        virtual_hosts=tuple(
            VirtualHost(name=name, domains=(domain,)) for name, domain in domains.items()
        ),
        ignore_port_in_host_matching=ignore_port,
        vhost_header=vhost_header,
    )


def of_host(host: str) -> Headers:
    return Headers.of([("host", host)])


def name_of(choice: VirtualHostChoice) -> str | None:
    return choice.virtual_host.name if choice.virtual_host else None


@pytest.mark.parametrize(
    ("host", "name", "kind"),
    [
        ("foo.com", "exact", "exact"),
        ("FOO.com", "exact", "exact"),
        ("foo.com:80", "pre1", "prefix wildcard"),
        ("foo.com:8080", "port", "exact"),
        ("a.foo.com", "suf1", "suffix wildcard"),
        (".foo.com", "star", "any"),
        ("a-bar.foo.com", "suf2", "suffix wildcard"),
        ("-bar.foo.com", "suf1", "suffix wildcard"),
        ("foo.", "star", "any"),
        ("foo.b", "pre1", "prefix wildcard"),
        ("foo.bar", "pre2", "prefix wildcard"),
        ("foo.baz.x", "sufx", "suffix wildcard"),
        ("upper.COM", "upper", "exact"),
        ("other", "star", "any"),
        ("foo.com.", "pre1", "prefix wildcard"),
        ("x", "star", "any"),
        ("ax", "sufx", "suffix wildcard"),
        ("[::1]", "v6", "exact"),
        ("[::1]:80", "star", "any"),
        ("foo.c", "pre1", "prefix wildcard"),
        ("a*b", "inner", "exact"),
        ("axb", "star", "any"),
        ("zza*", "twice", "suffix wildcard"),
        ("zza", "star", "any"),
        ("", "star", "any"),
    ],
)
def test_the_most_specific_domain_is_chosen(host: str, name: str, kind: str) -> None:
    choice = VirtualHostIndex(table(DOMAINS)).find(of_host(host))
    assert (name_of(choice), choice.kind, choice.domain) == (name, kind, DOMAINS[name])
    assert choice.host == host.lower()


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("foo.com:80", "exact"),
        ("foo.com:8080", "exact"),
        ("foo.com:abc", "exact"),
        ("foo.com:", "exact"),
        ("a.foo.com:99", "suf1"),
        ("[::1]:80", "v6"),
        ("[::1]", "v6"),
        ("other", None),
        ("foo.com:80:90", "pre1"),
    ],
)
def test_ignore_port_in_host_matching_cuts_from_the_last_colon(host: str, name: str | None) -> None:
    domains = {key: domain for key, domain in DOMAINS.items() if key != "star"}
    choice = VirtualHostIndex(table(domains, ignore_port=True)).find(of_host(host))
    assert name_of(choice) == name


@pytest.mark.parametrize(
    ("domains", "headers", "name"),
    [
        ({"a": "a", "star": "*"}, [("host", "a"), ("x-vh", "b")], "star"),
        ({"a": "a", "star": "*"}, [("host", "b"), ("x-vh", "a"), ("x-vh", "b")], "a"),
        ({"a": "a", "star": "*"}, [("host", "a"), ("x-vh", "")], "star"),
        ({"a": "a", "star": "*"}, [("host", "a")], None),
        ({"star": "*"}, [("host", "a")], "star"),
    ],
)
def test_vhost_header_takes_the_place_of_the_host(
    domains: dict[str, str], headers: list[tuple[str, str]], name: str | None
) -> None:
    choice = VirtualHostIndex(table(domains, vhost_header="x-vh")).find(Headers.of(headers))
    assert name_of(choice) == name


@pytest.mark.parametrize(
    ("domains", "name"),
    [({"star": "*"}, "star"), ({"star": "*", "empty": ""}, None), ({}, None), ({"a": "a"}, None)],
)
def test_only_a_lone_star_takes_a_request_without_host(
    domains: dict[str, str], name: str | None
) -> None:
    assert name_of(VirtualHostIndex(table(domains)).find(Headers())) == name


def test_an_empty_domain_is_the_empty_host() -> None:
    assert name_of(VirtualHostIndex(table({"empty": "", "star": "*"})).find(of_host(""))) == "empty"


def test_losers_are_told_on_demand() -> None:
    index = VirtualHostIndex(table(DOMAINS))
    choice = index.find(of_host("a-bar.foo.com"))
    reasons = {
        vhost.name: reason for vhost, reason in index.losers(of_host("a-bar.foo.com"), choice)
    }
    assert "suf2" not in reasons
    assert reasons["exact"] == 'no domain covers "a-bar.foo.com"'
    assert reasons["suf1"] == (
        '"*.foo.com" covers "a-bar.foo.com", but "*-bar.foo.com" is the longer suffix wildcard'
    )
    assert reasons["star"] == (
        '"*" covers "a-bar.foo.com", but the suffix wildcard "*-bar.foo.com" comes first'
    )


def test_losers_may_be_told_of_a_few_in_an_order_of_their_own() -> None:
    routes = table({"a": "a", "b": "b", "c": "c"})
    index = VirtualHostIndex(routes)
    a, b, c = routes.virtual_hosts
    found = index.losers(of_host("b"), index.find(of_host("b")), (c, b, a))
    assert [virtual_host.name for virtual_host, _ in found] == ["c", "a"]


def test_without_host_all_lose() -> None:
    index = VirtualHostIndex(table({"a": "a"}))
    [(_, reason)] = index.losers(Headers(), index.find(Headers()))
    assert reason == "the request has no host to look up"


def naive(configuration: RouteConfiguration, host: str) -> str | None:
    """Envoy's order, without an index: kind first, then length."""
    ranked = []
    for virtual_host in configuration.virtual_hosts:
        for domain in virtual_host.domains:
            lowered = domain.lower()
            if lowered == "*":
                rank = 3
            elif lowered.startswith("*"):
                rank = 1
            else:
                rank = 2 if lowered.endswith("*") else 0
            if domain_fits(domain, host.lower()):
                ranked.append((rank, -len(domain), virtual_host.name))
    return min(ranked)[2] if ranked else None


TEXT = st.text("aB.*:", max_size=4)


@given(domains=st.lists(TEXT, unique_by=str.lower, max_size=8), host=TEXT)
def test_the_index_says_what_a_scan_of_all_domains_says(domains: list[str], host: str) -> None:
    configuration = table({f"{i}": domain for i, domain in enumerate(domains)})
    choice = VirtualHostIndex(configuration).find(of_host(host))
    assert name_of(choice) == naive(configuration, host)

import pytest

from osmscope.dump.clusters_text import read_text

HEAD = """\
{0}::observability_name::{0}
{0}::default_priority::max_connections::1024
{0}::added_via_api::true
"""


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("plain", "10.0.0.1:80"),
        ("outbound|80||a.b.svc", "10.0.0.1:80"),
        ("a::b", "[2001:db8::1]:80"),
        ("a::hostname::b", "/run/a::b"),
        ("c", "envoy://listener/endpoint"),
    ],
)
def test_names_and_addresses_may_hold_the_separator(name: str, address: str) -> None:
    lines = HEAD.format(name) + f"{name}::{address}::hostname::\n{name}::{address}::weight::3\n"
    clusters, gaps = read_text(lines)
    (host,) = clusters[name].hosts
    assert (host.address, host.hostname, host.weight) == (address, "", 3)
    assert clusters[name].added_via_api
    assert clusters[name].circuit_breakers == {"default": {"max_connections": 1024}}
    assert gaps == []


@pytest.mark.parametrize(
    ("value", "flags"),
    [
        ("healthy", set()),
        ("/failed_active_hc", {"failed_active_hc"}),
        ("/failed_active_hc/active_hc_timeout", {"failed_active_hc", "active_hc_timeout"}),
    ],
)
def test_health_flags_are_split(value: str, flags: set[str]) -> None:
    clusters, _ = read_text(HEAD.format("c") + f"c::1.1.1.1:1::health_flags::{value}")
    assert clusters["c"].hosts[0].flags == flags


def test_a_host_at_two_priorities_is_two_hosts() -> None:
    host = "c::1.1.1.1:1::hostname::\nc::1.1.1.1:1::priority::{}\n"
    clusters, _ = read_text(HEAD.format("c") + host.format(0) + host.format(1))
    assert [host.priority for host in clusters["c"].hosts] == [0, 1]


def test_numbers_rates_and_words_are_read() -> None:
    lines = ["cx_total::5", "success_rate::-1", "local_origin_success_rate::99.5", "canary::true"]
    text = HEAD.format("c") + "".join(f"c::1.1.1.1:1::{line}\n" for line in lines)
    (host,) = read_text(text)[0]["c"].hosts
    assert host.stats == {"cx_total": 5}
    assert (host.success_rate, host.local_origin_success_rate) == (None, 99.5)
    assert host.canary


def test_the_outlier_lines_of_a_cluster_are_no_hosts() -> None:
    text = HEAD.format("c") + "c::outlier::success_rate_average::-1\n"
    clusters, gaps = read_text(text)
    assert clusters["c"].hosts == ()
    assert gaps == []


@pytest.mark.parametrize(
    "line",
    [
        "no separators",
        "other::1.1.1.1:1::weight::1",
        "c::1.1.1.1:1::new_key::1",
        "c::1.1.1.1:1::weight::x",
        "c::1.1.1.1:1::cx_total::x",
    ],
)
def test_a_line_that_is_not_understood_is_a_gap(line: str) -> None:
    clusters, gaps = read_text(HEAD.format("c") + line)
    assert list(clusters) == ["c"]
    assert [gap.path for gap in gaps] == ["line 4"]
    assert line in gaps[0].what


def test_blank_lines_are_nothing() -> None:
    clusters, gaps = read_text("\n" + HEAD.format("c") + "\n  \n")
    assert list(clusters) == ["c"]
    assert gaps == []


def test_a_limit_that_is_no_number_is_left_out() -> None:
    clusters, _ = read_text("c::high_priority::max_connections::many\n")
    assert clusters["c"].circuit_breakers == {}

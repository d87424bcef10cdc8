"""Address ranges, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.errors import DumpError
from osmscope.resources.address import CidrRange, parse_network
from osmscope.rules.ip_range import contains, match_any_range, match_ip_range, network_of
from osmscope.rules.result import Outcome


@pytest.mark.parametrize(
    ("prefix", "length", "ip", "fits"),
    [
        ("10.0.0.0", 8, "10.1.2.3", True),
        ("10.0.0.0", 8, "11.1.2.3", False),
        ("10.0.0.1", 8, "10.1.2.3", True),
        ("10.0.0.0", 0, "192.168.0.1", True),
        ("10.0.0.0", 0, "::1", False),
        ("10.0.0.0", 64, "10.0.0.0", True),
        ("10.0.0.0", 64, "10.0.0.1", False),
        ("::", 0, "10.0.0.1", False),
        ("::", 0, "fd00::1", True),
        ("10.0.0.0", 8, "::ffff:10.0.0.1", False),
        ("10.0.0.0", 8, "junk", False),
    ],
)
def test_range(prefix: str, length: int, ip: str, fits: bool) -> None:
    cidr_range = CidrRange(address_prefix=prefix, prefix_len=length)
    match = match_ip_range(cidr_range, ip, "source IP")
    assert match.outcome is (Outcome.MATCH if fits else Outcome.NO_MATCH)
    assert contains(network_of(cidr_range), ip) is fits
    assert match.reason == f"source IP {ip} is {'' if fits else 'not '}in {prefix}/{length}"


def test_an_address_that_nobody_said_is_unknown() -> None:
    match = match_ip_range(CidrRange(address_prefix="10.0.0.0", prefix_len=8), None, "source IP")
    assert match.outcome is Outcome.UNKNOWN
    assert match.missing == "the source IP"


def test_any_range_suffices() -> None:
    ranges = [CidrRange(address_prefix=f"10.{n}.0.0", prefix_len=16) for n in range(3)]
    assert match_any_range(ranges, "10.2.0.1", "source IP").is_match
    assert match_any_range(ranges, "10.3.0.1", "source IP").outcome is Outcome.NO_MATCH
    assert match_any_range(ranges, None, "source IP").is_unknown
    assert match_any_range([], "10.3.0.1", "source IP").outcome is Outcome.NO_MATCH


def test_a_prefix_that_is_no_address_is_an_error() -> None:
    with pytest.raises(DumpError, match="is not an address range"):
        match_ip_range(CidrRange(address_prefix="ten", prefix_len=8), "10.0.0.1", "source IP")


def test_text_that_is_no_address_is_in_no_network() -> None:
    assert not contains(parse_network("0.0.0.0", 0), "")

"""What load balancing answers."""

from fractions import Fraction

from osmscope.rules.host_health import Health
from osmscope.rules.hosts import Host
from osmscope.rules.shares import EndpointShare, Shares


def test_a_reason_can_be_put_first() -> None:
    assert Shares(reasons=("b",)).after("a") == Shares(reasons=("a", "b"))


def test_the_innermost_member_counts() -> None:
    share = EndpointShare(Host(address="a:1"), Fraction(1), Health.HEALTHY)
    once = Shares(endpoints=(share,)).of_member("inner")
    assert [one.member for one in once.endpoints] == ["inner"]
    assert once.of_member("outer") == once

"""What load balancing answers."""

from osmscope.rules.shares import Shares


def test_a_reason_can_be_put_first() -> None:
    assert Shares(reasons=("b",)).after("a") == Shares(reasons=("a", "b"))

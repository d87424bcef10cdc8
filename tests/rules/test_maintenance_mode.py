"""Maintenance mode, as a table of what Envoy 1.40.0 does."""

from fractions import Fraction

import pytest

from osmscope.rules.maintenance_mode import maintenance_mode


@pytest.mark.parametrize(
    ("value", "share"),
    [
        (100, Fraction(1)),
        (250, Fraction(1)),
        (30, Fraction(3, 10)),
        (0, None),
        (-5, None),
        (True, None),
        ("on", None),
        (None, None),
    ],
)
def test_a_runtime_key_takes_a_cluster_out_of_service(
    value: object, share: Fraction | None
) -> None:
    found = maintenance_mode("a", {"upstream.maintenance_mode.a": value})
    assert (found and found.probability) == share
    if found is not None:
        reply = found.reply
        assert (reply.code, reply.flags, reply.details) == (503, ("UO",), "maintenance_mode")
    assert maintenance_mode("b", {"upstream.maintenance_mode.a": value}) is None

"""What a dump without `include_eds` leaves open, as a table: a real Envoy 1.40.0 decides by it."""

import pytest

from osmscope.resources.endpoint import Locality
from osmscope.resources.load_balancing import LbSubsetConfig
from osmscope.rules.absent_load_assignment import depends_on_metadata, taken_for_granted
from osmscope.rules.hosts import Host
from osmscope.rules.lb_policy import Kind, LbPolicy

KNOWN = Host(address="10.0.0.1:80")
STRANGER = Host(address="10.0.0.2:80", is_assigned=False)
SPARE = Host(address="10.0.0.3:80", is_assigned=False, priority=1)
ELSEWHERE = Host(address="10.0.0.4:80", is_assigned=False, locality=Locality(zone="z"))

PLAIN = LbPolicy()
WEIGHTED = LbPolicy(locality_weighted=True)
MAGLEV = LbPolicy(kind=Kind.MAGLEV)

FACTOR = "has no overprovisioning factor"
WEIGHTS = "gives no weight to localities"
KEYS = "gives no hash key to endpoints"


@pytest.mark.parametrize(
    ("policy", "hosts", "whole", "assumed"),
    [
        (PLAIN, (), True, []),
        (PLAIN, (STRANGER,), True, []),
        (PLAIN, (STRANGER, SPARE), True, [FACTOR]),
        (PLAIN, (STRANGER, ELSEWHERE), True, [FACTOR]),
        (PLAIN, (STRANGER, SPARE), False, []),
        (WEIGHTED, (STRANGER, ELSEWHERE), True, [FACTOR, WEIGHTS]),
        (WEIGHTED, (KNOWN, ELSEWHERE), False, [WEIGHTS]),
        (WEIGHTED, (KNOWN,), False, []),
        (MAGLEV, (KNOWN, STRANGER), False, [KEYS]),
        (MAGLEV, (KNOWN,), False, []),
    ],
)
def test_what_is_taken_for_granted(
    policy: LbPolicy, hosts: tuple[Host, ...], whole: bool, assumed: list[str]
) -> None:
    assert list(taken_for_granted(policy, hosts, whole=whole)) == assumed


@pytest.mark.parametrize(
    ("fallback", "hosts", "criteria", "expected"),
    [
        (None, (STRANGER,), {"v": "1"}, False),
        ("NO_FALLBACK", (STRANGER,), {"v": "1"}, True),
        ("NO_FALLBACK", (KNOWN,), {"v": "1"}, False),
        ("NO_FALLBACK", (KNOWN, STRANGER), {"v": "1"}, True),
        ("NO_FALLBACK", (STRANGER,), {}, False),
        ("ANY_ENDPOINT", (STRANGER,), {}, False),
        ("DEFAULT_SUBSET", (STRANGER,), {}, True),
    ],
)
def test_subsets_depend_on_metadata(
    fallback: str | None, hosts: tuple[Host, ...], criteria: dict[str, object], expected: bool
) -> None:
    subset = None if fallback is None else LbSubsetConfig(fallback_policy=fallback)
    assert depends_on_metadata(LbPolicy(subset=subset), hosts, criteria) is expected

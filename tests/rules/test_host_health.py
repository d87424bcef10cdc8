"""The health of a host, as a table of the flags in /clusters."""

import pytest

from osmscope.rules.host_health import Health, describe_health, health, is_excluded
from osmscope.rules.hosts import Host


def host(*flags: str) -> Host:
    return Host(address="10.0.0.1:80", flags=frozenset(flags))


@pytest.mark.parametrize(
    ("flags", "expected", "words"),
    [
        ((), Health.HEALTHY, "healthy"),
        (("failed_active_hc",), Health.UNHEALTHY, "unhealthy (failed_active_hc)"),
        (("failed_outlier_check",), Health.UNHEALTHY, "unhealthy (failed_outlier_check)"),
        (("failed_eds_health",), Health.UNHEALTHY, "unhealthy (failed_eds_health)"),
        (("eds_status_draining",), Health.UNHEALTHY, "unhealthy (eds_status_draining)"),
        (("unhealthy",), Health.UNHEALTHY, "unhealthy"),
        (("degraded_active_hc",), Health.DEGRADED, "degraded (degraded_active_hc)"),
        (("degraded_eds_health",), Health.DEGRADED, "degraded (degraded_eds_health)"),
        (("degraded_outlier_detection",), Health.DEGRADED, "degraded (degraded_outlier_detection)"),
        (("degraded",), Health.DEGRADED, "degraded"),
        (
            ("degraded_eds_health", "failed_active_hc"),
            Health.UNHEALTHY,
            "unhealthy (degraded_eds_health, failed_active_hc)",
        ),
        (("pending_dynamic_removal", "active_hc_timeout"), Health.HEALTHY, "healthy"),
    ],
)
def test_flags_add_up_to_one_state(flags: tuple[str, ...], expected: Health, words: str) -> None:
    assert health(host(*flags)) is expected
    assert describe_health(host(*flags)) == words


@pytest.mark.parametrize(
    ("flags", "ignore_new_hosts", "excluded"),
    [
        ((), True, False),
        (("pending_active_hc", "failed_active_hc"), True, True),
        (("pending_active_hc", "failed_active_hc"), False, False),
        (("excluded_via_immediate_hc_fail",), False, True),
        (("eds_status_draining",), False, True),
        (("failed_eds_health",), False, False),
    ],
)
def test_excluded_hosts(flags: tuple[str, ...], ignore_new_hosts: bool, excluded: bool) -> None:
    assert is_excluded(host(*flags), ignore_new_hosts=ignore_new_hosts) is excluded

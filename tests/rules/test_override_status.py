"""Which endpoints a session may name, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.cluster import CommonLbConfig
from osmscope.rules.hosts import Host
from osmscope.rules.override_status import may_override
from osmscope.rules.result import Outcome

YES, NO, UNKNOWN = Outcome.MATCH, Outcome.NO_MATCH, Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("statuses", "flags", "outcome"),
    [
        (None, (), YES),
        (None, ("degraded_eds_health",), YES),
        (None, ("failed_eds_health",), NO),
        (None, ("eds_status_draining",), NO),
        (None, ("failed_active_hc",), NO),
        (None, ("failed_outlier_check", "eds_status_draining"), NO),
        (None, ("unhealthy",), NO),
        ([], (), NO),
        (["HEALTHY", "UNHEALTHY"], ("failed_active_hc",), YES),
        (["HEALTHY", "UNHEALTHY"], ("failed_eds_health",), UNKNOWN),
        (["UNHEALTHY", "TIMEOUT"], ("failed_eds_health",), YES),
        (["DRAINING"], ("eds_status_draining",), YES),
        (["DRAINING"], ("unhealthy",), UNKNOWN),
        (["DRAINING"], (), NO),
        (["DRAINING"], ("degraded",), NO),
        (["HEALTHY"], (), UNKNOWN),
        (["HEALTHY", "UNKNOWN"], (), YES),
    ],
)
def test_the_status_has_to_be_listed(
    statuses: list[str] | None, flags: tuple[str, ...], outcome: Outcome
) -> None:
    config = {} if statuses is None else {"override_host_status": {"statuses": statuses}}
    host = Host(address="a:1", flags=frozenset(flags))
    assert may_override(msgspec.convert(config, CommonLbConfig), host).outcome is outcome

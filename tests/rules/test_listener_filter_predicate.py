"""`filter_disabled`, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.listener import (
    ListenerFilterPredicate,
    ListenerFilterPredicateSet,
    PortRange,
)
from osmscope.rules.facts import Connection
from osmscope.rules.listener_filter_predicate import is_disabled
from osmscope.rules.result import Outcome


def ports(start: int, end: int) -> ListenerFilterPredicate:
    return ListenerFilterPredicate(destination_port_range=PortRange(start=start, end=end))


def both(*rules: ListenerFilterPredicate) -> ListenerFilterPredicate:
    return ListenerFilterPredicate(and_match=ListenerFilterPredicateSet(rules=rules))


def either(*rules: ListenerFilterPredicate) -> ListenerFilterPredicate:
    return ListenerFilterPredicate(or_match=ListenerFilterPredicateSet(rules=rules))


def none_of(rule: ListenerFilterPredicate) -> ListenerFilterPredicate:
    return ListenerFilterPredicate(not_match=rule)


ANY = ListenerFilterPredicate(any_match=True)
MYSQL = ports(3306, 3307)


@pytest.mark.parametrize(
    ("predicate", "port", "outcome"),
    [
        (None, 3306, Outcome.NO_MATCH),
        (ListenerFilterPredicate(), 3306, Outcome.NO_MATCH),
        (ANY, 3306, Outcome.MATCH),
        (MYSQL, 3305, Outcome.NO_MATCH),
        (MYSQL, 3306, Outcome.MATCH),
        (MYSQL, 3307, Outcome.NO_MATCH),
        (MYSQL, None, Outcome.UNKNOWN),
        (none_of(MYSQL), 3306, Outcome.NO_MATCH),
        (none_of(MYSQL), 80, Outcome.MATCH),
        (either(ports(1, 2), MYSQL), 3306, Outcome.MATCH),
        (either(ports(1, 2), MYSQL), 80, Outcome.NO_MATCH),
        (either(MYSQL, ANY), None, Outcome.MATCH),
        (both(ports(1, 4000), MYSQL), 3306, Outcome.MATCH),
        (both(ports(1, 4000), MYSQL), 80, Outcome.NO_MATCH),
    ],
)
def test_filter_disabled(
    predicate: ListenerFilterPredicate | None, port: int | None, outcome: Outcome
) -> None:
    assert is_disabled(predicate, Connection(), port).outcome is outcome


def test_a_connection_without_a_port_is_in_no_range() -> None:
    match = is_disabled(MYSQL, Connection(is_ip=False), None)
    assert match.outcome is Outcome.NO_MATCH
    assert match.reason == "the destination has no port"


def test_the_reason_names_the_last_port_of_a_half_open_range() -> None:
    reason = is_disabled(ports(3306, 3310), Connection(), 3310).reason
    assert reason == "port 3310 is not from 3306 to 3309"

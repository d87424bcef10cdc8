"""`filter_disabled`: whether a listener filter is skipped for a connection.

What Envoy does: the predicate is asked when the filter would start, about the destination port of
that moment; ranges are half-open. A connection without a port is in no range.
Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from collections.abc import Iterator

from osmscope.resources.listener import (
    ListenerFilterPredicate,
    ListenerFilterPredicateSet,
    PortRange,
)
from osmscope.rules.facts import Connection
from osmscope.rules.result import MATCH, Match, all_of, any_of, decided, missed, negated, unknown

_NOTHING_ASKED = missed("no predicate is set")


def is_disabled(
    predicate: ListenerFilterPredicate | None, connection: Connection, port: int | None
) -> Match:
    """Ask whether a listener filter is skipped.

    Args:
        predicate: The filter's `filter_disabled`.
        connection: The connection.
        port: Its destination port when the filter starts; None where it is not known.
    """
    if predicate is None:
        return _NOTHING_ASKED
    if predicate.any_match:
        return MATCH
    if predicate.destination_port_range is not None:
        return _in_range(predicate.destination_port_range, connection, port)
    if predicate.not_match is not None:
        return negated(is_disabled(predicate.not_match, connection, port))
    if predicate.or_match is not None:
        return any_of(_each(predicate.or_match, connection, port), _NOTHING_ASKED)
    if predicate.and_match is not None:
        return all_of(_each(predicate.and_match, connection, port))
    return _NOTHING_ASKED


def _each(
    predicates: ListenerFilterPredicateSet, connection: Connection, port: int | None
) -> Iterator[Match]:
    return (is_disabled(rule, connection, port) for rule in predicates.rules)


def _in_range(ports: PortRange, connection: Connection, port: int | None) -> Match:
    if not connection.is_ip:
        return missed("the destination has no port")
    if port is None:
        return unknown("the destination port")
    fits = ports.start <= port < ports.end
    verb = "is" if fits else "is not"
    return decided(fits, f"port {port} {verb} from {ports.start} to {ports.end - 1}")

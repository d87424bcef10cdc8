"""What one network filter does to a connection."""

from osmscope.rules.network_filters.network_filter_result import Closed, NetworkFilterResult


def test_by_default_a_filter_lets_the_connection_go_on() -> None:
    assert NetworkFilterResult().closed is None


def test_by_default_an_end_has_neither_flags_nor_details() -> None:
    assert (Closed().flags, Closed().details) == ((), None)

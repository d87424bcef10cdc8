"""The network filter connection_limit."""

import pytest

from osmscope.resources.network_filters import ConnectionLimit
from osmscope.rules.network_filters.connection_limit import evaluate


@pytest.mark.parametrize(
    ("config", "limit"),
    [(ConnectionLimit(max_connections=5), "5"), (ConnectionLimit(), "max_connections")],
)
def test_it_is_assumed_that_the_limit_is_not_reached(config: ConnectionLimit, limit: str) -> None:
    result = evaluate(config)
    assert result.closed is None
    assert result.assumptions == (f"connection_limit has fewer than {limit} connections open",)

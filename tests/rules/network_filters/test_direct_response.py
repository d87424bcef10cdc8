"""The network filter direct_response."""

import pytest

from osmscope.resources.network_filters import DataSource, NetworkDirectResponse
from osmscope.rules.network_filters.direct_response import evaluate


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (None, "its configured bytes"),
        (DataSource(inline_string="hello"), '"hello"'),
        (DataSource(filename="/banner"), "its configured bytes"),
    ],
)
def test_it_answers_and_closes_when_the_connection_is_new(
    response: DataSource | None, words: str
) -> None:
    result = evaluate(NetworkDirectResponse(response=response))
    assert result.closed is not None
    assert (result.closed.flags, result.closed.details) == ((), "direct_response")
    assert result.reason == f"direct_response sends {words} and closes"
    assert not result.on_data

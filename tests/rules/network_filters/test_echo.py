"""The network filter echo."""

from osmscope.rules.network_filters.echo import evaluate


def test_it_keeps_the_connection_from_every_endpoint_once_bytes_come() -> None:
    result = evaluate()
    assert result.closed is not None
    assert (result.closed.flags, result.closed.details) == ((), None)
    assert result.on_data

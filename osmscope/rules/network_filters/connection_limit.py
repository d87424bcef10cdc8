"""The network filter `envoy.filters.network.connection_limit`.

What Envoy does: it closes a new connection where `max_connections` are open already.
Checked against Envoy 1.40.0. Not modelled: how many are open, which a dump does not tell.
"""

from osmscope.resources.network_filters import ConnectionLimit
from osmscope.rules.network_filters.network_filter_result import NetworkFilterResult


def evaluate(config: ConnectionLimit) -> NetworkFilterResult:
    """Let the connection go on, on the assumption that the limit is not reached."""
    limit = config.max_connections if config.max_connections is not None else "max_connections"
    return NetworkFilterResult(
        assumptions=(f"connection_limit has fewer than {limit} connections open",),
        reason="connection_limit lets it go on",
    )

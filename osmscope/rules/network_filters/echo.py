"""The network filter `envoy.filters.network.echo`.

What Envoy does: it sends back what the client sends, until the client closes; nothing goes to an
endpoint.
Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from osmscope.rules.network_filters.network_filter_result import Closed, NetworkFilterResult


def evaluate() -> NetworkFilterResult:
    """Keep the connection from every endpoint."""
    reason = "echo sends back what it receives; no endpoint is involved"
    return NetworkFilterResult(closed=Closed(reason=reason), on_data=True, reason=reason)

"""The network filter `envoy.filters.network.direct_response`.

What Envoy does: as soon as the connection is new it writes its bytes and closes, before TLS has
been negotiated.
Checked against Envoy 1.40.0. Not modelled: files and environment variables, whose bytes are not
in the dump.
"""

from osmscope.resources.network_filters import NetworkDirectResponse
from osmscope.rules.network_filters.network_filter_result import Closed, NetworkFilterResult


def evaluate(config: NetworkDirectResponse) -> NetworkFilterResult:
    """Answer with the configured bytes."""
    response = config.response
    text = response.inline_string if response is not None else None
    what = f'"{text}"' if text is not None else "its configured bytes"
    reason = f"direct_response sends {what} and closes"
    return NetworkFilterResult(
        closed=Closed(details="direct_response", reason=reason), reason=reason
    )

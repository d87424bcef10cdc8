"""The host that a request asks for by its address.

What Envoy does: the sources are read in order; a header holds addresses joined by commas. The
first address that is a host of the cluster is taken, whatever its health.
Checked against Envoy 1.40.0. Not modelled: addresses in dynamic metadata, which are passed over.
"""

from collections.abc import Sequence

from osmscope.resources.load_balancing import OverrideHostSource
from osmscope.rules.facts import Request


def wanted_addresses(
    sources: Sequence[OverrideHostSource], request: Request
) -> tuple[str, ...]:
    """List the addresses (`ip:port`) that a request asks for, the most wanted first."""
    return tuple(
        address.strip()
        for source in sources
        if source.header
        for value in request.headers.all(source.header)[:1]
        for address in value.split(",")
    )

"""The virtual cluster of a request: a label that Envoy counts it under.

What Envoy does: the first virtual cluster of the virtual host all of whose header matchers fit is
taken; a request that fits none is counted under `other`, unless the virtual host has none at all.
It looks before the route rewrites anything, and only for routes that forward.
Checked against Envoy 1.40.0. Not modelled: `pattern` and `method` of before 2020.
"""

from __future__ import annotations

from osmscope.resources.route import VirtualHost
from osmscope.rules.facts import Headers
from osmscope.rules.header import match_headers

_OTHER = "other"


def virtual_cluster(virtual_host: VirtualHost, headers: Headers) -> str:
    """Name the virtual cluster of a request; "" where the virtual host has none.

    Args:
        virtual_host: The request's virtual host.
        headers: The request's headers as they are when its route is looked up.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    for cluster in virtual_host.virtual_clusters:
        if match_headers(cluster.headers, headers).is_match:
            return cluster.name
    return _OTHER if virtual_host.virtual_clusters else ""

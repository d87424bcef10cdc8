"""The HTTP protocol that endpoints of a cluster are spoken to with.

What Envoy does: HTTP/1.1, unless the cluster's HTTP options name another one, the one that the
client speaks, or ALPN between HTTP/2 and HTTP/1.1. The options replace the cluster's own fields of
before 2021, in which `http2_protocol_options` alone means HTTP/2. Where the runtime key
`upstream.use_http2` is 0, HTTP/1.1 is spoken instead of HTTP/2; a percentage is drawn once for a
pool of connections. Nothing is negotiated in plaintext. Checked against Envoy 1.40.0.
Not modelled: what ALPN agrees on; HTTP/3 is named only.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from osmscope.resources.cluster import Cluster, http_protocol_options
from osmscope.rules.runtime_value import whole_number

_USE_HTTP2 = "upstream.use_http2"
_ALWAYS = 100
_HTTP1, _HTTP2, _HTTP3 = "HTTP/1.1", "HTTP/2", "HTTP/3"


class UpstreamProtocol(msgspec.Struct, frozen=True):
    """What is spoken to an endpoint."""

    name: str
    reason: str = ""
    """Why; "" where it is what Envoy does without any configuration."""


def upstream_protocol(
    cluster: Cluster, downstream: str, runtime: Mapping[str, object] | None = None
) -> UpstreamProtocol:
    """Tell the protocol of a request's second half.

    Args:
        cluster: The cluster.
        downstream: What the client speaks, `http/1.1` or `h2`.
        runtime: Runtime keys that are set.

    Raises:
        DumpError: The cluster's options cannot be read.
    """
    protocol = _configured(cluster, downstream)
    percent = whole_number((runtime or {}).get(_USE_HTTP2))
    if protocol.name != _HTTP2 or percent is None or percent >= _ALWAYS:
        return protocol
    if percent == 0:
        return UpstreamProtocol(_HTTP1, f"as {_USE_HTTP2} is 0")
    return UpstreamProtocol(f"{_HTTP2} or {_HTTP1}", f"as the lot of {_USE_HTTP2} fell")


def _configured(cluster: Cluster, downstream: str) -> UpstreamProtocol:
    spoken = _HTTP2 if downstream == "h2" else _HTTP1
    options = http_protocol_options(cluster)
    if options is None:
        if cluster.protocol_selection == "USE_DOWNSTREAM_PROTOCOL":
            return UpstreamProtocol(spoken, "as the client speaks")
        if cluster.http2_protocol_options is not None:
            return UpstreamProtocol(_HTTP2, "the cluster's http2_protocol_options")
        return UpstreamProtocol(_HTTP1)
    if options.use_downstream_protocol_config is not None:
        return UpstreamProtocol(spoken, "as the client speaks")
    if options.auto_config is not None:
        return UpstreamProtocol(f"{_HTTP2} or {_HTTP1}", "as ALPN decides")
    explicit = options.explicit_http_config
    if explicit is not None and explicit.http3_protocol_options is not None:
        return UpstreamProtocol(_HTTP3, "the cluster's explicit_http_config")
    if explicit is not None and explicit.http2_protocol_options is not None:
        return UpstreamProtocol(_HTTP2, "the cluster's explicit_http_config")
    return UpstreamProtocol(_HTTP1)

"""What the connection manager asks of every request's host and path.

What Envoy does: a request without a host gets 400, an empty one will do; a path that does not
start with a slash gets 404, as does `OPTIONS *`; QUERY needs a content type. CONNECT has no path.
An HTTP/1.0 request without a host gets `default_host_for_http_10`.
Checked against Envoy 1.40.0. Not modelled: the overload manager.
"""

from __future__ import annotations

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import Headers
from osmscope.rules.local_reply import LocalReply


def check(headers: Headers) -> LocalReply | None:
    """Tell what the connection manager answers a request that it does not take; None if it does."""
    if ":authority" not in headers:
        return LocalReply(code=400, details="missing_host_header", reason="the request has no host")
    method = headers.first(":method")
    path = headers.first(":path")
    if path is None:
        if method == "CONNECT":
            return None
        return LocalReply(code=404, details="missing_path_rejected", reason="there is no path")
    if not path.startswith("/"):
        words = f'the path "{path}" does not start with a slash'
        return LocalReply(code=404, details="absolute_path_rejected", reason=words)
    if method == "QUERY" and not headers.first("content-type"):
        words = "a QUERY request has to have a content type"
        return LocalReply(code=400, details="query_missing_content_type", reason=words)
    return None


def low_version(hcm: HttpConnectionManager, protocol: str) -> LocalReply | None:
    """Tell what a client of HTTP/1.0 gets; None where its version is accepted."""
    if protocol != "http/1.0" or hcm.http_protocol_options.accept_http_10:
        return None
    words = "HTTP/1.0 is not accepted (http_protocol_options.accept_http_10)"
    return LocalReply(code=426, flags=("DPE",), details="low_version", reason=words)


def with_default_host(hcm: HttpConnectionManager, protocol: str, headers: Headers) -> Headers:
    """Give an HTTP/1.0 request without a host the configured one."""
    default = hcm.http_protocol_options.default_host_for_http_10
    if protocol == "http/1.0" and default and ":authority" not in headers:
        return headers.set(":authority", default)
    return headers

"""The headers that the connection manager removes and adds.

What Envoy does: hop-by-hop headers go; `te` stays as
`trailers` at most, and `expect` unless it is `100-continue`, which Envoy answers. Headers that
steer the router, and the route table's `internal_only_headers`, go unless the request is
internal; labels of the mesh go from edge requests, which get `x-envoy-external-address`.
`x-forwarded-proto` is set where the client is the first hop, and kept otherwise; `:scheme`
follows it, unless an absolute URL said it; `scheme_header_transformation` overwrites both.
Checked against Envoy 1.40.0. Not modelled: `x-request-id` and tracing headers, which are new for
each request; `add_user_agent`.
"""

from __future__ import annotations

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.client_address import ClientAddress
from osmscope.rules.facts import Connection, Headers

_OF_CONNECTION = "connection keep-alive proxy-connection transfer-encoding upgrade"
_HOP_BY_HOP = frozenset(_OF_CONNECTION.split())
_OF_ROUTER = (
    "retry-on retry-grpc-on max-retries retriable-status-codes retriable-header-names"
    " upstream-alt-stat-name upstream-rq-timeout-ms upstream-rq-per-try-timeout-ms"
    " upstream-rq-timeout-alt-response upstream-stream-duration-ms expected-rq-timeout-ms"
    " force-trace ip-tags hedge-on-per-try-timeout original-url"
)
_CONTROL = frozenset(f"x-envoy-{name}" for name in _OF_ROUTER.split())
_OF_MESH = (
    "decorator-operation downstream-service-cluster downstream-service-node original-path"
    " original-host"
)
_EDGE = frozenset(f"x-envoy-{name}" for name in _OF_MESH.split())


def sanitize(headers: Headers, client: ClientAddress, internal_only: tuple[str, ...]) -> Headers:
    """Remove what this client must not say.

    Args:
        headers: The request's headers.
        client: What is known of the client.
        internal_only: `internal_only_headers` of the route table.
    """
    gone = {"x-envoy-internal"}
    if not client.internal:
        gone |= _CONTROL
        gone.update(name.lower() for name in internal_only)
    if client.edge:
        gone |= _EDGE
    return headers.remove(*gone.intersection(headers))


def without_hop_by_hop(headers: Headers, is_upgrade: bool) -> Headers:
    """Remove what concerns the client's own connection alone."""
    if "te" in headers:
        tokens = {token.strip() for token in (headers.first("te") or "").split(",")}
        headers = headers.set("te", "trailers") if "trailers" in tokens else headers.remove("te")
    if (headers.first("expect") or "").lower() == "100-continue":
        headers = headers.remove("expect")
    if is_upgrade:
        return headers.remove("keep-alive", "proxy-connection", "transfer-encoding")
    return headers.remove(*_HOP_BY_HOP.intersection(headers))


def add(
    hcm: HttpConnectionManager, connection: Connection, headers: Headers, client: ClientAddress
) -> Headers:
    """Add what the connection manager knows of the request."""
    if client.forwarded_for is not None:
        headers = headers.set("x-forwarded-for", client.forwarded_for)
    headers = _with_scheme(hcm, connection, headers)
    port = connection.destination_port if hcm.append_x_forwarded_port else None
    if port is not None and (_is_first_hop(hcm) or "x-forwarded-port" not in headers):
        headers = headers.set("x-forwarded-port", str(port))
    if client.edge and client.remote_ip is not None:
        headers = headers.set("x-envoy-external-address", client.remote_ip)
    if client.internal:
        headers = headers.set("x-envoy-internal", "true")
    if hcm.via:
        before = headers.first("via")
        headers = headers.set("via", f"{before}, {hcm.via}" if before else hcm.via)
    return headers


def _with_scheme(hcm: HttpConnectionManager, connection: Connection, headers: Headers) -> Headers:
    transformation = hcm.scheme_header_transformation
    if transformation is not None and transformation.scheme_to_overwrite:
        scheme = transformation.scheme_to_overwrite
        return headers.set("x-forwarded-proto", scheme).set(":scheme", scheme)
    if _is_first_hop(hcm) or "x-forwarded-proto" not in headers:
        proto = "https" if connection.terminated_tls else "http"
        headers = headers.set("x-forwarded-proto", proto)
    if ":scheme" not in headers:
        forwarded = (headers.first("x-forwarded-proto") or "").lower()
        transport = "https" if connection.terminated_tls else "http"
        scheme = forwarded if forwarded in ("http", "https") else transport
        headers = headers.set(":scheme", scheme)
    return headers


def _is_first_hop(hcm: HttpConnectionManager) -> bool:
    return bool(hcm.use_remote_address) and not hcm.xff_num_trusted_hops

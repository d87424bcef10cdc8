"""What the HTTP connection manager makes of a request before its route is looked up.

What Envoy does, in this order: the codec, joined headers, version, host, path, path normalization,
authority, then the client's address and the headers that depend on it. The first refusal is the
reply, and no filter runs. Its log line names a route nevertheless, looked up with what the request
had become by then.
Checked against Envoy 1.40.0. Not modelled: the overload manager; early header mutations of other
types, which are assumed to change nothing.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules import authority, client_address, codec, header_sanitizing, request_checks
from osmscope.rules.connect_udp import with_udp_target
from osmscope.rules.early_header_mutation import mutate_early
from osmscope.rules.facts import Request
from osmscope.rules.forwarded_client_cert import forward_client_cert
from osmscope.rules.grpc import is_grpc
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.path_normalization import NormalizedPath, normalize
from osmscope.rules.path_options import PathOptions, path_options
from osmscope.rules.referer import sanitize_referer
from osmscope.rules.upgrade import upgrade_type
from osmscope.rules.user_agent import add_user_agent

_NO_HTTP = ("the client's first bytes are not an HTTP request",)


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A request as routes and filters see it, or the reply to one that is refused."""

    request: Request
    """The request; as far as it came, where there is a reply."""
    reply: LocalReply | None = None
    routed: bool = False
    """Whether a route is looked up even so: there was a request to look at."""
    assumptions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    """What was rewritten, in words."""
    is_grpc: bool = False
    """Whether the client sent a gRPC request, whatever becomes of it."""


def prepare(
    hcm: HttpConnectionManager, request: Request, internal_only_headers: tuple[str, ...] = ()
) -> Prepared:
    """Put a request through the connection manager.

    Args:
        hcm: The connection manager.
        request: The request as the client sent it: `remote_ip` and `internal` are still to find.
        internal_only_headers: Those of the route table that is going to be used.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    reply = request_checks.low_version(hcm, request.protocol)
    decoded = codec.decode(hcm, request)
    if isinstance(decoded, LocalReply):
        assumptions = _NO_HTTP if request.protocol == "tcp" else ()
        return Prepared(request=request, reply=decoded, assumptions=assumptions)
    headers = request_checks.with_default_host(hcm, request.protocol, decoded)
    reply = reply or request_checks.check(headers)
    request = request.with_headers(headers)
    prepared = _prepared(hcm, request, internal_only_headers, reply)
    return msgspec.structs.replace(prepared, is_grpc=is_grpc(headers))


def _prepared(
    hcm: HttpConnectionManager,
    request: Request,
    internal_only_headers: tuple[str, ...],
    reply: LocalReply | None,
) -> Prepared:
    if reply is not None:
        return _refused(request, reply)
    targeted = with_udp_target(request.headers)
    if isinstance(targeted, LocalReply):
        return _refused(request, targeted)
    request = request.with_headers(targeted)
    return _rewritten(hcm, request, internal_only_headers)


def _refused(request: Request, reply: LocalReply, assumptions: tuple[str, ...] = ()) -> Prepared:
    return Prepared(request=request, reply=reply, routed=True, assumptions=assumptions)


def _normalized(options: PathOptions, path: str) -> NormalizedPath:
    if options.cuts_fragment:
        path = path.partition("#")[0]
    return normalize(options.manager, path)


def _rewritten(
    hcm: HttpConnectionManager, request: Request, internal_only_headers: tuple[str, ...]
) -> Prepared:
    reasons: list[str] = []
    path = request.headers.first(":path")
    options = path_options(hcm, request.runtime)
    normalized = NormalizedPath("") if path is None else _normalized(options, path)
    if path is not None and normalized.path != path:
        request = request.with_headers(request.headers.set(":path", normalized.path))
        reasons.append(f'the path "{path}" becomes "{normalized.path}"')
    if normalized.reply is not None:
        return _refused(request, normalized.reply, options.assumptions)
    host, port = request.headers.first(":authority") or "", request.connection.destination_port
    request = authority.with_rewritten_authority(hcm, request)
    new_host = request.headers.first(":authority") or ""
    assumptions = options.assumptions
    if port is None and authority.needs_destination_port(hcm, host):
        assumptions = (*assumptions, "the destination port is not the one that the host names")
    if new_host != host:
        reasons.append(f'the host "{host}" becomes "{new_host}"')
    prepared = _sanitized(hcm, request, internal_only_headers)
    return msgspec.structs.replace(
        prepared, assumptions=assumptions + prepared.assumptions, reasons=tuple(reasons)
    )


def _sanitized(
    hcm: HttpConnectionManager, request: Request, internal_only_headers: tuple[str, ...]
) -> Prepared:
    assumptions: tuple[str, ...] = ()
    if hcm.early_header_mutation_extensions:
        request, assumptions = mutate_early(hcm, request)
    connection = request.connection
    client = client_address.find_client(hcm, connection, request.headers)
    if client.reply is not None:
        return _refused(request, client.reply)
    headers = request.headers
    headers = header_sanitizing.without_hop_by_hop(headers, upgrade_type(headers) is not None)
    headers = sanitize_referer(headers)
    headers = header_sanitizing.sanitize(headers, client, internal_only_headers)
    headers = header_sanitizing.add(hcm, connection, headers, client)
    headers, of_itself = add_user_agent(hcm, request, headers)
    headers, of_certificate = forward_client_cert(hcm, request.with_headers(headers))
    return Prepared(
        request=msgspec.structs.replace(
            request,
            headers=headers,
            remote_ip=client.remote_ip,
            remote_port=0 if client.by_header else connection.source_port,
            internal=client.internal,
        ),
        assumptions=assumptions + client.assumptions + of_itself + of_certificate,
    )

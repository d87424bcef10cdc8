"""From what the evaluation found to the outcomes of the contract."""

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from osmscope.rules.facts import Headers
from osmscope.rules.network_filters.network_filter_result import Closed
from osmscope.trace.answer import (
    EndpointShare,
    OutcomeAnswer,
    Response,
    UpstreamRequest,
)
from osmscope.trace.path import (
    ConnectionPath,
    Evaluation,
    HttpPath,
    Resolved,
    TcpPath,
    Upstream,
)

_replace = msgspec.structs.replace


class Joined(msgspec.Struct, frozen=True):
    """An outcome and the first of the ways that lead to it."""

    outcome: OutcomeAnswer
    way: HttpPath | TcpPath | None


def outcomes_of(evaluation: Evaluation, sent: Headers) -> tuple[Joined, ...]:
    """List the outcomes of an evaluation, equal ones joined; probabilities add up to 1.

    Args:
        evaluation: All ways that were found.
        sent: The request's headers as the client sent them.
    """
    joined: list[Joined] = []
    shares: list[Fraction] = []
    for probability, way, outcome in _outcomes(evaluation, sent):
        for index, other in enumerate(joined):
            if other.outcome == outcome:
                shares[index] += probability
                break
        else:
            joined.append(Joined(outcome, way))
            shares.append(probability)
    if len(joined) == 1:
        return tuple(joined)
    return tuple(
        Joined(_replace(one.outcome, probability=float(share)), one.way)
        for one, share in zip(joined, shares, strict=True)
    )


def _outcomes(
    evaluation: Evaluation, sent: Headers
) -> Iterator[tuple[Fraction, HttpPath | TcpPath | None, OutcomeAnswer]]:
    connection = evaluation.connection
    base = _of_connection(connection)
    for http in evaluation.http:
        yield http.probability, http, _of_http(http, base, sent)
    for tcp in evaluation.tcp:
        yield tcp.probability, tcp, _of_tcp(tcp.upstream, connection.closed, base)
    if not evaluation.http and not evaluation.tcp:
        yield Fraction(1), None, base


def _of_connection(path: ConnectionPath) -> OutcomeAnswer:
    chain = path.chain
    outcome = OutcomeAnswer(
        probability=1.0,
        verdict="unknown",
        listener=None if path.listener is None else path.listener.name,
        filter_chain=None if chain is None else chain.name,
    )
    if path.closed is not None:
        return _closed(outcome, path.closed)
    return outcome


def _closed(outcome: OutcomeAnswer, closed: Closed) -> OutcomeAnswer:
    response = Response(
        code=0, flags=closed.flags, details=closed.details, reason=closed.reason or None
    )
    return _replace(outcome, verdict="closed", response=response)


def _of_tcp(upstream: Upstream, closed: Closed | None, base: OutcomeAnswer) -> OutcomeAnswer:
    outcome = _replace(base, cluster=upstream.logged_name, endpoints=_endpoints(upstream))
    # tcp_proxy dials before the handshake ends and before the client's first bytes.
    if upstream.closed is not None:
        return _closed(outcome, upstream.closed)
    if closed is not None:
        return _closed(outcome, closed)
    return _replace(outcome, verdict="unknown" if upstream.missing else "forwarded")


def _of_http(path: HttpPath, base: OutcomeAnswer, sent: Headers) -> OutcomeAnswer:
    if path.reply is not None and path.reply.closes:
        return _closed(base, Closed(flags=path.reply.flags, reason=path.reply.reason))
    outcome = _with_route(base, path.resolved)
    upstream = path.upstream
    if upstream is not None:
        outcome = _replace(outcome, cluster=upstream.logged_name)
    if path.reply is not None:
        reply = path.reply
        response = Response(
            code=reply.code,
            flags=reply.flags,
            details=reply.details,
            location=reply.location,
            reason=reply.reason or None,
        )
        return _replace(outcome, verdict="responded", response=response)
    if path.missing or upstream is None:
        return _replace(outcome, verdict="unknown")
    return _replace(
        outcome,
        verdict="unknown" if upstream.missing else "forwarded",
        endpoints=_endpoints(upstream),
        upstream_request=_upstream_request(path, sent),
    )


def _with_route(outcome: OutcomeAnswer, resolved: Resolved) -> OutcomeAnswer:
    table, host, route = resolved.table, resolved.virtual_host_choice, resolved.route_choice
    virtual_host = None if host is None else host.virtual_host
    return _replace(
        outcome,
        route_config=(table.configuration.name or None) if table is not None else None,
        virtual_host=(virtual_host.name or None) if virtual_host is not None else None,
        route=(route.route.name or None) if route is not None and route.route else None,
        route_index=None if route is None else route.index,
    )


def _endpoints(upstream: Upstream) -> tuple[EndpointShare, ...]:
    if upstream.shares is None:
        return ()
    shares = upstream.shares.endpoints
    total = sum((share.probability for share in shares), Fraction(0)) or Fraction(1)
    hosts = upstream.endpoint_hosts or (None,) * len(shares)
    return tuple(
        EndpointShare(
            address=share.host.address,
            probability=float(share.probability / total),
            priority=share.host.priority,
            health=share.health.name,
            host=host,
        )
        for share, host in zip(shares, hosts, strict=True)
    )


def _upstream_request(path: HttpPath, sent: Headers) -> UpstreamRequest | None:
    if path.sent is None or path.sent.is_raw:
        return None
    received = path.sent.headers
    return UpstreamRequest(
        method=received.first(":method") or "",
        host=received.first(":authority"),
        path=received.first(":path") or "",
        headers={
            name: values
            for name, values in received.items()
            if not name.startswith(":") and name not in _NEW_EACH_TIME and sent.all(name) != values
        },
        removed_headers=tuple(
            name
            for name in sent
            if not name.startswith(":") and name not in received and name not in _HOP_BY_HOP
        ),
    )


_NEW_EACH_TIME = frozenset({
    "x-request-id", "content-length", "transfer-encoding", "traceparent", "tracestate",
    "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-parentspanid", "x-ot-span-context",
})  # fmt: skip
"""Headers that differ from request to request: the contract leaves them out."""

_HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te",
})  # fmt: skip

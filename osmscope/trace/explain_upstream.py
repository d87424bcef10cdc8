"""The cluster's decisions in words: how endpoints are shared, what is spoken to them."""

from collections.abc import Iterator, Mapping
from itertools import islice

import msgspec

from osmscope.resources.cluster import Cluster
from osmscope.resources.proxy import Proxy
from osmscope.rules.facts import Headers
from osmscope.rules.hosts import Host
from osmscope.rules.shares import Shares
from osmscope.rules.transport_socket import transport_socket_of, upstream_tls
from osmscope.rules.upstream_protocol import upstream_protocol
from osmscope.trace.answer import Candidate, Step
from osmscope.trace.path import Upstream
from osmscope.trace.update_notes import update_notes

MOST_HOSTS = 200
"""How many endpoints without a share are listed; the rest is counted."""


class Sent(msgspec.Struct, frozen=True):
    """What is sent to a cluster."""

    headers: Headers | None = None
    """The request's; None for a connection of `tcp_proxy`."""
    spoken: str = ""
    """What the client speaks where a request is sent on, `http/1.1` or `h2`."""
    runtime: Mapping[str, object] = {}
    """Runtime keys that are set."""


def cluster_steps(proxy: Proxy, upstream: Upstream, reason: str, sent: Sent) -> Iterator[Step]:
    """Tell why a cluster was taken, how its endpoints share, and what TLS is spoken to them.

    Args:
        proxy: The sidecar's resources.
        upstream: The cluster's part of the path.
        reason: Why it was chosen.
        sent: What is sent to it.
    """
    refused = upstream.reply is not None or upstream.closed is not None
    words = [reason, *upstream.reasons]
    if upstream.reply is not None:
        words.append(upstream.reply.reason)
    if upstream.closed is not None:
        words.append(upstream.closed.reason)
    if upstream.missing:
        words.append(f"{upstream.missing} is not known")
    yield Step(
        kind="cluster",
        chosen=upstream.name,
        reason="; ".join(word for word in words if word),
        notes=update_notes(proxy, "cluster", upstream.name),
        failed=refused or bool(upstream.missing),
    )
    shares = upstream.shares
    if shares is not None:
        yield _endpoint_step(shares)
    if upstream.cluster is not None and shares is not None and shares.endpoints:
        first = shares.endpoints[0]
        owner = (first.member and proxy.cluster(first.member)) or upstream.cluster
        yield _transport_step(_Connecting(upstream.cluster, owner, first.host), sent)


def _endpoint_step(shares: Shares) -> Step:
    lost = tuple(
        Candidate(name=host.address, reason=why) for host, why in islice(shares.lost, MOST_HOSTS)
    )
    return Step(
        kind="endpoint",
        chosen=", ".join(share.host.address for share in shares.endpoints[:10]),
        reason="; ".join(shares.reasons),
        losers=lost,
        more_losers=len(shares.lost) - len(lost),
        notes=("panic: health is not regarded",) if shares.panic else (),
        failed=not shares.endpoints,
    )


class _Connecting(msgspec.Struct, frozen=True):
    """Who connects to what."""

    asked: Cluster
    """The cluster that the request goes to: its options take the SNI from the authority."""
    owner: Cluster
    """The cluster that the endpoint is of: its transport socket and protocol are used."""
    host: Host


def _transport_step(connecting: _Connecting, sent: Sent) -> Step:
    """Tell what is spoken to an endpoint; the protocol too, where that is not HTTP/1.1."""
    if not sent.spoken:
        return _tls_step(connecting, sent.headers, "")
    protocol = upstream_protocol(connecting.owner, sent.spoken, sent.runtime)
    step = _tls_step(connecting, sent.headers, protocol.name)
    if protocol.name == "HTTP/1.1":
        return step
    # A field that names it says no more than the name does.
    words = (
        f"{protocol.name} {protocol.reason if protocol.reason.startswith('as ') else ''}".strip()
    )
    return msgspec.structs.replace(step, reason=f"{step.reason}; {words}" if step.reason else words)


def _tls_step(connecting: _Connecting, headers: Headers | None, protocol: str) -> Step:
    host = connecting.host
    choice = transport_socket_of(connecting.owner, host)
    if choice.missing:
        return Step(kind="upstream_tls", chosen="", reason=f"{choice.missing} is not known")
    tls = upstream_tls(connecting.asked, host, choice.configuration, headers, protocol)
    notes = [f"assumed: {choice.condition}"] if choice.condition else []
    if tls is None:
        reason = choice.reason
        return Step(kind="upstream_tls", chosen="plaintext", reason=reason, notes=tuple(notes))
    if tls.certificate_secrets:
        notes.append(f"certificate {', '.join(tls.certificate_secrets)}")
    if tls.validation_secret:
        notes.append(f"CA {tls.validation_secret}")
    elif not tls.verifies:
        notes.append("the endpoint's certificate is not verified")
    if tls.san_matchers:
        notes.append(f"its certificate has to {' or '.join(tls.san_matchers)}")
    words = [f"SNI {tls.sni}" if tls.sni else "no SNI"]
    if tls.alpn:
        words.append(f"ALPN {', '.join(tls.alpn)}")
    return Step(
        kind="upstream_tls",
        chosen="TLS" if not choice.name else f"TLS ({choice.name})",
        reason=", ".join(words),
        notes=tuple(notes),
    )

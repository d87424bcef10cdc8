"""The part of a cluster's requests that ends because a secret of upstream TLS was not delivered."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from osmscope.resources.cluster import Cluster
from osmscope.resources.references import secret_names
from osmscope.rules.awaited_secret import awaited_secrets, without_secret
from osmscope.rules.shares import EndpointShare
from osmscope.rules.transport_socket import transport_socket_of
from osmscope.trace.path import Upstream
from osmscope.trace.sidecar import Sidecar

_replace = msgspec.structs.replace


def with_secrets(sidecar: Sidecar, upstream: Upstream, *, of_request: bool) -> Iterator[Upstream]:
    """Yield the part of a way whose endpoints have all secrets of TLS, and the part that fails.

    Args:
        sidecar: The sidecar.
        upstream: A way, with endpoints or without.
        of_request: Whether it is an HTTP request's, not a connection's of `tcp_proxy`.

    Raises:
        DumpError: A transport socket cannot be read.
    """
    shares, cluster = upstream.shares, upstream.cluster
    if shares is None or cluster is None or upstream.reply or not _any_awaited(sidecar, cluster):
        yield upstream
        return
    owners = {one.name: one for one in sidecar.connecting(cluster)}
    kept: list[EndpointShare] = []
    lost: list[tuple[EndpointShare, tuple[str, ...]]] = []
    for share in shares.endpoints:
        choice = transport_socket_of(owners.get(share.member, cluster), share.host)
        words = choice.condition
        if choice.missing:
            words = f"{choice.missing} chooses a transport socket that has its secrets"
        if words:
            upstream = _replace(upstream, assumptions=(*upstream.assumptions, words))
        names = tuple(
            awaited_secrets(choice.configuration, lambda name: _is_awaited(sidecar, name))
        )
        if names:
            lost.append((share, names))
        else:
            kept.append(share)
    whole = sum((share.probability for share in shares.endpoints), Fraction(0))
    if kept:
        part = sum((share.probability for share in kept), Fraction(0)) / whole
        remaining = _replace(shares, endpoints=tuple(kept))
        yield _replace(upstream, shares=remaining, probability=upstream.probability * part)
    if lost:
        names = tuple(dict.fromkeys(name for _, found in lost for name in found))
        failed = _replace(shares, endpoints=tuple(share for share, _ in lost))
        part = sum((share.probability for share in failed.endpoints), Fraction(0)) / whole
        listed = ", ".join(f'"{name}"' for name in names)
        yield _replace(
            upstream,
            shares=failed,
            reply=without_secret(names, of_request=of_request),
            probability=upstream.probability * part,
            assumptions=(
                *upstream.assumptions,
                f"the secret {listed} is not delivered in the meantime",
            ),
        )


def _any_awaited(sidecar: Sidecar, cluster: Cluster) -> bool:
    """Whether a cluster refers to a secret that is awaited: nearly none does."""

    def find() -> Iterator[str]:
        for one in sidecar.connecting(cluster):
            sockets = [match.transport_socket for match in one.transport_socket_matches]
            for socket in (one.transport_socket, *sockets):
                yield from (name for name in secret_names(socket) if _is_awaited(sidecar, name))

    return bool(sidecar.remembered(("awaited secrets", id(cluster)), find))


def _is_awaited(sidecar: Sidecar, name: str) -> bool:
    return sidecar.proxy.is_warming("secret", name)

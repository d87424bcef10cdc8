"""What an answer rests on: what had to be assumed, what is not known, what was not understood."""

from collections.abc import Iterable, Iterator

import msgspec

from osmscope.resources.cluster import Cluster
from osmscope.resources.extension import Unsupported
from osmscope.resources.references import secret_names
from osmscope.rules.hosts import Host
from osmscope.rules.lb_policy import Kind
from osmscope.rules.runtime_feature import unknown_features
from osmscope.rules.transport_socket import transport_socket_of
from osmscope.trace.gaps import gaps_on_path
from osmscope.trace.path import Evaluation, Upstream
from osmscope.trace.request import TraceRequest
from osmscope.trace.sidecar import Sidecar


class Assumptions(msgspec.Struct, frozen=True, kw_only=True):
    """Each a clause, once."""

    rest: tuple[str, ...] = ()
    """The answer rests on these: it is not exact."""
    notes: tuple[str, ...] = ()
    """These leave the answer exact: that endpoints share by load."""


def assumptions_of(sidecar: Sidecar, asked: TraceRequest, evaluation: Evaluation) -> Assumptions:
    """Collect what an evaluation rests on.

    Raises:
        DumpError: A resource on the path cannot be read.
    """
    rest: dict[str, None] = {}
    notes: dict[str, None] = {}
    rest.update(dict.fromkeys(_of_connection(asked, evaluation)))
    for way in evaluation.http:
        rest.update(dict.fromkeys(way.assumptions))
        rest.update(dict.fromkeys(_unknown(way.missing)))
        _add_upstream(way.upstream, rest, notes)
        rest.update(dict.fromkeys(_connections(sidecar, way.upstream)))
    for tcp in evaluation.tcp:
        _add_upstream(tcp.upstream, rest, notes)
        rest.update(dict.fromkeys(_connections(sidecar, tcp.upstream)))
    if evaluation.http or evaluation.tcp:
        rest.update(dict.fromkeys(_runtime_layers(sidecar)))
        rest.update(dict.fromkeys(_runtime_features(sidecar, asked)))
    rest.update(dict.fromkeys(_of_another_version(sidecar)))
    if sidecar.proxy.sheds_load:
        rest[_NO_OVERLOAD] = None
    rest.update(dict.fromkeys(gaps_on_path(sidecar, evaluation)))
    return Assumptions(rest=tuple(rest), notes=tuple(notes))


_RULES_OF = "1.40."
_NO_OVERLOAD = "Envoy is not overloaded (the bootstrap's overload_manager sheds load)"


def _of_another_version(sidecar: Sidecar) -> Iterator[str]:
    version = sidecar.proxy.dump.node().version
    if version and not version.startswith(_RULES_OF):
        yield f"Envoy {version} decides as Envoy 1.40 does, whose rules these are"


def _of_connection(asked: TraceRequest, evaluation: Evaluation) -> Iterator[str]:
    path = evaluation.connection
    yield from path.assumptions
    yield from _unknown(path.missing)
    certificate = asked.client_certificate
    unsaid = certificate is None or certificate.trusted is None
    if unsaid and path.handshake is not None and path.handshake.relied_on_trust:
        yield "the client's certificate is signed by a CA that the filter chain trusts"


def _runtime_layers(sidecar: Sidecar) -> Iterator[str]:
    if sidecar.proxy.dump.bootstrap is None:
        yield "the bootstrap, which the dump lacks, sets no runtime keys and names no local cluster"
    for name in sidecar.proxy.undumped_runtime_layers:
        yield f'the runtime layer "{name}", whose values a dump does not hold, changes nothing'


def _runtime_features(sidecar: Sidecar, asked: TraceRequest) -> Iterator[str]:
    of_dump = sidecar.remembered(
        ("runtime features", 0), lambda: unknown_features(sidecar.proxy.runtime)
    )
    for key in (*of_dump, *unknown_features(asked.runtime or {})):
        yield f'the runtime feature "{key}", which no rule knows, changes nothing'


def _unknown(missing: str) -> Iterable[str]:
    return (f"{missing} is not known",) if missing else ()


def _add_upstream(upstream: Upstream | None, rest: dict[str, None], notes: dict[str, None]) -> None:
    if upstream is None:
        return
    rest.update(dict.fromkeys((*upstream.assumptions, *_unknown(upstream.missing))))
    for assumption in upstream.shares.assumptions if upstream.shares is not None else ():
        kept = notes if assumption.startswith(Kind.LEAST_REQUEST.value) else rest
        kept[assumption] = None


def _connections(sidecar: Sidecar, upstream: Upstream | None) -> tuple[str, ...]:
    """Name what is not known of the connections to endpoints."""
    cluster = upstream.cluster if upstream is not None else None
    if cluster is None:
        return ()

    def find() -> Iterator[str]:
        for one in sidecar.connecting(cluster):
            yield from _missing_secrets(sidecar, one)
            yield from dict.fromkeys(_odd_sockets(sidecar, one))

    return sidecar.remembered(("connections", id(cluster)), find)


def _odd_sockets(sidecar: Sidecar, cluster: Cluster) -> Iterator[str]:
    """Name the transport sockets that are not modelled."""
    for host in sidecar.cluster_hosts(cluster).balancer.hosts or (Host(address=""),):
        socket = transport_socket_of(cluster, host).configuration
        if isinstance(socket, Unsupported):
            yield f'the transport socket "{socket.type_name}" connects to the endpoint itself'


def _missing_secrets(sidecar: Sidecar, cluster: Cluster) -> Iterator[str]:
    """Name the secrets of TLS to the endpoints that are not there: no handshake without them."""
    proxy, matches = sidecar.proxy, cluster.transport_socket_matches
    sockets = [match.transport_socket for match in matches]
    if cluster.transport_socket is not None and all(match.match for match in matches):
        sockets.append(cluster.transport_socket)
    for name in dict.fromkeys(name for socket in sockets for name in secret_names(socket)):
        if proxy.secret(name) is None and not proxy.is_warming("secret", name):
            yield f'the secret "{name}", which the dump lacks, holds what upstream TLS needs'

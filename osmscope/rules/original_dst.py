"""Where an ORIGINAL_DST cluster sends to.

What Envoy does: the first of these that exists: an address in dynamic metadata (`metadata_key`, the
request's before the connection's), the address in a header (only with `use_http_header`), the
connection's own destination, if a listener filter restored it. Text that is not `ip:port` is passed
over. `upstream_port_override` then replaces the port. Without any there is no host (UH). Since 1.38
all of it may be the configuration of a cluster type. Checked against Envoy 1.40.0. Not modelled:
the filter state `envoy.network.transport_socket.original_dst_address`.
"""

from collections.abc import Iterator, Sequence

import msgspec

from osmscope.resources.address import host_port, parse_ip, split_host_port
from osmscope.resources.cluster import Cluster, OriginalDstCluster, OriginalDstLbConfig
from osmscope.resources.extension import decode_any
from osmscope.resources.resource import converted
from osmscope.rules.facts import Connection, Metadata, Request

_DEFAULT_HEADER = "x-envoy-original-dst-host"


class Destination(msgspec.Struct, frozen=True):
    """An address, or why there is none."""

    address: str | None = None
    """`ip:port`."""
    reason: str = ""
    missing: str = ""
    """The fact without which the address is not known, as a noun."""


class _MetadataPathSegment(msgspec.Struct, frozen=True):
    key: str = ""


class _MetadataKey(msgspec.Struct, frozen=True):
    key: str = ""
    path: tuple[_MetadataPathSegment, ...] = ()


def destination(
    cluster: Cluster,
    connection: Connection,
    request: Request | None = None,
    *,
    restored: bool = True,
) -> Destination:
    """Find the address that a request, or a connection, is sent to.

    Args:
        cluster: An ORIGINAL_DST cluster.
        connection: The connection.
        request: The request as it is forwarded; None for a `tcp_proxy`.
        restored: Whether a listener filter restored the original destination.
    """
    config = _config(cluster)
    found = _found(config, connection, request, restored=restored)
    if found.address is None or config.upstream_port_override is None:
        return found
    host, _ = split_host_port(found.address)
    address = host_port(host, config.upstream_port_override)
    return Destination(address, f"{found.reason}, with upstream_port_override")


def _config(cluster: Cluster) -> OriginalDstLbConfig:
    custom = cluster.cluster_type
    own = decode_any(custom.typed_config, where="cluster type") if custom is not None else None
    if isinstance(own, OriginalDstCluster):
        return own
    return cluster.original_dst_lb_config or OriginalDstLbConfig()


def _found(
    config: OriginalDstLbConfig, connection: Connection, request: Request | None, *, restored: bool
) -> Destination:
    if config.metadata_key is not None:
        key = converted(_MetadataKey, config.metadata_key, "the metadata key of a cluster")
        for metadata in (request.metadata if request else {}, connection.metadata):
            if address := _valid(_texts(metadata, key)):
                return Destination(address, f"the address in dynamic metadata {key.key!r}")
        if request is not None and request.opaque_filters:
            filters = " or ".join(request.opaque_filters)
            return Destination(missing=f"dynamic metadata {key.key!r}, which {filters} may set")
    if config.use_http_header and request is not None:
        name = config.http_header_name or _DEFAULT_HEADER
        if address := _valid(request.headers.all(name)[:1]):
            return Destination(address, f"the address in header {name!r}")
    if not restored:
        return Destination(reason="no listener filter restored the original destination")
    ip, port = connection.destination_ip, connection.destination_port
    if ip is None or port is None:
        return Destination(missing="the original destination")
    return Destination(host_port(ip, port), "the original destination")


def _texts(metadata: Metadata, key: _MetadataKey) -> Iterator[str]:
    value: object = metadata.get(key.key)
    for segment in key.path:
        value = value.get(segment.key) if isinstance(value, dict) else None
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        yield value


def _valid(texts: Iterator[str] | Sequence[str]) -> str | None:
    for text in texts:
        host, port = split_host_port(text)
        ip = parse_ip(host)
        if ip is not None and port is not None and port < 65536:
            return host_port(str(ip), port)
    return None

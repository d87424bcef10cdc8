"""One cluster and its hosts, as /clusters tells them, and the reader of the JSON form."""

import msgspec

from osmscope.dump.gaps import Gap


class HostStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One host of a cluster."""

    address: str
    """ "ip:port", "[v6]:port", "/path/of/a/pipe" or "envoy://listener/endpoint"."""
    hostname: str = ""
    weight: int = 1
    priority: int = 0
    region: str = ""
    zone: str = ""
    sub_zone: str = ""
    flags: frozenset[str] = frozenset()
    """Health flags as the text form names them, without the slash; empty where it says healthy."""
    stats: dict[str, int] = {}
    canary: bool = False
    success_rate: float | None = None
    """None where Envoy does not know it."""
    local_origin_success_rate: float | None = None


class ClusterStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster and its hosts."""

    name: str
    added_via_api: bool = False
    """By CDS; a bootstrap cluster otherwise."""
    eds_service_name: str = ""
    observability_name: str = ""
    hosts: tuple[HostStatus, ...] = ()
    circuit_breakers: dict[str, dict[str, int]] = {}
    """Limits (max_connections, …) by priority, "default" and "high"."""


class _Value(msgspec.Struct, frozen=True):
    value: float = 0.0


class _SocketAddress(msgspec.Struct, frozen=True):
    address: str = ""
    port_value: int = 0


class _Pipe(msgspec.Struct, frozen=True):
    path: str = ""


class _InternalAddress(msgspec.Struct, frozen=True):
    server_listener_name: str = ""
    endpoint_id: str = ""


class Address(msgspec.Struct, frozen=True):
    """An address as JSON has it: exactly one of the fields."""

    socket_address: _SocketAddress | None = None
    pipe: _Pipe | None = None
    envoy_internal_address: _InternalAddress | None = None


class _Locality(msgspec.Struct, frozen=True):
    region: str = ""
    zone: str = ""
    sub_zone: str = ""


class _Stat(msgspec.Struct, frozen=True):
    name: str = ""
    value: int = 0


class _Host(msgspec.Struct, frozen=True):
    address: Address = Address()
    hostname: str = ""
    weight: int = 1
    priority: int = 0
    locality: _Locality = _Locality()
    health_status: dict[str, bool | str] = {}
    stats: tuple[_Stat, ...] = ()
    success_rate: _Value | None = None
    local_origin_success_rate: _Value | None = None


class _Thresholds(msgspec.Struct, frozen=True):
    priority: str = "DEFAULT"
    max_connections: int = 0
    max_pending_requests: int = 0
    max_requests: int = 0
    max_retries: int = 0


class _CircuitBreakers(msgspec.Struct, frozen=True):
    thresholds: tuple[_Thresholds, ...] = ()


class _Cluster(msgspec.Struct, frozen=True):
    name: str = ""
    added_via_api: bool = False
    eds_service_name: str = ""
    observability_name: str = ""
    host_statuses: tuple[_Host, ...] = ()
    circuit_breakers: _CircuitBreakers = _CircuitBreakers()


_FLAGS = {
    "failed_active_health_check": "failed_active_hc",
    "failed_outlier_check": "failed_outlier_check",
    "failed_active_degraded_check": "degraded_active_hc",
    "pending_dynamic_removal": "pending_dynamic_removal",
    "pending_active_hc": "pending_active_hc",
    "excluded_via_immediate_hc_fail": "excluded_via_immediate_hc_fail",
    "active_hc_timeout": "active_hc_timeout",
    "failed_degraded_outlier_detection": "degraded_outlier_detection",
}
_EDS_FLAGS = {
    "UNHEALTHY": "failed_eds_health",
    "TIMEOUT": "failed_eds_health",
    "DRAINING": "eds_status_draining",
    "DEGRADED": "degraded_eds_health",
}
_EDS_SILENT = frozenset({"HEALTHY", "UNKNOWN"})

_DECODER = msgspec.json.Decoder(_Cluster, strict=False)


def cluster_of_json(raw: msgspec.Raw, gaps: list[Gap]) -> ClusterStatus:
    """Decode one element of `cluster_statuses`.

    Args:
        raw: The element; its name is known to be readable.
        gaps: Is told of what is not understood.
    """
    name = msgspec.json.decode(raw, type=_Name).name
    try:
        wire = _DECODER.decode(raw)
    except msgspec.ValidationError as error:
        gaps.append(Gap(name, f"the hosts of a cluster could not be read: {error}"))
        return ClusterStatus(name=name)
    return ClusterStatus(
        name=name,
        added_via_api=wire.added_via_api,
        eds_service_name=wire.eds_service_name,
        observability_name=wire.observability_name,
        hosts=tuple(_host(name, host, gaps) for host in wire.host_statuses),
        circuit_breakers={
            limits.priority.lower(): {
                "max_connections": limits.max_connections,
                "max_pending_requests": limits.max_pending_requests,
                "max_requests": limits.max_requests,
                "max_retries": limits.max_retries,
            }
            for limits in wire.circuit_breakers.thresholds
        },
    )


class _Name(msgspec.Struct):
    name: str = ""


def _host(cluster: str, wire: _Host, gaps: list[Gap]) -> HostStatus:
    address = printed_address(wire.address)
    return HostStatus(
        address=address,
        hostname=wire.hostname,
        weight=wire.weight,
        priority=wire.priority,
        region=wire.locality.region,
        zone=wire.locality.zone,
        sub_zone=wire.locality.sub_zone,
        flags=_flags(f"{cluster}/{address}", wire.health_status, gaps),
        stats={stat.name: stat.value for stat in wire.stats},
        success_rate=wire.success_rate.value if wire.success_rate else None,
        local_origin_success_rate=(
            wire.local_origin_success_rate.value if wire.local_origin_success_rate else None
        ),
    )


def _flags(path: str, status: dict[str, bool | str], gaps: list[Gap]) -> frozenset[str]:
    flags = set()
    for key, value in status.items():
        if key == "eds_health_status":
            flag = _EDS_FLAGS.get(str(value))
            if flag is None and value not in _EDS_SILENT:
                gaps.append(Gap(path, f"an EDS health status that is not known: {value}"))
        else:
            flag = _FLAGS.get(key) if value is True else None
            if key not in _FLAGS:
                gaps.append(Gap(path, f"a health flag that is not known: {key}"))
        if flag is not None:
            flags.add(flag)
    return frozenset(flags)


def printed_address(wire: Address) -> str:
    """An address as Envoy prints it; "" where the form is unknown."""
    if wire.socket_address is not None:
        host = wire.socket_address.address
        host = f"[{host}]" if ":" in host else host
        return f"{host}:{wire.socket_address.port_value}"
    if wire.pipe is not None:
        return wire.pipe.path
    if wire.envoy_internal_address is not None:
        internal = wire.envoy_internal_address
        return f"envoy://{internal.server_listener_name}/{internal.endpoint_id}"
    return ""

"""What Envoy is asked to log of each decision, and a line of it.

Decision: every line carries the address of the connection's peer, which no header and no PROXY
header can change: by it the lines of one connection are told from all others.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from osmscope.oracle.json_tree import Json, typed

LogKind = Literal["http", "tcp", "listener"]

_FORMAT = {
    "peer": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
    "destination": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "filter_chain": "%FILTER_CHAIN_NAME%",
    "virtual_host": "%CEL(xds.virtual_host_name)%",
    "route": "%ROUTE_NAME%",
    "cluster": "%UPSTREAM_CLUSTER_RAW%",
    "endpoint": "%UPSTREAM_HOST%",
    "code": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "location": "%RESP(LOCATION)%",
    "termination": "%CONNECTION_TERMINATION_DETAILS%",
    "tls_failure": "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
}


class LogLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line; what Envoy has nothing to say of is None."""

    kind: LogKind
    peer: str | None = None
    destination: str | None = None
    filter_chain: str | None = None
    virtual_host: str | None = None
    route: str | None = None
    cluster: str | None = None
    endpoint: str | None = None
    code: int = 0
    flags: str | None = None
    details: str | None = None
    location: str | None = None
    termination: str | None = None
    tls_failure: str | None = None


def access_log(kind: LogKind, path: str) -> list[Json]:
    """Make the `access_log` of a listener, a connection manager or a `tcp_proxy`."""
    config = typed(
        "envoy.extensions.access_loggers.file.v3.FileAccessLog",
        path=path,
        log_format={"json_format": {"kind": kind, **_FORMAT}},
    )
    return [{"name": "osmscope", "typed_config": config}]


def read_line(line: bytes) -> LogLine:
    """Read a line of the log; `-` and "" become None."""
    fields = msgspec.json.decode(line, type=dict[str, object])
    said = {name: value for name, value in fields.items() if value not in (None, "", "-")}
    return msgspec.convert(said, LogLine, strict=False)

"""The one access log format of the mesh, on listeners, HTTP connection managers and TCP proxies.

It has the keys of OSM's own format and, beyond them, everything that tells a decision: chain,
virtual host, route, cluster, endpoint, how the connection ended, and the addresses by which the
lines of two sidecars are told to belong together.
"""

from __future__ import annotations

from typing import Literal

from tests.mesh.resources import Resource, typed

LogKind = Literal["http", "tcp", "listener"]

REQUEST_ID_HEADER = "x-mesh-request"

_OSM_FORMAT = {
    "start_time": "%START_TIME%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "protocol": "%PROTOCOL%",
    "response_code": "%RESPONSE_CODE%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "response_flags": "%RESPONSE_FLAGS%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "duration": "%DURATION%",
    "time_to_first_byte": "%RESPONSE_DURATION%",
    "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
    "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%",
    "user_agent": "%REQ(USER-AGENT)%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "authority": "%REQ(:AUTHORITY)%",
    "upstream_cluster": "%UPSTREAM_CLUSTER%",
    "upstream_host": "%UPSTREAM_HOST%",
}
_DECISIONS = {
    "filter_chain": "%FILTER_CHAIN_NAME%",
    "virtual_host": "%CEL(xds.virtual_host_name)%",
    "route": "%ROUTE_NAME%",
    "upstream_cluster_raw": "%UPSTREAM_CLUSTER_RAW%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
    "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "downstream_transport_failure_reason": "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
    "downstream_peer": "%DOWNSTREAM_PEER_DNS_SAN%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%",
    "mesh_request": f"%REQ({REQUEST_ID_HEADER.upper()})%",
}


def access_log(kind: LogKind) -> list[Resource]:
    """The ``access_log`` field; ``kind`` says in each line which of the three wrote it."""
    config = typed(
        "extensions.access_loggers.stream.v3.StdoutAccessLog",
        log_format={"json_format": {"logger": kind, **_OSM_FORMAT, **_DECISIONS}},
    )
    return [{"name": "envoy.access_loggers.stream", "typed_config": config}]

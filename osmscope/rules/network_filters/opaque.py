"""Network filters that ask somebody else, keep count, or run code.

What Envoy does: external authorization and a rate limit may close the connection; a proxy of a
protocol reads along and passes bytes on; Lua, Wasm and the like do what their program says.
Checked against Envoy 1.40.0. Not modelled: their verdicts; they are assumed to let the connection
go on unchanged.
"""

from osmscope.rules.network_filters.network_filter_result import NetworkFilterResult

_CONDITIONS = {
    "local_ratelimit": "has a token left for the connection",
    "ratelimit": "is told by its service that the connection is within the limit",
    "ext_authz": "is told by its service to allow the connection",
    "geoip": "only looks up where the client is",
    "mongo_proxy": "only reads along",
    "mysql_proxy": "only reads along",
    "postgres_proxy": "only reads along",
    "zookeeper_proxy": "only reads along",
    "kafka_broker": "only reads along",
}


def evaluate(name: str, type_name: str) -> NetworkFilterResult:
    """Let the connection go on, and name the condition.

    Args:
        name: The filter's name.
        type_name: The full name of its configuration's type; "" where the dump has none.
    """
    # envoy.extensions.filters.network.ext_authz.v3.ExtAuthz, or envoy.filters.network.ext_authz.
    parts = (*type_name.split("."), name.rpartition(".")[2])
    kind = next((part for part in parts if part in _CONDITIONS), None)
    label = kind or name or type_name
    condition = _CONDITIONS[kind] if kind is not None else "lets the connection go on unchanged"
    return NetworkFilterResult(
        assumptions=(f"the network filter {label} {condition}",),
        reason=f"{label} is taken to let it go on",
    )

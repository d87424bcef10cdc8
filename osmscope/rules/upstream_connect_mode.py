"""When a `tcp_proxy` connects to an endpoint.

What Envoy does: at once as a rule, and it reads the client's bytes only afterwards, so that a
filter before it that denies them comes too late. `ON_DOWNSTREAM_TLS_HANDSHAKE` waits for the
handshake of a chain that ends TLS, and reads while it connects; `ON_DOWNSTREAM_DATA` waits for
bytes that the filters before it let through. What ends before that has no cluster.
Checked against Envoy 1.40.0. Not modelled: clients that send nothing.
"""

import msgspec

from osmscope.resources.network_filters import TcpProxy

_RACE = "the endpoint is connected to before the client's first bytes are denied"


class Connecting(msgspec.Struct, frozen=True):
    """Whether a connection gets as far as a cluster."""

    connects: bool
    assumptions: tuple[str, ...] = ()


def connecting(config: TcpProxy, *, handshake_failed: bool, closed_on_data: bool) -> Connecting:
    """Tell whether an endpoint is connected to.

    Args:
        config: The filter's configuration; no filter before it closed the new connection.
        handshake_failed: Whether the chain ends TLS, and the handshake failed.
        closed_on_data: Whether a filter before it closes the connection upon its first bytes.
    """
    match config.upstream_connect_mode:
        case "ON_DOWNSTREAM_DATA":
            return Connecting(not handshake_failed and not closed_on_data)
        case "ON_DOWNSTREAM_TLS_HANDSHAKE":
            races = closed_on_data and not handshake_failed
            return Connecting(not handshake_failed, (_RACE,) if races else ())
        case _:
            return Connecting(True)

"""When tcp_proxy connects to an endpoint, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.network_filters import TcpProxy
from osmscope.rules.upstream_connect_mode import connecting

HANDSHAKE, DATA = "ON_DOWNSTREAM_TLS_HANDSHAKE", "ON_DOWNSTREAM_DATA"
RACE = ("the endpoint is connected to before the client's first bytes are denied",)


@pytest.mark.parametrize(
    ("mode", "handshake_failed", "closed_on_data", "connects", "assumptions"),
    [
        ("IMMEDIATE", False, True, True, ()),
        ("IMMEDIATE", True, False, True, ()),
        (HANDSHAKE, False, False, True, ()),
        (HANDSHAKE, False, True, True, RACE),
        (HANDSHAKE, True, False, False, ()),
        (HANDSHAKE, True, True, False, ()),
        (DATA, False, False, True, ()),
        (DATA, False, True, False, ()),
        (DATA, True, False, False, ()),
    ],
)
def test_what_each_mode_waits_for(
    mode: str,
    handshake_failed: bool,
    closed_on_data: bool,
    connects: bool,
    assumptions: tuple[str, ...],
) -> None:
    config = TcpProxy(upstream_connect_mode=mode)
    found = connecting(config, handshake_failed=handshake_failed, closed_on_data=closed_on_data)
    assert (found.connects, found.assumptions) == (connects, assumptions)

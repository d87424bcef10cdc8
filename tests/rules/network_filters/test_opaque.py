"""Network filters whose verdict a dump cannot tell."""

import pytest

from osmscope.rules.network_filters.opaque import evaluate

EXTENSION = "envoy.extensions.filters.network"


@pytest.mark.parametrize(
    ("name", "type_name", "assumption"),
    [
        (
            "authz",
            f"{EXTENSION}.ext_authz.v3.ExtAuthz",
            "the network filter ext_authz is told by its service to allow the connection",
        ),
        (
            "envoy.filters.network.local_ratelimit",
            "",
            "the network filter local_ratelimit has a token left for the connection",
        ),
        (
            "limit",
            f"{EXTENSION}.ratelimit.v3.RateLimit",
            "the network filter ratelimit is told by its service that the connection is within "
            "the limit",
        ),
        (
            "mysql",
            f"{EXTENSION}.mysql_proxy.v3.MySQLProxy",
            "the network filter mysql_proxy only reads along",
        ),
        (
            "my program",
            f"{EXTENSION}.wasm.v3.Wasm",
            "the network filter my program lets the connection go on unchanged",
        ),
        ("", "some.Type", "the network filter some.Type lets the connection go on unchanged"),
    ],
)
def test_it_is_assumed_to_let_the_connection_go_on(
    name: str, type_name: str, assumption: str
) -> None:
    result = evaluate(name, type_name)
    assert result.closed is None
    assert result.assumptions == (assumption,)
    assert "taken to let it go on" in result.reason

"""Which rule evaluates which filter."""

import pytest

from osmscope.resources.extension import Unsupported, decode_any
from osmscope.resources.http_filters.router import Router
from osmscope.rules.http_filters import opaque, rbac
from osmscope.rules.http_filters.registry import RULES, rule_of

FILTERS = "envoy.extensions.filters.http"


@pytest.mark.parametrize(
    "type_name",
    [
        f"{FILTERS}.rbac.v3.RBAC",
        f"{FILTERS}.cors.v3.Cors",
        f"{FILTERS}.fault.v3.HTTPFault",
        f"{FILTERS}.lua.v3.Lua",
        f"{FILTERS}.wasm.v3.Wasm",
        f"{FILTERS}.ext_authz.v3.ExtAuthz",
        f"{FILTERS}.compressor.v3.Compressor",
        "io.istio.http.peer_metadata.Config",
        "stats.PluginConfig",
    ],
)
def test_known_types_have_a_rule(type_name: str) -> None:
    config = decode_any(f'{{"@type": "type.googleapis.com/{type_name}"}}'.encode())
    assert RULES[type(config)] is not opaque.evaluate


def test_old_names_have_a_rule() -> None:
    assert RULES[type(decode_any(b"", name="envoy.filters.http.rbac"))] is rbac.evaluate


def test_unknown_types_are_opaque_and_the_router_has_no_rule() -> None:
    assert RULES[Unsupported] is opaque.evaluate
    assert Router not in RULES


def test_a_configuration_without_a_rule_is_evaluated_as_an_unknown_filter() -> None:
    assert rule_of(Router()) is opaque.evaluate
    config = decode_any(f'{{"@type": "type.googleapis.com/{FILTERS}.rbac.v3.RBAC"}}'.encode())
    assert rule_of(config) is rbac.evaluate

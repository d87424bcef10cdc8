"""The filter that holds others, as a table of what Envoy 1.40.0 does."""

import json

import msgspec
import pytest

from osmscope.resources.extension import decode_any
from osmscope.resources.http_filters.router import FilterChainConfig
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource, decode
from osmscope.resources.route import Route, RouteConfiguration
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_chain import running
from osmscope.rules.http_filters.filter_result import FilterContext
from osmscope.rules.http_filters.registry import rule_of

Fields = dict[str, object]
HTTP = "envoy.extensions.filters.http"
DENY: Fields = {"name": "deny", "typed_config": {"@type": f"t/{HTTP}.rbac.v3.RBAC", "rules": {}}}
ALLOW: Fields = {"name": "allow", "typed_config": {"@type": f"t/{HTTP}.rbac.v3.RBAC"}}
REPLACED = ALLOW | {"name": "deny"}
WITHOUT_RULES = {"@type": f"t/{HTTP}.rbac.v3.RBACPerRoute"}
OFF = {"@type": "t/envoy.config.route.v3.FilterConfig", "disabled": True}
PER_ROUTE = f"t/{HTTP}.filter_chain.v3.FilterChainConfigPerRoute"


def holds(*filters: Fields) -> Fields:
    return {"filters": list(filters)}


def denied(own: Resource, levels: tuple[Resource, ...] = (), route: Route | None = None) -> bool:
    request = Request(connection=Connection(), headers=Headers())
    config = (own, *levels)[-1]
    context = FilterContext(config=config, own_config=own, levels=levels, route=route)
    (result,) = running(rule_of)(request, context)
    return result.reply is not None


@pytest.mark.parametrize(
    ("own", "levels", "route", "expected"),
    [
        ({}, [], {}, False),
        ({"default_filter_chain": holds(DENY)}, [], {}, True),
        ({"default_filter_chain": holds(ALLOW, DENY)}, [], {}, True),
        ({"default_filter_chain": holds(DENY)}, [{"filter_chain": holds(ALLOW)}], {}, True),
        ({"default_filter_chain": holds(DENY)}, [{"filter_chain": holds(REPLACED)}], {}, False),
        ({"default_filter_chain": holds(ALLOW)}, [{}], {}, False),
        ({}, [{"filter_chain": holds(DENY)}], {}, True),
        ({}, [{"filter_chain": holds(DENY)}, {"filter_chain": holds(ALLOW)}], {}, True),
        ({}, [{"filter_chain": holds(ALLOW)}, {"filter_chain": holds(DENY)}], {}, True),
        ({"default_filter_chain": holds(DENY)}, [], {"deny": OFF}, True),
        ({"default_filter_chain": holds(DENY)}, [], {"deny": WITHOUT_RULES}, False),
        ({"default_filter_chain": holds(DENY)}, [], {"other": OFF}, True),
    ],
)
def test_which_filters_run(
    own: Fields, levels: list[Fields], route: Fields, expected: bool
) -> None:
    config = decode(FilterChainConfig, json.dumps(own).encode(), "test")
    bodies = [json.dumps({"@type": PER_ROUTE, **level}).encode() for level in levels]
    of_filters = {name: msgspec.Raw(json.dumps(body).encode()) for name, body in route.items()}
    found = denied(
        config, tuple(map(decode_any, bodies)), Route(typed_per_filter_config=of_filters)
    )
    assert found is expected


def test_another_configuration_does_nothing() -> None:
    assert not denied(Cors())


@pytest.mark.parametrize("has_route", [True, False])
def test_without_a_route_its_table_overrides_nothing(has_route: bool) -> None:
    own = decode(
        FilterChainConfig, json.dumps({"default_filter_chain": holds(DENY)}).encode(), "test"
    )
    override = {"deny": msgspec.Raw(json.dumps(WITHOUT_RULES).encode())}
    context = FilterContext(
        config=own,
        own_config=own,
        route=Route() if has_route else None,
        route_configuration=RouteConfiguration(typed_per_filter_config=override),
    )
    (result,) = running(rule_of)(Request(connection=Connection(), headers=Headers()), context)
    assert (result.reply is None) is has_route

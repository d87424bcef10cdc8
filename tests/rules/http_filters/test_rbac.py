"""The HTTP RBAC filter: 403 for what is denied, per route where the route says so."""

import pytest

from osmscope.resources.address import CidrRange
from osmscope.resources.endpoint import MetadataHolder
from osmscope.resources.matcher import (
    Matcher,
    MetadataMatcher,
    PathMatcher,
    PathSegment,
    StringMatcher,
    ValueMatcher,
)
from osmscope.resources.rbac import (
    HttpRbac,
    HttpRbacPerRoute,
    Permission,
    Policy,
    Principal,
    RbacRules,
    SourcedMetadata,
)
from osmscope.resources.resource import Opaque, Resource
from osmscope.resources.route import Route, RouteConfiguration
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.rbac import evaluate

REQUEST = Request(connection=Connection(), headers=Headers.of([(":path", "/a;x/b")]))
ANYONE = Principal(any=True)
DENY_ALL = HttpRbac(rules=RbacRules())
IGNORING = RouteConfiguration(ignore_path_parameters_in_path_matching=True)


def config(
    permission: Permission, action: str = "ALLOW", principal: Principal = ANYONE
) -> HttpRbac:
    policy = Policy(permissions=(permission,), principals=(principal,))
    return HttpRbac(rules=RbacRules(action=action, policies={"a b": policy}))


def run(
    config: Resource,
    route: Route | None = None,
    route_configuration: RouteConfiguration | None = None,
) -> FilterResult:
    context = FilterContext(
        config=config, own_config=config, route=route, route_configuration=route_configuration
    )
    (result,) = evaluate(REQUEST, context)
    return result


@pytest.mark.parametrize(
    ("used", "details"),
    [
        (HttpRbac(), None),
        (DENY_ALL, "rbac_access_denied_matched_policy[none]"),
        (config(Permission(any=True), "DENY"), "rbac_access_denied_matched_policy[a_b]"),
        (config(Permission(any=True)), None),
        (HttpRbacPerRoute(), None),
        (HttpRbacPerRoute(rbac=DENY_ALL), "rbac_access_denied_matched_policy[none]"),
        (Opaque(), None),
    ],
)
def test_denied_is_answered_with_403(used: Resource, details: str | None) -> None:
    result = run(used)
    assert result.assumptions == ()
    if details is None:
        assert result.reply is None
    else:
        assert result.reply is not None
        assert (result.reply.code, result.reply.details) == (403, details)


def test_path_parameters_are_ignored_only_with_a_route() -> None:
    used = config(Permission(url_path=PathMatcher(path=StringMatcher(exact="/a/b"))))
    assert run(used, Route(), IGNORING).reply is None
    assert run(used, None, IGNORING).reply is not None
    assert run(used, Route(), RouteConfiguration()).reply is not None


def test_metadata_of_the_route() -> None:
    matcher = MetadataMatcher(
        filter="ns", path=(PathSegment(key="k"),), value=ValueMatcher(present_match=True)
    )
    sourced = SourcedMetadata(metadata_matcher=matcher, metadata_source="ROUTE")
    used = config(Permission(sourced_metadata=sourced))
    route = Route(metadata=MetadataHolder(filter_metadata={"ns": {"k": 1}}))
    assert run(used, route, RouteConfiguration()).reply is None
    assert run(used, Route(), RouteConfiguration()).reply is not None


SOMEWHERE = Principal(source_ip=CidrRange(address_prefix="10.0.0.0", prefix_len=8))


def test_unknown_goes_on_with_an_assumption() -> None:
    result = run(config(Permission(any=True), principal=SOMEWHERE))
    assert result.reply is None
    assert result.assumptions == (
        "the RBAC filter allows the request (the source IP is not known)",
    )


def test_denied_for_sure_by_a_policy_that_is_not_sure() -> None:
    policies = {
        "a": Policy(permissions=(Permission(any=True),), principals=(SOMEWHERE,)),
        "b": Policy(permissions=(Permission(any=True),), principals=(ANYONE,)),
    }
    result = run(HttpRbac(rules=RbacRules(action="DENY", policies=policies)))
    assert result.reply is not None
    assert result.assumptions == (
        'the RBAC policy that denies is "b" (the source IP is not known)',
    )


ENFORCED, SHADOW = "enforced_engine_result", "shadow_engine_result"
NAMED = Policy(permissions=(Permission(any=True),), principals=(ANYONE,))


def rules(action: str, *names: str) -> RbacRules:
    return RbacRules(action=action, policies=dict.fromkeys(names, NAMED))


@pytest.mark.parametrize(
    ("used", "metadata", "hint"),
    [
        (HttpRbac(), None, None),
        (
            HttpRbac(rules=rules("ALLOW", "p q")),
            {ENFORCED: "allowed", "enforced_effective_policy_id": "p q"},
            None,
        ),
        (HttpRbac(rules=rules("ALLOW")), {ENFORCED: "denied"}, None),
        (
            HttpRbac(rules=rules("LOG", "p")),
            {ENFORCED: "allowed", "enforced_effective_policy_id": "p"},
            True,
        ),
        (HttpRbac(rules=rules("LOG")), {ENFORCED: "allowed"}, False),
        (HttpRbac(shadow_rules=rules("ALLOW")), {SHADOW: "denied"}, None),
        (
            HttpRbac(
                rules=rules("ALLOW", "p"),
                rules_stat_prefix="x_",
                shadow_rules=rules("DENY", "s"),
                shadow_rules_stat_prefix="y_",
            ),
            {
                f"x_{ENFORCED}": "allowed",
                "x_enforced_effective_policy_id": "p",
                f"y_{SHADOW}": "denied",
                "y_shadow_effective_policy_id": "s",
            },
            None,
        ),
        (HttpRbac(shadow_matcher=Matcher()), {SHADOW: "denied"}, None),
        (HttpRbac(matcher=Matcher()), {ENFORCED: "denied"}, None),
    ],
)
def test_what_rbac_leaves_in_the_metadata(
    used: HttpRbac, metadata: dict[str, str] | None, hint: bool | None
) -> None:
    found = run(used).request.metadata
    assert found.get("envoy.filters.http.rbac") == metadata
    assert found.get("envoy.common", {}).get("access_log_hint") is hint


def test_an_unknown_result_is_unknown_to_later_rules() -> None:
    request = run(config(Permission(any=True), principal=SOMEWHERE)).request
    assert request.opaque_filters == ("envoy.filters.http.rbac",)
    assert request.metadata == {"envoy.filters.http.rbac": {}}

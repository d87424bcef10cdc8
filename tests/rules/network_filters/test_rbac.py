"""The network RBAC filter: rules on requests never match a connection."""

from osmscope.resources.matcher import PathMatcher, StringMatcher
from osmscope.resources.rbac import NetworkRbac, Permission, Policy, Principal, RbacRules
from osmscope.rules.facts import Connection
from osmscope.rules.network_filters.rbac import evaluate
from osmscope.rules.rbac import details

ANYONE = (Principal(any=True),)
URL_PATH = Permission(url_path=PathMatcher(path=StringMatcher(prefix="/")))


def config(permission: Permission) -> NetworkRbac:
    policy = Policy(permissions=(permission,), principals=ANYONE)
    return NetworkRbac(rules=RbacRules(policies={"p": policy}))


def test_without_rules_everything_is_allowed() -> None:
    assert evaluate(NetworkRbac(), Connection()).outcome == "allowed"


def test_url_path_never_matches() -> None:
    verdict = evaluate(config(URL_PATH), Connection())
    assert verdict.outcome == "denied"
    assert details(verdict) == "rbac_access_denied_matched_policy[none]"


def test_the_negation_of_url_path_always_matches() -> None:
    assert evaluate(config(Permission(not_rule=URL_PATH)), Connection()).outcome == "allowed"

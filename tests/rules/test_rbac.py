"""RBAC's verdict, as a table of what Envoy 1.40.0 does."""

import json

import pytest

from osmscope.resources.rbac import HttpRbac
from osmscope.resources.resource import decode
from osmscope.rules.facts import Connection
from osmscope.rules.matcher_input import MatcherInputs
from osmscope.rules.rbac import RbacVerdict, details, evaluate

ANY = {"any": True}
PERMIT = {"permissions": [ANY], "principals": [ANY]}
WRONG_PORT = {"permissions": [{"destination_port": 81}]}
OTHER_PORT = {**WRONG_PORT, "principals": [ANY]}
TLS_ONLY = {"permissions": [ANY], "principals": [{"authenticated": {}}]}
FROM = {"permissions": [ANY], "principals": [{"source_ip": {"address_prefix": "10.0.0.0"}}]}
ID = {"select_expr": {"operand": {"ident_expr": {"name": "connection"}}, "field": "id"}}
CONDITION = {**PERMIT, "condition": ID}
TRUE = {"const_expr": {"bool_value": True}}
CEL_ID = "connection.id, which a CEL condition reads"
TYPE = "type.googleapis.com/"
SOURCE_IP = f"{TYPE}envoy.extensions.matching.common_inputs.network.v3.SourceIPInput"
PORT = f"{TYPE}envoy.extensions.matching.common_inputs.network.v3.DestinationPortInput"


def ask(config: dict[str, object]) -> RbacVerdict:
    rbac = decode(HttpRbac, json.dumps(config).encode(), "test")
    connection = Connection(destination_ip="10.0.0.1", destination_port=80)
    return evaluate(rbac, MatcherInputs(connection=connection))


def rules(action: str, **policies: object) -> dict[str, object]:
    return {"rules": {"action": action, "policies": policies}}


def action(name: str, kind: str) -> dict[str, object]:
    typed = {"@type": f"{TYPE}envoy.config.rbac.v3.Action", "name": name, "action": kind}
    return {"action": {"name": name, "typed_config": typed}}


def by_source(**actions: object) -> dict[str, object]:
    """A matcher whose input is not known."""
    source = {"name": "i", "typed_config": {"@type": SOURCE_IP}}
    return {"matcher_tree": {"input": source, "exact_match_map": {"map": actions}}}


def by_port(value: str, on_match: object) -> dict[str, object]:
    port = {"name": "i", "typed_config": {"@type": PORT}}
    return {"matcher_tree": {"input": port, "exact_match_map": {"map": {value: on_match}}}}


@pytest.mark.parametrize(
    ("config", "outcome", "policy"),
    [
        ({}, "allowed", "none"),
        ({"rules": {}}, "denied", "none"),
        (rules("ALLOW"), "denied", "none"),
        (rules("DENY"), "allowed", "none"),
        (rules("LOG"), "allowed", "none"),
        (rules("ALLOW", p=PERMIT), "allowed", "p"),
        (rules("ALLOW", p=OTHER_PORT), "denied", "none"),
        (rules("ALLOW", p=TLS_ONLY), "denied", "none"),
        (rules("DENY", p=PERMIT), "denied", "p"),
        (rules("DENY", p=OTHER_PORT), "allowed", "none"),
        (rules("LOG", p=PERMIT), "allowed", "p"),
        (rules("LOG", p=OTHER_PORT), "allowed", "none"),
        (rules("DENY", **{"zz": PERMIT, "aa b": PERMIT, "m": PERMIT}), "denied", "aa b"),
        (rules("DENY", b=PERMIT, B=PERMIT), "denied", "B"),
        (rules("DENY", **{"\U0001f600": PERMIT, "\uffee": PERMIT}), "denied", "\uffee"),
        (rules("ALLOW", p={"principals": [ANY]}), "denied", "none"),
        (rules("ALLOW", p={"permissions": [ANY]}), "denied", "none"),
    ],
)
def test_rules(config: dict[str, object], outcome: str, policy: str) -> None:
    verdict = ask(config)
    assert (verdict.outcome, verdict.policy) == (outcome, policy)
    assert not verdict.missing


@pytest.mark.parametrize(
    ("config", "outcome", "policy", "missing"),
    [
        (rules("ALLOW", a=FROM), "unknown", "none", "the source IP"),
        (rules("DENY", a=FROM), "unknown", "none", "the source IP"),
        (rules("LOG", a=FROM), "allowed", "none", ""),
        (rules("ALLOW", a=FROM, b=PERMIT), "allowed", "b", ""),
        (rules("DENY", a=FROM, b=PERMIT), "denied", "b", "the source IP"),
        (rules("DENY", a=PERMIT, b=FROM), "denied", "a", ""),
        (rules("ALLOW", a=CONDITION), "unknown", "none", CEL_ID),
        (rules("DENY", a=CONDITION, b=PERMIT), "denied", "b", CEL_ID),
        (rules("ALLOW", a={**PERMIT, "checked_condition": {"expr": TRUE}}), "allowed", "a", ""),
        (rules("ALLOW", a={**PERMIT, "condition": {"const_expr": {}}}), "denied", "none", ""),
        (rules("ALLOW", a={**TLS_ONLY, "condition": {}}), "denied", "none", ""),
        (rules("ALLOW", a={**FROM, **WRONG_PORT}), "denied", "none", ""),
        (rules("ALLOW", a={**FROM, "cel_config": {}}), "unknown", "none", "the source IP"),
    ],
)  # fmt: skip
def test_unknown_policies(
    config: dict[str, object], outcome: str, policy: str, missing: str
) -> None:
    verdict = ask(config)
    assert (verdict.outcome, verdict.policy, verdict.missing) == (outcome, policy, missing)


@pytest.mark.parametrize(
    ("config", "outcome", "policy"),
    [
        ({"matcher": {}}, "denied", "none"),
        ({"matcher": {}, **rules("ALLOW", p=PERMIT)}, "denied", "none"),
        ({"matcher": {"on_no_match": action("d", "ALLOW")}}, "allowed", "d"),
        ({"matcher": by_port("80", action("a", "DENY"))}, "denied", "a"),
        ({"matcher": by_port("80", action("a", "LOG"))}, "allowed", "a"),
        ({"matcher": by_port("81", action("a", "ALLOW"))}, "denied", "none"),
    ],
)
def test_matcher(config: dict[str, object], outcome: str, policy: str) -> None:
    verdict = ask(config)
    assert (verdict.outcome, verdict.policy) == (outcome, policy)
    assert not verdict.missing


ALLOW, DENY = action("a", "ALLOW"), action("d", "DENY")
UNKNOWN_ACTION = {"action": {"name": "x", "typed_config": {"@type": f"{TYPE}a.B"}}}


@pytest.mark.parametrize(
    ("matcher", "outcome", "policy", "missing"),
    [
        ({**by_source(x=ALLOW)}, "unknown", "none", "the source IP"),
        ({**by_source(x=ALLOW), "on_no_match": action("b", "ALLOW")}, "allowed", "b", ""),
        ({**by_source(x=DENY)}, "denied", "none", "the source IP"),
        ({**by_source(x=DENY), "on_no_match": DENY}, "denied", "d", ""),
        ({"on_no_match": UNKNOWN_ACTION}, "unknown", "none", "what the action 'x' means"),
        (
            {
                "matcher_tree": {
                    "input": {"typed_config": {"@type": PORT}},
                    "custom_match": {"typed_config": {"@type": f"{TYPE}a.B"}},
                }
            },
            "unknown",
            "none",
            "what the matcher a.B decides",
        ),
    ],
)
def test_unknown_matchers(
    matcher: dict[str, object], outcome: str, policy: str, missing: str
) -> None:
    verdict = ask({"matcher": matcher})
    assert (verdict.outcome, verdict.policy, verdict.missing) == (outcome, policy, missing)


def test_a_log_action_asks_for_the_log() -> None:
    assert ask(rules("LOG", p=PERMIT)).logged
    assert ask({"matcher": by_port("80", action("a", "LOG"))}).logged
    assert not ask(rules("ALLOW", p=PERMIT)).logged


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ("none", "rbac_access_denied_matched_policy[none]"),
        ("aa b", "rbac_access_denied_matched_policy[aa_b]"),
        ("a b\tc", "rbac_access_denied_matched_policy[a_b_c]"),
    ],
)
def test_details(policy: str, text: str) -> None:
    assert details(RbacVerdict(outcome="denied", policy=policy)) == text


def test_the_verdict_tells_who_lost_and_why() -> None:
    verdict = ask(rules("ALLOW", a=TLS_ONLY, b=OTHER_PORT, c=PERMIT))
    assert [(name, match.reason) for name, match in verdict.losers] == [
        ("a", "the connection is not TLS"),
        ("b", "destination port 80 is not 81"),
    ]
    assert verdict.reason == 'policy "c" fits: anything is permitted and anyone is meant'
    assert verdict.consulted == (
        "rules.policies['c'].permissions[0].any",
        "rules.policies['c'].principals[0].any",
    )

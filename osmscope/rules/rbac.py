"""Role based access control.

What Envoy does: `matcher`, where it is set, hides `rules`; without either everything is allowed.
Policies are tried in byte order of their names and the first that fits decides: under ALLOW it
allows and nothing else does, under DENY it denies and nothing else does, LOG always allows. A
policy fits where any permission, any principal and the condition do. A matcher that finds no
action denies. A denial names its policy, blanks replaced by `_`, or `none`.
Checked against Envoy 1.40.0. Not modelled: of CEL conditions what `cel` leaves out.

An unknown policy leaves the verdict certain where a later one decides alike.
"""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from osmscope.resources.extension import decode_extension
from osmscope.resources.matcher import Matcher, TypedExtensionConfig
from osmscope.resources.rbac import HttpRbac, NetworkRbac, Policy, RbacAction, RbacRules
from osmscope.rules import matcher_tree
from osmscope.rules.cel import match_cel
from osmscope.rules.matcher_input import MatcherInputs
from osmscope.rules.rbac_permission import match_permission
from osmscope.rules.rbac_principal import match_principal
from osmscope.rules.result import Match, Outcome, any_of, matched, missed

Verdict = Literal["allowed", "denied", "unknown"]

_BLANK = re.compile(r"[ \t\n\v\f\r]")
_NO_PERMISSION = missed("the policy has no permission", "permissions")
_NO_PRINCIPAL = missed("the policy has no principal", "principals")


class RbacVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What RBAC decides."""

    outcome: Verdict
    policy: str = "none"
    """The policy that decided; `none` where none fits."""
    reason: str = ""
    """Why, in words."""
    consulted: tuple[str, ...] = ()
    """The fields that decided."""
    losers: tuple[tuple[str, Match], ...] = ()
    """The policies that were tried before, and why they do not fit."""
    missing: str = ""
    """The fact that is not known and decides the outcome, or only which policy denies."""
    logged: bool = False
    """Whether a LOG action asks for the request to be logged."""


ALLOWED = RbacVerdict(outcome="allowed", reason="RBAC has no rules")
"""Neither rules nor a matcher."""


def details(verdict: RbacVerdict) -> str:
    """Return the response code details, or the termination details, of a denial."""
    return f"rbac_access_denied_matched_policy[{_BLANK.sub('_', verdict.policy)}]"


def evaluate(config: HttpRbac | NetworkRbac, inputs: MatcherInputs) -> RbacVerdict:
    """Decide by a filter's configuration.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    if config.matcher is not None:
        return evaluate_matcher(config.matcher, inputs)
    return ALLOWED if config.rules is None else evaluate_rules(config.rules, inputs)


def evaluate_rules(rules: RbacRules, inputs: MatcherInputs) -> RbacVerdict:
    """Decide by policies.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    losers: list[tuple[str, Match]] = []
    missing = ""
    for name in sorted(rules.policies):  # Code points sort as the bytes of UTF-8 do.
        match = match_policy(rules.policies[name], inputs)
        if match.is_match:
            return RbacVerdict(
                outcome="denied" if rules.action == "DENY" else "allowed",
                policy=name,
                reason=f'policy "{name}" fits: {match.reason}',
                consulted=match.within(f"rules.policies[{name!r}]").consulted,
                losers=tuple(losers),
                missing=missing if rules.action == "DENY" else "",
                logged=rules.action == "LOG",
            )
        missing = missing or match.missing
        losers.append((name, match))
    return _without_policy(rules.action, tuple(losers), missing)


def _without_policy(
    action: str, losers: tuple[tuple[str, Match], ...], missing: str
) -> RbacVerdict:
    count = f"none of the {len(losers)} {action} policies fits"
    if missing and action != "LOG":
        reason = f"{missing} is not known, on which a policy depends"
        return RbacVerdict(outcome="unknown", reason=reason, losers=losers, missing=missing)
    return RbacVerdict(
        outcome="denied" if action == "ALLOW" else "allowed",
        reason=count if losers else f"there is no {action} policy",
        consulted=("rules.policies",),
        losers=losers,
    )


def match_policy(policy: Policy, inputs: MatcherInputs) -> Match:
    """Put a connection, and perhaps a request, to a policy.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    parts: list[Match] = []
    for part in _parts(policy, inputs):
        if part.outcome is Outcome.NO_MATCH:
            return part
        parts.append(part)
    for part in parts:
        if part.is_unknown:
            return part
    reason = " and ".join(part.reason for part in parts)
    return matched(reason, *(field for part in parts for field in part.consulted))


def _parts(policy: Policy, inputs: MatcherInputs) -> Iterator[Match]:
    yield any_of(
        (
            match_permission(permission, inputs).within(f"permissions[{index}]")
            for index, permission in enumerate(policy.permissions)
        ),
        _NO_PERMISSION,
    )
    yield any_of(
        (
            match_principal(principal, inputs).within(f"principals[{index}]")
            for index, principal in enumerate(policy.principals)
        ),
        _NO_PRINCIPAL,
    )
    condition = policy.condition
    if condition is None and policy.checked_condition is not None:
        condition = policy.checked_condition.expr
    if condition is not None:
        yield match_cel(condition, inputs, policy.cel_config).within("condition")


def evaluate_matcher(matcher: Matcher, inputs: MatcherInputs) -> RbacVerdict:
    """Decide by a matcher whose actions are RBAC's.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    result = matcher_tree.evaluate(matcher, inputs)
    reason = "; ".join(result.trail)
    if not result.missing:
        return msgspec.structs.replace(_by_action(result.action), reason=reason)
    verdicts = [_by_action(action) for action in result.possible]
    outcomes = {verdict.outcome for verdict in verdicts}
    if len(outcomes) != 1:
        return RbacVerdict(outcome="unknown", reason=reason, missing=result.missing)
    missing = result.missing if outcomes == {"denied"} else ""
    return msgspec.structs.replace(verdicts[-1], reason=reason, missing=missing)


def _by_action(config: TypedExtensionConfig | None) -> RbacVerdict:
    if config is None:
        return RbacVerdict(outcome="denied", consulted=("matcher",))
    action = decode_extension(config)
    if not isinstance(action, RbacAction):
        return RbacVerdict(outcome="unknown", missing=f"what the action {config.name!r} means")
    return RbacVerdict(
        outcome="denied" if action.action == "DENY" else "allowed",
        policy=action.name,
        consulted=("matcher",),
        logged=action.action == "LOG",
    )

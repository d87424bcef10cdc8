"""The HTTP filter `envoy.filters.http.jwt_authn`.

What Envoy does: the route's `requirement_name`, else the first rule whose match fits, else
`filter_state_rules` says what tokens a request needs. What fails is answered with 401 and Envoy's
message, or with 403 where the audience is wrong. Headers that only this filter may set are taken
out of every request, whatever is required of it.
Checked against Envoy 1.40.0. Not modelled: signatures, which are assumed to be valid, and what
`jwt_claims` and `jwt_requirement` leave out.
"""

from __future__ import annotations

from osmscope.resources.http_filters.authentication import (
    JwtAuthentication,
    JwtPerRouteConfig,
    JwtRequirement,
)
from osmscope.rules.facts import Request
from osmscope.rules.filter_state import filter_state_text
from osmscope.rules.http_filters import jwt_forwarding
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.jwt_claims import WRONG_AUDIENCE
from osmscope.rules.http_filters.jwt_requirement import Verification
from osmscope.rules.http_filters.outcome import answered, goes_on
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.route_match import match_route

_NOTHING = JwtRequirement()


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the JWT filter.

    Raises:
        DumpError: RE2 refuses an expression, or a duration cannot be read.
    """
    own = context.own_config
    per_route = context.config
    if not isinstance(own, JwtAuthentication):
        return goes_on(request)
    request = request.with_headers(jwt_forwarding.sanitize(own.providers, request.headers))
    if own.bypass_cors_preflight and _is_preflight(request):
        return goes_on(request, "preflights need no token", "bypass_cors_preflight")
    if isinstance(per_route, JwtPerRouteConfig):
        if per_route.disabled:
            return goes_on(request, "disabled by its per-route configuration", "disabled")
        name = per_route.requirement_name
        if name:
            return _by_name(own, name, request, context)
    return _by_rules(own, request, context)


def _is_preflight(request: Request) -> bool:
    headers = request.headers
    return bool(
        request.method == "OPTIONS"
        and headers.first("origin")
        and headers.first("access-control-request-method")
    )


def _by_name(
    own: JwtAuthentication, name: str, request: Request, context: FilterContext
) -> tuple[FilterResult, ...]:
    requirement = own.requirement_map.get(name)
    if requirement is None:
        known = ",".join(sorted(own.requirement_map))
        words = f"Wrong requirement_name: {name}. It should be one of [{known}]"
        return answered(request, _reply(403, words), "requirement_name")
    return _verified(own, requirement, request, context)


def _by_rules(
    own: JwtAuthentication, request: Request, context: FilterContext
) -> tuple[FilterResult, ...]:
    for rule in own.rules:
        if match_route(rule.match, request, False).match.is_match:
            requirement = rule.requires or _NOTHING
            if rule.requirement_name:
                requirement = own.requirement_map.get(rule.requirement_name, _NOTHING)
            return _verified(own, requirement, request, context)
    by_state = own.filter_state_rules
    if by_state is None:
        return goes_on(request, "no rule requires a token", "rules")
    state = filter_state_text(by_state.name, request)
    if state.missing:
        words = f"no token is required ({state.missing} is not known)"
        return (FilterResult(request=request, assumptions=(words,), reason=words),)
    requirement = by_state.requires.get(state.text or "", _NOTHING)
    return _verified(own, requirement, request, context)


def _verified(
    own: JwtAuthentication, requirement: JwtRequirement, request: Request, context: FilterContext
) -> tuple[FilterResult, ...]:
    verification = Verification(own, request, lambda name: context.cluster_health(name) is not None)
    problem = verification.verify(requirement)
    reply = _reply(403 if problem == WRONG_AUDIENCE else 401, problem) if problem else None
    accepted = " and ".join(verification.accepted)
    words = f"the token for {accepted} is accepted" if accepted else "no token is required"
    return (
        FilterResult(
            request=verification.request,
            reply=reply,
            assumptions=verification.assumptions,
            clears_route_cache=verification.clears_route_cache and reply is None,
            reason=problem or words,
            consulted=("rules",),
        ),
    )


def _reply(code: int, message: str) -> LocalReply:
    details = f"jwt_authn_access_denied{{{message.replace(' ', '_')}}}"
    return LocalReply(code=code, details=details, reason=message)

"""JSON web tokens.

What Envoy does: the route's `requirement_name`, else the first rule whose match fits, says which
providers' tokens a request needs. Without a token the answer is 401 `Jwt is missing`; one without
three sections is refused as well. A token that is verified is taken out of the request unless
`forward`; its payload may go into a header or the metadata.
Checked against Envoy 1.40.0. Not modelled: signatures, issuers, audiences and times: a token of
the right form is assumed to be valid; requirements by filter state.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.http_filters.authentication import (
    JwtAuthentication,
    JwtPerRouteConfig,
    JwtProvider,
    JwtRequirement,
)
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.jwt_token import find_tokens, is_well_formed, payload, strip_token
from osmscope.rules.http_filters.outcome import answered, goes_on
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.route_match import match_route

NAMESPACE = "envoy.filters.http.jwt_authn"
_MISSING = "Jwt is missing"
_MALFORMED = "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"


class _Verdict(msgspec.Struct, frozen=True):
    """What a requirement makes of a request."""

    problem: str = ""
    """Envoy's message, where it fails."""
    providers: tuple[str, ...] = ()
    """Whose tokens are there and have to be assumed to be valid."""


_PASSED = _Verdict()


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the JWT filter.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    own = context.own_config
    per_route = context.config
    if not isinstance(own, JwtAuthentication):
        return goes_on(request)
    if own.bypass_cors_preflight and _is_preflight(request):
        return goes_on(request, "preflights need no token", "bypass_cors_preflight")
    name = ""
    if isinstance(per_route, JwtPerRouteConfig):
        if per_route.disabled:
            return goes_on(request, "disabled by its per-route configuration", "disabled")
        name = per_route.requirement_name
        if name and name not in own.requirement_map:
            known = ",".join(sorted(own.requirement_map))
            words = f"Wrong requirement_name: {name}. It should be one of [{known}]"
            return answered(request, _reply(403, words), "requirement_name")
    requirement = own.requirement_map[name] if name else _by_rules(own, request)
    if requirement is None:
        return goes_on(request, "no rule requires a token", "rules")
    verdict = _verdict(own, requirement, request)
    if verdict.problem:
        return answered(request, _reply(401, verdict.problem), "rules")
    if not verdict.providers:
        return goes_on(request, "no token is required", "rules")
    return _accepted(own, verdict.providers, request)


def _is_preflight(request: Request) -> bool:
    headers = request.headers
    return bool(
        request.method == "OPTIONS"
        and headers.first("origin")
        and headers.first("access-control-request-method")
    )


def _by_rules(own: JwtAuthentication, request: Request) -> JwtRequirement | None:
    for rule in own.rules:
        if match_route(rule.match, request, False).match.is_match:
            if rule.requirement_name:
                return own.requirement_map.get(rule.requirement_name)
            return rule.requires
    return None


def _verdict(own: JwtAuthentication, requirement: JwtRequirement, request: Request) -> _Verdict:
    if requirement.requires_any is not None:
        return _any(own, requirement.requires_any.requirements, request)
    if requirement.requires_all is not None:
        return _all(own, requirement.requires_all.requirements, request)
    if requirement.allow_missing is not None:
        verdict = _any(own, tuple(JwtRequirement(provider_name=n) for n in own.providers), request)
        return _PASSED if verdict.problem in ("", _MISSING) and not verdict.providers else verdict
    audiences = requirement.provider_and_audiences
    name = audiences.provider_name if audiences is not None else requirement.provider_name
    if not name:
        return _PASSED
    tokens = [t.value for t in find_tokens(own.providers.get(name, JwtProvider()), request)]
    if not tokens:
        return _Verdict(_MISSING)
    if not all(is_well_formed(token) for token in tokens):
        return _Verdict(_MALFORMED)
    return _Verdict(providers=(name,))


def _any(
    own: JwtAuthentication, requirements: tuple[JwtRequirement, ...], request: Request
) -> _Verdict:
    verdicts = [_verdict(own, requirement, request) for requirement in requirements]
    for verdict in sorted(verdicts, key=lambda v: bool(v.providers)):
        if not verdict.problem:
            return verdict
    bad = (v for v in verdicts if v.problem != _MISSING)
    return next(bad, _Verdict(_MISSING))


def _all(
    own: JwtAuthentication, requirements: tuple[JwtRequirement, ...], request: Request
) -> _Verdict:
    providers: tuple[str, ...] = ()
    for requirement in requirements:
        verdict = _verdict(own, requirement, request)
        if verdict.problem:
            return verdict
        providers += verdict.providers
    return _Verdict(providers=providers)


def _accepted(
    own: JwtAuthentication, names: tuple[str, ...], request: Request
) -> tuple[FilterResult, ...]:
    clears = False
    names = tuple(dict.fromkeys(names))
    tokens = {name: find_tokens(own.providers[name], request)[0] for name in names}
    for name, token in tokens.items():
        provider = own.providers[name]
        if provider.payload_in_metadata:
            values = {**request.metadata.get(NAMESPACE, {})}
            values[provider.payload_in_metadata] = payload(token.value)
            metadata = {**request.metadata, NAMESPACE: values}
            request = msgspec.structs.replace(request, metadata=metadata)
        headers = request.headers
        if provider.forward_payload_header:
            section = token.value.split(".")[1]
            headers = headers.set(provider.forward_payload_header, section)
        if not provider.forward:
            headers = strip_token(token, headers)
        request = request.with_headers(headers)
        clears = clears or provider.clear_route_cache
    words = f"the token for {' and '.join(names)} is valid"
    return (
        FilterResult(
            request=request, assumptions=(words,), reason=words, clears_route_cache=clears
        ),
    )


def _reply(code: int, message: str) -> LocalReply:
    details = f"jwt_authn_access_denied{{{message.replace(' ', '_')}}}"
    return LocalReply(code=code, details=details, reason=message)

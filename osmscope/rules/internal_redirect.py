"""Internal redirects: redirects of the endpoint that Envoy follows by itself.

What Envoy does: a response whose code is listed (302 unless others are) and whose `location` is an
absolute URL is not passed on; the request is routed again to that URL, a limited number of times
(once, unless said), unless a predicate refuses; another scheme is refused unless it is allowed.
What finds no route, or one that does not forward, passes the redirect on to the client.
Checked against Envoy 1.40.0. Not modelled: what the endpoint answers, and so where it leads.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.route import RouteAction
from osmscope.resources.route_policies import InternalRedirectPolicy

_DEFAULT_CODE = 302
_FOLLOWED = frozenset({301, 302, 303, 307, 308})
_OLD_ACTION = "HANDLE_INTERNAL_REDIRECT"


class InternalRedirects(msgspec.Struct, frozen=True, kw_only=True):
    """Which redirects are followed."""

    codes: tuple[int, ...]
    most: int
    """How many, one after the other."""
    details: tuple[str, ...] = ()
    """Further conditions, as clauses."""


def internal_redirects(action: RouteAction) -> InternalRedirects | None:
    """Tell which redirects of the endpoint a route follows; None for none."""
    policy = action.internal_redirect_policy
    if policy is None:
        if action.internal_redirect_action != _OLD_ACTION:
            return None
        policy = InternalRedirectPolicy(max_internal_redirects=action.max_internal_redirects)
    listed = policy.redirect_response_codes or (_DEFAULT_CODE,)
    codes = tuple(code for code in listed if code in _FOLLOWED)
    most = 1 if policy.max_internal_redirects is None else policy.max_internal_redirects
    if not most or not codes:
        return None
    details = [f"unless {predicate.name} refuses" for predicate in policy.predicates]
    if policy.allow_cross_scheme_redirect:
        details.append("also to another scheme")
    if policy.response_headers_to_copy:
        details.append(f"with the response's {', '.join(policy.response_headers_to_copy)}")
    return InternalRedirects(codes=codes, most=most, details=tuple(details))

"""The HTTP filter `envoy.filters.http.rbac`.

What Envoy does: a request that is denied is answered with 403 and RBAC's details; it need not have
a route. A per-route configuration replaces the filter's own, and one without `rbac` turns it off.
Path parameters are ignored where the table of the request's route says so; without a route they
count. Checked against Envoy 1.40.0. Not modelled: shadow rules; the dynamic metadata that RBAC
leaves.
"""

from osmscope.resources.rbac import HttpRbac, HttpRbacPerRoute
from osmscope.resources.resource import Resource
from osmscope.rules import rbac
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.matcher_input import MatcherInputs


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Decide whether a request may go on.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    config = _effective(context.config)
    if config is None:
        return (FilterResult(request=request, reason="RBAC is off for this route"),)
    verdict = rbac.evaluate(config, _inputs(request, context))
    if verdict.outcome == "denied":
        return (_denied(request, verdict),)
    assumptions: tuple[str, ...] = ()
    if verdict.outcome == "unknown":
        assumptions = (f"the RBAC filter allows the request ({verdict.missing} is not known)",)
    return (
        FilterResult(
            request=request,
            assumptions=assumptions,
            reason=f"RBAC lets the request pass: {verdict.reason}",
            consulted=verdict.consulted,
        ),
    )


def _effective(config: Resource) -> HttpRbac | None:
    if isinstance(config, HttpRbacPerRoute):
        return config.rbac
    return config if isinstance(config, HttpRbac) else None


def _inputs(request: Request, context: FilterContext) -> MatcherInputs:
    route, table = context.route, context.route_configuration
    if route is None or table is None:
        return MatcherInputs(connection=request.connection, request=request)
    return MatcherInputs(
        connection=request.connection,
        request=request,
        route_metadata=route.metadata.filter_metadata,
        ignore_path_parameters=table.ignore_path_parameters_in_path_matching,
    )


def _denied(request: Request, verdict: rbac.RbacVerdict) -> FilterResult:
    assumptions: tuple[str, ...] = ()
    if verdict.missing:
        assumptions = (
            f'the RBAC policy that denies is "{verdict.policy}" ({verdict.missing} is not known)',
        )
    details = rbac.details(verdict)
    reply = LocalReply(code=403, details=details, reason=f"RBAC denies it: {verdict.reason}")
    return FilterResult(
        request=request,
        reply=reply,
        assumptions=assumptions,
        reason=reply.reason,
        consulted=verdict.consulted,
    )

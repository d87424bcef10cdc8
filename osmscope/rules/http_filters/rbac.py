"""The HTTP filter `envoy.filters.http.rbac`.

What Envoy does: a request that is denied is answered with 403 and RBAC's details; it need not have
a route. A per-route configuration replaces the filter's own, and one without `rbac` turns it off.
Path parameters are ignored where the table of the request's route says so; without a route they
count. Rules and shadow rules, which never deny, leave their results in the dynamic metadata.
Checked against Envoy 1.40.0. Not modelled: what an unknown verdict leaves in the metadata.
"""

import msgspec

from osmscope.resources.rbac import HttpRbac, HttpRbacPerRoute
from osmscope.resources.resource import Resource
from osmscope.rules import rbac
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.matcher_input import Chosen, MatcherInputs

_NAMESPACE = "envoy.filters.http.rbac"
_COMMON = "envoy.common"


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Decide whether a request may go on.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    config = _effective(context.config)
    if config is None:
        return (FilterResult(request=request, reason="RBAC is off for this route"),)
    inputs = _inputs(request, context)
    verdict = rbac.evaluate(config, inputs)
    request = _with_metadata(request, config, verdict, inputs)
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


def _with_metadata(
    request: Request, config: HttpRbac, verdict: rbac.RbacVerdict, inputs: MatcherInputs
) -> Request:
    """Leave the results; an unknown one makes this filter one that nobody can evaluate."""
    values: dict[str, object] = {}
    if config.shadow_rules is not None or config.shadow_matcher is not None:
        shadow = HttpRbac(rules=config.shadow_rules, matcher=config.shadow_matcher)
        found = rbac.evaluate(shadow, inputs)
        values |= _results(f"{config.shadow_rules_stat_prefix}shadow", found)
    metadata = {**request.metadata}
    if config.rules is not None or config.matcher is not None:
        values |= _results(f"{config.rules_stat_prefix}enforced", verdict)
        logs = config.matcher is None and config.rules is not None and config.rules.action == "LOG"
        if logs or verdict.logged:
            common = {**metadata.get(_COMMON, {}), "access_log_hint": verdict.logged}
            metadata[_COMMON] = common
    if not values:
        return request
    opaque_filters = request.opaque_filters
    if None in values.values():
        opaque_filters = (*opaque_filters, _NAMESPACE)
        values = {key: value for key, value in values.items() if value is not None}
    metadata[_NAMESPACE] = {**metadata.get(_NAMESPACE, {}), **values}
    return msgspec.structs.replace(request, metadata=metadata, opaque_filters=opaque_filters)


def _results(prefix: str, verdict: rbac.RbacVerdict) -> dict[str, object]:
    known = verdict.outcome != "unknown"
    results: dict[str, object] = {f"{prefix}_engine_result": verdict.outcome if known else None}
    if verdict.policy != "none":
        results[f"{prefix}_effective_policy_id"] = verdict.policy
    return results


def _inputs(request: Request, context: FilterContext) -> MatcherInputs:
    route, table = context.route, context.route_configuration
    chosen = _chosen(context)
    if route is None or table is None:
        return MatcherInputs(connection=request.connection, request=request, chosen=chosen)
    return MatcherInputs(
        connection=request.connection,
        request=request,
        chosen=chosen,
        route_metadata=route.metadata.filter_metadata,
        ignore_path_parameters=table.ignore_path_parameters_in_path_matching,
    )


def _chosen(context: FilterContext) -> Chosen:
    cluster = context.cluster
    exists = cluster is not None and context.cluster_health(cluster) is not None
    return Chosen(
        route_name=context.route.name if context.route is not None else None,
        virtual_host_name=context.virtual_host.name if context.virtual_host is not None else None,
        cluster_name=cluster if exists else None,
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

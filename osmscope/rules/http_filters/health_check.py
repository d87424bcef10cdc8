"""Health checks that the proxy answers for its application.

What Envoy does: a request that fits `headers` is answered with 200 unless `pass_through_mode`.
With `cluster_min_healthy_percentages` each of these clusters has to exist and have that share of
its endpoints healthy, else the answer is 503 with the flag LH.
Checked against Envoy 1.40.0. Not modelled: an Envoy that is told to fail health checks, or drains;
cached answers of `pass_through_mode`, whose absence is an assumption.
"""

from __future__ import annotations

from osmscope.resources.http_filters.traffic import HealthCheck
from osmscope.rules.facts import Request
from osmscope.rules.header import match_headers
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import answered, assumed, goes_on
from osmscope.rules.local_reply import LocalReply


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the health check filter.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    config = context.config
    if not isinstance(config, HealthCheck):
        return goes_on(request)
    match = match_headers(config.headers, request.headers)
    if not match.is_match:
        return goes_on(request, f"not a health check: {match.reason}", *match.consulted)
    if config.pass_through_mode:
        if config.cache_time is None:
            return goes_on(request, "health checks are passed through", "pass_through_mode")
        words = f"the health check is the first one within {config.cache_time}: none is cached"
        return assumed(request, words)
    return answered(request, _reply(config, context), *match.consulted)


def _reply(config: HealthCheck, context: FilterContext) -> LocalReply:
    for name, percent in config.cluster_min_healthy_percentages.items():
        health = context.cluster_health(name)
        if health is None:
            return _failed("no_cluster_found", f'there is no cluster "{name}"')
        healthy, total = health
        if total == 0:
            if percent.value > 0:
                return _failed("cluster_empty", f'cluster "{name}" has no endpoints')
        elif 100 * healthy < percent.value * total:
            words = f'{healthy} of {total} endpoints of "{name}" are healthy'
            return _failed("cluster_unhealthy", words)
    suffix = "_cluster_healthy" if config.cluster_min_healthy_percentages else ""
    words = "the request is a health check, which is answered"
    return LocalReply(code=200, details=f"health_check_ok{suffix}", reason=words)


def _failed(details: str, reason: str) -> LocalReply:
    return LocalReply(
        code=503, flags=("LH",), details=f"health_check_failed_{details}", reason=reason
    )

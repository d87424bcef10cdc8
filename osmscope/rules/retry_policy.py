"""The retries of a request: when another try is made, and how many.

What Envoy does: a cluster's own policy replaces the route's, which replaces the virtual host's;
they are never merged. `x-envoy-retry-on` and `x-envoy-retry-grpc-on`, which only internal requests
still have, add conditions, and are enough without any policy; `x-envoy-max-retries` replaces the
number, which is 1 unless it is given. Without any condition, or where none of
`retriable_request_headers` matches, nothing is retried. The runtime key `upstream.use_retry` is the
percentage of retries that are made. Concurrent retries are limited by the circuit breaker's
`max_retries`, or by its budget. Unknown conditions are ignored. Checked against Envoy 1.40.0.
Not modelled: what the endpoint will answer, and so whether a retry happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from osmscope.resources.cluster import Cluster, http_protocol_options
from osmscope.resources.route_policies import RetryPolicy
from osmscope.rules.circuit_breaker import limits_of
from osmscope.rules.facts import Headers
from osmscope.rules.header import match_header
from osmscope.rules.runtime_value import whole_number
from osmscope.rules.upstream_request import Forwarding

_DEFAULT_RETRIES = 1
_ALL = 100
_USED = "upstream.use_retry"

HTTP_CONDITIONS = frozenset({
    "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "envoy-ratelimited",
    "retriable-4xx", "refused-stream", "retriable-status-codes", "retriable-headers",
    "http3-post-connect-failure",
})  # fmt: skip
GRPC_CONDITIONS = frozenset({
    "cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
})  # fmt: skip


class Retries(msgspec.Struct, frozen=True, kw_only=True):
    """How a request would be retried."""

    conditions: tuple[str, ...] = ()
    """What is retried, in Envoy's words; empty where nothing is."""
    most: int = 0
    """How many retries there may be after the first try."""
    source: str = ""
    """Whose policy counts."""
    none_because: str = ""
    """Why nothing is retried though there is a policy."""
    details: tuple[str, ...] = ()
    """The rest of the policy, as clauses."""


def retries_of(
    forwarding: Forwarding, cluster: Cluster, steering: Headers, runtime: Mapping[str, object]
) -> Retries:
    """Tell how a request would be retried.

    Args:
        forwarding: What decides how it is forwarded.
        cluster: Its cluster.
        steering: Its headers after the route's changes, with those that steer retries.
        runtime: Runtime keys that are set.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    policy, source = _policy(forwarding, cluster)
    conditions = tuple(_conditions(policy, steering))
    if not conditions:
        given = policy.retry_on or policy.num_retries is not None
        because = f"{source} has no condition that Envoy knows" if given else ""
        return Retries(source=source, none_because=because)
    because = _hindrance(policy, steering, runtime)
    if because:
        return Retries(source=source, none_because=because)
    return Retries(
        conditions=conditions,
        most=_most(policy, steering),
        source=source,
        details=tuple(_details(policy, forwarding, cluster, runtime)),
    )


def _policy(forwarding: Forwarding, cluster: Cluster) -> tuple[RetryPolicy, str]:
    options = http_protocol_options(cluster)
    of_cluster = None if options is None else options.retry_policy
    for policy, source in (
        (of_cluster, "the cluster's policy"),
        (forwarding.action.retry_policy, "the route's policy"),
        (forwarding.virtual_host.retry_policy, "the virtual host's policy"),
    ):
        if policy is not None:
            return policy, source
    return RetryPolicy(), "the request's headers"


def _conditions(policy: RetryPolicy, headers: Headers) -> Iterator[str]:
    found: dict[str, None] = {}
    for text, known in (
        (policy.retry_on, HTTP_CONDITIONS | GRPC_CONDITIONS),
        (headers.first("x-envoy-retry-on"), HTTP_CONDITIONS),
        (headers.first("x-envoy-retry-grpc-on"), GRPC_CONDITIONS),
    ):
        tokens = (token.strip() for token in (text or "").split(","))
        found.update(dict.fromkeys(token for token in tokens if token in known))
    yield from found


def _hindrance(policy: RetryPolicy, headers: Headers, runtime: Mapping[str, object]) -> str:
    wanted = policy.retriable_request_headers
    if wanted and not any(match_header(one, headers).is_match for one in wanted):
        return "none of retriable_request_headers matches"
    if whole_number(runtime.get(_USED)) == 0:
        return f"the runtime key {_USED} is 0"
    return ""


def _most(policy: RetryPolicy, headers: Headers) -> int:
    asked = (headers.first("x-envoy-max-retries") or "").strip()
    if asked.isascii() and asked.isdigit():
        return int(asked)
    return _DEFAULT_RETRIES if policy.num_retries is None else policy.num_retries


def _details(
    policy: RetryPolicy, forwarding: Forwarding, cluster: Cluster, runtime: Mapping[str, object]
) -> Iterator[str]:
    if policy.retriable_status_codes:
        codes = ", ".join(map(str, policy.retriable_status_codes))
        yield f"retriable_status_codes {codes}"
    if policy.retriable_headers:
        names = ", ".join(matcher.name for matcher in policy.retriable_headers)
        yield f"retriable_headers of the response: {names}"
    if policy.retry_host_predicate:
        attempts = policy.host_selection_retry_max_attempts or 1
        times = "once" if attempts == 1 else f"up to {attempts} times"
        names = ", ".join(predicate.name for predicate in policy.retry_host_predicate)
        yield f"a host that {names} refuses is picked again, {times}"
    if policy.retry_priority is not None:
        yield f"retry_priority {policy.retry_priority.name} changes the loads of priorities"
    if policy.refresh_cluster_on_retry:
        yield "the cluster is chosen again for a retry"
    percent = whole_number(runtime.get(_USED))
    if percent is not None and percent < _ALL:
        yield f"{percent} % of retries are made (runtime key {_USED})"
    yield _back_off(policy)
    yield _limit(forwarding, cluster, runtime)


def _back_off(policy: RetryPolicy) -> str:
    back_off = policy.retry_back_off
    base = (back_off and back_off.base_interval) or "0.025s"
    most = (back_off and back_off.max_interval) or f"10 times {base}"
    return f"waits up to {base} before the first, at most {most}"


def _limit(forwarding: Forwarding, cluster: Cluster, runtime: Mapping[str, object]) -> str:
    priority = forwarding.action.priority
    thresholds = cluster.circuit_breakers.thresholds if cluster.circuit_breakers else ()
    budget = next((one.retry_budget for one in thresholds if one.priority == priority), None)
    if budget is None:
        limit = limits_of(cluster, priority, runtime).max_retries
        return f"the circuit breaker lets {limit or 'none'} run at a time"
    percent = 20 if budget.budget_percent is None else budget.budget_percent.value
    least = 3 if budget.min_retry_concurrency is None else budget.min_retry_concurrency
    return f"the retry budget is {percent:g} % of active requests, at least {least}"

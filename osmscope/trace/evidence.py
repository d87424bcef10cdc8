"""What a sidecar counted on the way of a request: names of counters, and what their values tell.

What Envoy does: a listener counts below `listener.` and its `stat_prefix`, or else its address; a
connection manager below `http.` and its `stat_prefix`; the router, RBAC, fault and external
authorization below the same prefix as it is written, while it has underscores in the place of
colons for the manager itself, Lua and JWT, as every scope has; `tcp_proxy` below `tcp.`; RBAC as a
network filter below its own `stat_prefix`; a cluster below `cluster.` and its `alt_stat_name`, or
else its name.

Checked against: Envoy 1.40.0, whose counters `tests/trace/test_evidence.py` moves.

Decision: counters are evidence beside a verdict, never the verdict: they count every request since
the sidecar started. Not modelled: per-endpoint and virtual cluster statistics, and tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from osmscope.resources.cluster import Cluster
from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.http_filters.authentication import ExtAuthz, JwtAuthentication
from osmscope.resources.http_filters.header import Lua
from osmscope.resources.http_filters.limits import LocalRateLimit
from osmscope.resources.http_filters.traffic import HttpFault
from osmscope.resources.listener import Listener
from osmscope.resources.network_filters import TcpProxy
from osmscope.resources.rbac import HttpRbac, NetworkRbac
from osmscope.trace.answer import Answer, Counter
from osmscope.trace.path import ConnectionPath, Evaluation

_SANITIZED = re.compile(r"://|:/|:")
_LISTENER = {
    "no_filter_chain_match": "connections that no filter chain matched",
    "downstream_cx_overflow": "connections refused at a limit",
    "ssl.connection_error": "TLS handshakes that failed for another reason than certificates",
    "ssl.fail_verify_no_cert": "clients that presented no certificate",
    "ssl.fail_verify_error": "client certificates that no trusted CA signed",
    "ssl.fail_verify_san": "client certificates without a name that is asked for",
    "ssl.fail_verify_cert_hash": "client certificates that are not a pinned one",
}
_MANAGER = {
    "downstream_rq_too_large": "requests refused for their size",
    "downstream_rq_failed_path_normalization": "requests refused for their path",
    "downstream_rq_overload_close": "requests refused for overload",
}
_ROUTER = {
    "no_route": "requests that no route fits",
    "no_cluster": "requests whose cluster is not there",
    "rq_direct_response": "requests answered by a route itself",
    "rq_redirect": "requests redirected by a route",
}
_TCP_PROXY = {"downstream_cx_no_route": "connections whose cluster is not there"}
_CLUSTER = {
    "upstream_cx_none_healthy": "requests for which no endpoint was there",
    "upstream_cx_connect_fail": "connections that an endpoint refused",
    "upstream_cx_connect_timeout": "connections that no endpoint answered in time",
    "upstream_cx_overflow": "times that the limit of connections was reached",
    "upstream_cx_pool_overflow": "times that the limit of connection pools was reached",
    "upstream_rq_pending_overflow": "requests refused at a circuit breaker",
    "upstream_rq_retry_overflow": "retries refused at a circuit breaker",
    "upstream_rq_timeout": "requests that timed out",
    "upstream_rq_per_try_timeout": "tries that timed out",
    "upstream_rq_rx_reset": "requests that an endpoint reset",
    "upstream_rq_5xx": "answers with a 5xx, by endpoints or by Envoy for them",
    "upstream_rq_maintenance_mode": "requests refused by maintenance mode",
    "upstream_rq_dropped": "requests dropped by policy",
    "lb_healthy_panic": "times that too few endpoints were healthy",
    "ssl.connection_error": "TLS handshakes that failed for another reason than certificates",
    "ssl.fail_verify_error": "endpoints whose certificate no trusted CA signed",
    "ssl.fail_verify_san": "endpoints whose certificate lacks the name that is asked for",
    "ssl.fail_verify_no_cert": "endpoints that presented no certificate",
    "ssl.fail_verify_cert_hash": "endpoints whose certificate is not the pinned one",
    "ratelimit.over_limit": "requests over the limit of a rate limit service",
}
_DECIDING = {
    "filter_chain_not_found": "no_filter_chain_match",
    "route_not_found": "no_route",
    "cluster_not_found": "no_cluster",
    "no_healthy_upstream": "upstream_cx_none_healthy",
    "rbac_access_denied": "denied",
    "jwt_authn_access_denied": "denied",
    "ext_authz_denied": "denied",
    "ext_authz_error": "error",
    "fault_filter_abort": "aborts_injected",
    "local_rate_limited": "rate_limited",
    "direct_response": "rq_direct_response",
}
"""How a reply's details start → what counts such replies."""
_USUAL = frozenset({"rq_direct_response", "rq_redirect"})
"""What counts no failures: evidence only of such a reply."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What one counter says."""

    name: str
    value: int
    """Since the sidecar started."""
    words: str
    """What it counts."""


def counters_of(evaluation: Evaluation) -> tuple[Counter, ...]:
    """Name what a sidecar counts on the way of a request, each once, in the order of the way."""
    found: dict[str, Counter] = {}
    for counter in _counters(evaluation):
        found.setdefault(counter.name, counter)
    return tuple(found.values())


def evidence_of(
    answer: Answer, counters: Iterable[Counter], values: Mapping[str, int]
) -> tuple[Evidence, ...]:
    """Pick what tells something: what moved since the start, and what would have moved.

    Args:
        answer: Where the request goes.
        counters: What is counted on its way.
        values: The counters that the sidecar used so far, by name.
    """
    decided = {
        suffix
        for outcome in answer.outcomes
        if outcome.response is not None and outcome.response.details
        for start, suffix in _DECIDING.items()
        if outcome.response.details.startswith(start)
    }
    found = []
    for counter in counters:
        value = values.get(counter.name, 0)
        metric = counter.metric.rpartition(".")[2]
        if metric in decided or (value and metric not in _USUAL):
            found.append(Evidence(name=counter.name, value=value, words=counter.words))
    return tuple(found)


def pattern_of(counters: Iterable[Counter]) -> str:
    """Write the regular expression that fits the names of counters and no other; "" for none."""
    scopes: dict[str, list[str]] = {}
    for counter in counters:
        scopes.setdefault(counter.scope, []).append(re.escape(counter.metric))
    alike: dict[str, list[str]] = {}
    for scope, metrics in scopes.items():
        alike.setdefault("|".join(metrics), []).append(re.escape(scope))
    parts = [f"(?:{'|'.join(names)})\\.(?:{metrics})" for metrics, names in alike.items()]
    return f"^(?:{'|'.join(parts)})$" if parts else ""


def _counters(evaluation: Evaluation) -> Iterator[Counter]:
    path = evaluation.connection
    if path.listener is not None:
        yield from _named(f"listener.{listener_scope(path.listener)}", _LISTENER)
    yield from _of_network_filters(path)
    if path.manager is not None:
        yield from _of_manager(path.manager)
    upstreams = (
        *(way.upstream for way in evaluation.http),
        *(way.upstream for way in evaluation.tcp),
    )
    for upstream in upstreams:
        if upstream is not None and upstream.cluster is not None:
            yield from _named(f"cluster.{cluster_scope(upstream.cluster)}", _CLUSTER)


def _of_network_filters(path: ConnectionPath) -> Iterator[Counter]:
    for entry in path.chain.filters if path.chain is not None else ():
        config = decode_extension(entry)
        if isinstance(config, NetworkRbac) and config.stat_prefix:
            yield from _rbac(config.stat_prefix, "", "", "connections")
        elif isinstance(config, TcpProxy) and config.stat_prefix:
            yield from _named(f"tcp.{sanitized(config.stat_prefix)}", _TCP_PROXY)


def _of_manager(manager: HttpConnectionManager) -> Iterator[Counter]:
    prefix = manager.stat_prefix
    if not prefix:
        return
    yield from _named(f"http.{sanitized(prefix)}", _MANAGER)
    for http_filter in manager.http_filters:
        if http_filter.config_discovery is not None:
            continue
        match decode_extension(http_filter):
            case HttpRbac() as rbac:
                rules, shadow = rbac.rules_stat_prefix, rbac.shadow_rules_stat_prefix
                yield from _rbac(f"http.{prefix}", rules, shadow, "requests")
            case LocalRateLimit(stat_prefix=own) if own:
                words = "requests over the local rate limit"
                yield Counter(own, "http_local_rate_limit.rate_limited", words)
            case HttpFault():
                words = "requests that the fault filter answered"
                yield Counter(f"http.{prefix}", "fault.aborts_injected", words)
            case JwtAuthentication():
                words = "requests without a token that is asked for"
                yield Counter(f"http.{sanitized(prefix)}", "jwt_authn.denied", words)
            case ExtAuthz():
                words = "requests that the authorization service refused"
                yield Counter(f"http.{prefix}", "ext_authz.denied", words)
                words = "requests for which the authorization service could not be asked"
                yield Counter(f"http.{prefix}", "ext_authz.error", words)
            case Lua():
                words = "errors of the Lua script"
                yield Counter(f"http.{sanitized(prefix)}", "lua.errors", words)
    yield from _named(f"http.{prefix}", _ROUTER)


def _rbac(scope: str, rules: str, shadow: str, what: str) -> Iterator[Counter]:
    scope = scope.removesuffix(".")
    yield Counter(scope, f"rbac.{_joined(rules)}denied", f"{what} that RBAC denied")
    words = f"{what} that the shadow rules of RBAC would have denied"
    yield Counter(scope, f"rbac.{_joined(shadow)}shadow_denied", words)


def _joined(prefix: str) -> str:
    return prefix if not prefix or prefix.endswith(".") else f"{prefix}."


def _named(scope: str, counters: Mapping[str, str]) -> Iterator[Counter]:
    for metric, words in counters.items():
        yield Counter(scope, metric, words)


def listener_scope(listener: Listener) -> str:
    """Return what a listener's counters start with, after `listener.`."""
    return sanitized(listener.stat_prefix or listener.address.text())


def cluster_scope(cluster: Cluster) -> str:
    """Return what a cluster's counters start with, after `cluster.`."""
    return sanitized(cluster.alt_stat_name or cluster.name)


def sanitized(name: str) -> str:
    """Write a name as that of a scope: Envoy has colons stand for the parts of an address."""
    return _SANITIZED.sub("_", name).strip(".")

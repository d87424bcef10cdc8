"""What will become of a forwarded request, in words: time, retries, redirects, copies.

None of this changes where the first try goes; it is told because it is often the next question.
"""

from __future__ import annotations

from collections.abc import Iterator

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.network_filters import TcpProxy
from osmscope.resources.proxy import Proxy
from osmscope.rules.internal_redirect import internal_redirects
from osmscope.rules.request_mirror import Mirror, mirrors
from osmscope.rules.retry_policy import retries_of
from osmscope.rules.tcp_time_limits import connect_attempts, tcp_time_limits
from osmscope.rules.time_limits import TimeLimit, time_limits
from osmscope.rules.timeout import hedges
from osmscope.rules.upstream_request import Forwarding
from osmscope.trace.answer import Step
from osmscope.trace.path import HttpPath, SentUpstream, Upstream

USUAL = ("by default", "no limit is set")
"""The reasons of limits of time that nobody set."""

_REQUEST = "request"
_CONNECTING = "connecting"
_SECOND = 1000


def policy_steps(
    proxy: Proxy, manager: HttpConnectionManager, path: HttpPath, sent: SentUpstream
) -> Iterator[Step]:
    """Tell what limits, repeats, follows and copies a request that is forwarded.

    Args:
        proxy: The sidecar's resources.
        manager: The request's connection manager.
        path: Its way, which leads to an endpoint.
        sent: What the endpoint receives.

    Raises:
        DumpError: A duration or an expression cannot be read.
    """
    cluster = path.upstream.cluster if path.upstream is not None else None
    if cluster is None:
        return
    forwarding = sent.forwarding
    yield _time_step(forwarding, time_limits(forwarding, cluster, manager))
    retries = retries_of(forwarding, cluster, sent.steering, path.request.runtime)
    if retries.none_because:
        yield Step(kind="retries", chosen="none", reason=retries.none_because)
    elif retries.conditions:
        yield Step(
            kind="retries",
            chosen=f"up to {retries.most}",
            reason=f"on {', '.join(retries.conditions)}",
            notes=(f"by {retries.source}", *retries.details),
        )
    redirects = internal_redirects(forwarding.action)
    if redirects is not None:
        codes = ", ".join(map(str, redirects.codes))
        yield Step(
            kind="internal_redirect",
            chosen=f"up to {redirects.most}",
            reason=f"Envoy itself follows {codes} of the endpoint to an absolute URL",
            notes=redirects.details,
        )
    for mirror in mirrors(
        forwarding, cluster, sent.headers, path.request.runtime, path.resolved.drawn
    ):
        yield _mirror_step(proxy, mirror)


def tcp_policy_steps(config: TcpProxy, upstream: Upstream) -> Iterator[Step]:
    """Tell what limits a connection that `tcp_proxy` forwards, and how often it dials.

    Raises:
        DumpError: A duration cannot be read.
    """
    if upstream.cluster is None or upstream.shares is None:
        return
    limits = tcp_time_limits(config, upstream.cluster)
    shown = [one for one in limits if one.source and one.what != _CONNECTING]
    words = [f"{one.what} {duration(one.milliseconds)}" for one in shown or limits[:1]]
    yield Step(
        kind="time_limits",
        chosen=", ".join(words),
        reason="" if shown else USUAL[0],
        notes=tuple(map(_note, limits)),
    )
    attempts = connect_attempts(config)
    if attempts > 1:
        reason = "times an endpoint is dialled (max_connect_attempts)"
        yield Step(kind="retries", chosen=f"up to {attempts}", reason=reason)


def _note(limit: TimeLimit) -> str:
    source = limit.source or "default"
    return f"{limit.what}: {duration(limit.milliseconds)} ({source}), then {limit.ends}"


def _time_step(forwarding: Forwarding, limits: tuple[TimeLimit, ...]) -> Step:
    set_by_somebody = [one for one in limits if one.source and one.what != _CONNECTING]
    shown = [one for one in limits if one.what == _REQUEST or one in set_by_somebody]
    words = [f"{one.what} {duration(one.milliseconds)}" for one in shown]
    unlimited = not any(one.what == _REQUEST for one in limits)
    if unlimited:
        words.insert(0, f"{_REQUEST} without limit")
    notes = list(map(_note, limits))
    if hedges(forwarding.action, forwarding.virtual_host, forwarding.context.request.headers):
        notes.append("a try that takes too long goes on beside the next one (hedge_policy)")
    return Step(
        kind="time_limits",
        chosen=", ".join(words),
        reason="" if set_by_somebody else USUAL[unlimited],
        notes=tuple(notes),
    )


def duration(milliseconds: int) -> str:
    """Write milliseconds as people do: `15 s`, `250 ms`, `5 min`."""
    if milliseconds % _SECOND:
        return f"{milliseconds} ms" if milliseconds < _SECOND else f"{milliseconds / _SECOND:g} s"
    seconds = milliseconds // _SECOND
    return f"{seconds // 60} min" if seconds >= 120 and not seconds % 60 else f"{seconds} s"


def _mirror_step(proxy: Proxy, mirror: Mirror) -> Step:
    share = "" if mirror.probability == 1 else f" in {float(100 * mirror.probability):.3g} %"
    reason = f"gets a copy as {mirror.host}{share}; its answer is dropped"
    if not mirror.cluster:
        reason = "the header that names the cluster is absent: there is no copy"
    elif proxy.dump.has("cluster") and proxy.cluster(mirror.cluster) is None:
        reason = "there is no such cluster: there is no copy"
    notes = [f"by {mirror.source}"]
    if mirror.changes_headers:
        notes.append("the copy has header changes of its own")
    return Step(kind="mirror", chosen=mirror.cluster or "none", reason=reason, notes=tuple(notes))

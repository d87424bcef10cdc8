"""The upstream HTTP filters: what a cluster, or the router, does to a request on its way out.

They run for each try, after an endpoint was picked, and end in the upstream codec.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from osmscope.resources.cluster import Cluster
from osmscope.resources.http_filters.router import Router, UpstreamCodec
from osmscope.rules.facts import Request
from osmscope.rules.http_filters import opaque
from osmscope.rules.http_filters.registry import RULES
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.per_filter_config import resolve
from osmscope.trace.http_filters import filter_context, per_filter_configs, undelivered
from osmscope.trace.path import FilterRun, Resolved
from osmscope.trace.sidecar import HttpStage, Sidecar

_replace = msgspec.structs.replace


class FilteredUpstream(msgspec.Struct, frozen=True, kw_only=True):
    """One way that a request leaves the upstream filters."""

    request: Request
    runs: tuple[FilterRun, ...] = ()
    reply: LocalReply | None = None
    probability: Fraction = Fraction(1)
    assumptions: tuple[str, ...] = ()


def run_upstream_filters(
    sidecar: Sidecar, router: Router, cluster: Cluster, resolved: Resolved, request: Request
) -> Iterator[FilteredUpstream]:
    """Yield every way that a request leaves the filters of its cluster, or else of the router.

    Args:
        sidecar: The sidecar.
        router: The router, for its `upstream_http_filters`.
        cluster: The cluster, whose own filters replace the router's.
        resolved: The request's route, for per-route configurations.
        request: The request as the router forwards it.

    Raises:
        DumpError: A configuration cannot be read.
    """
    stages = sidecar.upstream_stages(router, cluster)
    waiting = [(0, FilteredUpstream(request=request))]
    while waiting:
        index, path = waiting.pop()
        done = index == len(stages) or isinstance(stages[index].config, UpstreamCodec)
        if done or path.reply is not None:
            yield path
        else:
            further = reversed(list(_run(sidecar, stages[index], resolved, path)))
            waiting.extend((index + 1, one) for one in further)


def _run(
    sidecar: Sidecar, stage: HttpStage, resolved: Resolved, path: FilteredUpstream
) -> Iterator[FilteredUpstream]:
    name = stage.filter.name
    found = resolve(stage.filter, stage.config, per_filter_configs(resolved))
    if not found.enabled:
        yield _replace(path, runs=(*path.runs, FilterRun(name=name, result=None)))
        return
    if stage.undelivered:
        yield _replace(path, reply=undelivered(name))
        return
    rule = RULES.get(type(stage.config), opaque.evaluate)
    for result in rule(path.request, filter_context(sidecar, stage, resolved, found)):
        share = Fraction(result.probability).limit_denominator(10**9)
        yield FilteredUpstream(
            request=result.request,
            runs=(*path.runs, FilterRun(name=name, result=result, reason=found.reason)),
            reply=result.reply,
            probability=path.probability * share,
            assumptions=(*path.assumptions, *result.assumptions),
        )

"""The HTTP filters of a request, in order, up to the router or to the filter that answers."""

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from osmscope.resources.http_filters.router import Router
from osmscope.resources.route import PerFilterConfig
from osmscope.rules.http_filters import opaque
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.registry import RULES
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.per_filter_config import ResolvedFilter
from osmscope.rules.per_filter_config import resolve as resolve_config
from osmscope.trace.path import FilterRun, HttpPath, Resolved
from osmscope.trace.routing import resolve
from osmscope.trace.sidecar import HttpStage, Sidecar

_replace = msgspec.structs.replace


def run_filters(
    sidecar: Sidecar, stages: tuple[HttpStage, ...], start: HttpPath
) -> Iterator[HttpPath]:
    """Yield every way a request can leave the filters.

    Args:
        sidecar: The sidecar.
        stages: The HTTP filters, the router last.
        start: The request with its route resolved.

    Raises:
        DumpError: A configuration cannot be read.
    """
    waiting = [(0, start)]
    while waiting:
        index, path = waiting.pop()
        if index == len(stages) or isinstance(stages[index].config, Router):
            yield path
        else:
            for further in reversed(list(_run(sidecar, stages[index], path, start.resolved))):
                if further.reply is not None or further.missing:
                    yield further
                else:
                    waiting.append((index + 1, further))


def _run(sidecar: Sidecar, stage: HttpStage, path: HttpPath, first: Resolved) -> Iterator[HttpPath]:
    # Whether a filter runs is decided with the first route, its configuration with the present.
    resolved = _config(sidecar, stage, first)
    if path.resolved.route is not first.route:
        resolved = _replace(_config(sidecar, stage, path.resolved), enabled=resolved.enabled)
    if stage.undelivered:
        yield _undelivered(stage, path)
    elif not resolved.enabled:
        run = FilterRun(
            name=stage.filter.name,
            type_name=type(stage.config).__name__,
            enabled=False,
            result=None,
            reason=resolved.reason,
        )
        yield _replace(path, runs=(*path.runs, run))
    else:
        rule = RULES.get(type(stage.config), opaque.evaluate)
        context = _context(sidecar, stage, path.resolved, resolved)
        for result in rule(path.request, context):
            yield from _after(stage, resolved, path, result)


def _config(sidecar: Sidecar, stage: HttpStage, resolved: Resolved) -> ResolvedFilter:
    """Resolve a filter's configuration for a route; it is done once for each pair."""
    entry = resolved.cluster_choice.entry if resolved.cluster_choice is not None else None
    # Resources live as long as the sidecar: their identities stand for them.
    key = (id(stage), id(resolved.route), id(entry), id(resolved.table))
    found = sidecar.filter_configs.get(key)
    if found is None:
        found = resolve_config(stage.filter, stage.config, per_filter_configs(resolved))
        sidecar.filter_configs[key] = found
    return found


def _undelivered(stage: HttpStage, path: HttpPath) -> HttpPath:
    reason = f'the configuration of the filter "{stage.filter.name}" was not delivered (ECDS)'
    return _replace(path, reply=LocalReply(code=500, flags=("NFCF",), reason=reason))


def _after(
    stage: HttpStage, resolved: ResolvedFilter, path: HttpPath, result: FilterResult
) -> Iterator[HttpPath]:
    run = FilterRun(
        name=stage.filter.name,
        type_name=type(stage.config).__name__,
        enabled=True,
        result=result,
        reason=resolved.reason,
    )
    probability = path.probability
    if result.probability != 1:
        probability *= Fraction(result.probability).limit_denominator(10**9)
    further = _replace(
        path,
        request=result.request,
        runs=(*path.runs, run),
        reply=result.reply,
        probability=probability,
        assumptions=(*path.assumptions, *result.assumptions),
    )
    if not result.clears_route_cache or result.reply is not None or _keeps_route(path, result):
        yield further
        return
    again = list(resolve(path.resolved.table, result.request))
    # A stream has one random value: where the same cluster can be drawn, it is drawn again.
    kept = next((one for one in again if _is_same(one, path.resolved)), None)
    if kept is not None:
        yield _replace(further, resolved=_replace(kept, probability=path.resolved.probability))
        return
    for one in again:
        yield _replace(further, resolved=one, probability=further.probability * one.probability)


def _keeps_route(path: HttpPath, result: FilterResult) -> bool:
    """Whether the route table reads nothing of what the filter changed."""
    table = path.resolved.table
    read = table.headers_read if table is not None else frozenset()
    before, after = path.request, result.request
    if read is None or before.metadata is not after.metadata:
        return False
    return all(before.headers.all(name) == after.headers.all(name) for name in read)


def _is_same(one: Resolved, other: Resolved) -> bool:
    return _choice(one) == _choice(other)


def _choice(resolved: Resolved) -> tuple[int | None, str | None]:
    route, cluster = resolved.route_choice, resolved.cluster_choice
    return (
        None if route is None else id(route.route),
        None if cluster is None else cluster.name,
    )


def _context(
    sidecar: Sidecar, stage: HttpStage, route: Resolved, resolved: ResolvedFilter
) -> FilterContext:
    choice = route.virtual_host_choice
    return FilterContext(
        filter_name=stage.filter.name,
        config=resolved.config,
        own_config=stage.config,
        levels=resolved.levels,
        route_configuration=route.table.configuration if route.table is not None else None,
        virtual_host=choice.virtual_host if choice is not None else None,
        route=route.route_choice.route if route.route_choice is not None else None,
        cluster=route.cluster_choice.name if route.cluster_choice is not None else None,
        cluster_health=sidecar.cluster_health,
    )


def per_filter_configs(resolved: Resolved) -> tuple[PerFilterConfig, ...]:
    """List the per-route configurations of a route, the most specific level first.

    A request without a route has none, not even the route configuration's.
    """
    if resolved.route is None:
        return ()
    levels: list[PerFilterConfig] = []
    if resolved.cluster_choice is not None and resolved.cluster_choice.entry is not None:
        levels.append(resolved.cluster_choice.entry.typed_per_filter_config)
    levels.append(resolved.route.typed_per_filter_config)
    choice = resolved.virtual_host_choice
    if choice is not None and choice.virtual_host is not None:
        levels.append(choice.virtual_host.typed_per_filter_config)
    if resolved.table is not None:
        levels.append(resolved.table.configuration.typed_per_filter_config)
    return tuple(levels)

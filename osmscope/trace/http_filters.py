"""The HTTP filters of a request, in order, up to the router or to the filter that answers."""

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.http_filters.gateway import GrpcHttp1Bridge, GrpcWeb, IpTagging
from osmscope.resources.http_filters.header import HeaderMutation
from osmscope.resources.http_filters.response import (
    ConnectGrpcBridge,
    CustomResponse,
    Decompressor,
)
from osmscope.resources.http_filters.router import Router
from osmscope.resources.http_filters.traffic import Buffer, CdnLoop, HealthCheck
from osmscope.resources.route import PerFilterConfig
from osmscope.rules.http_filters import opaque
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.registry import RULES
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.per_filter_config import ResolvedFilter
from osmscope.rules.per_filter_config import resolve as resolve_config
from osmscope.trace.path import FilterRun, HttpPath, Resolved
from osmscope.trace.routing import on_route, resolve
from osmscope.trace.sidecar import HttpStage, Sidecar

_replace = msgspec.structs.replace

_READ_BY_ALL = ("x-forwarded-proto", "content-type", "grpc-timeout")
"""What looking up any route reads: its scheme, and a gRPC request's time."""
_NEVER_ASK = (
    Buffer,
    CdnLoop,
    ConnectGrpcBridge,
    CustomResponse,
    Decompressor,
    GrpcHttp1Bridge,
    GrpcWeb,
    HealthCheck,
    IpTagging,
)
"""Filters that do not ask for the route of a request without a body: a route that was forgotten is
looked up later, with what they changed."""


def run_filters(
    sidecar: Sidecar,
    manager: HttpConnectionManager,
    stages: tuple[HttpStage, ...],
    start: HttpPath,
) -> Iterator[HttpPath]:
    """Yield every way a request can leave the filters.

    Args:
        sidecar: The sidecar.
        manager: Its connection manager.
        stages: The HTTP filters, the router last.
        start: The request with its route resolved.

    Raises:
        DumpError: A configuration cannot be read.
    """
    walk = _Walk(sidecar, manager, start.resolved)
    waiting = [(0, start)]
    while waiting:
        index, path = waiting.pop()
        if index == len(stages) or isinstance(stages[index].config, Router):
            yield path
        else:
            for further in reversed(list(walk.run(stages[index], path))):
                if further.reply is not None or further.missing:
                    yield further
                else:
                    waiting.append((index + 1, further))


class _Walk:
    """One request on its way through the filters."""

    def __init__(self, sidecar: Sidecar, manager: HttpConnectionManager, first: Resolved) -> None:
        self._sidecar = sidecar
        self._manager = manager
        self._first = first

    def run(self, stage: HttpStage, path: HttpPath) -> Iterator[HttpPath]:
        """Put a request to one filter."""
        # Whether a filter runs is decided with the first route, its configuration with the present.
        resolved = filter_config(self._sidecar, stage, self._first)
        if path.resolved is not self._first:
            now = filter_config(self._sidecar, stage, path.resolved)
            resolved = _replace(now, enabled=resolved.enabled)
        name = stage.filter.name
        if not resolved.enabled:
            run = FilterRun(name=name, result=None, reason=resolved.reason)
            yield _replace(path, runs=(*path.runs, run))
        elif path.route_is_open and isinstance(stage.config, HeaderMutation):
            # Its own changes come before it asks for the route, and those of the route after.
            yield from self._change_and_ask(stage, path, resolved)
        elif stage.undelivered:
            result = FilterResult(request=path.request, reply=undelivered(name))
            yield from self._after(FilterRun(name=name, result=result), path, result, stage)
        else:
            rule = RULES.get(type(stage.config), opaque.evaluate)
            context = filter_context(self._sidecar, stage, path.resolved, resolved)
            for result in rule(path.request, context):
                run = FilterRun(name=name, result=result, reason=resolved.reason)
                yield from self._after(run, path, result, stage)

    def _change_and_ask(
        self, stage: HttpStage, path: HttpPath, resolved: ResolvedFilter
    ) -> Iterator[HttpPath]:
        own = _replace(resolved, levels=(), config=stage.config)
        context = filter_context(self._sidecar, stage, path.resolved, own)
        (changed,) = RULES[HeaderMutation](path.request, context)
        for one in self._looked_up(path, changed):
            yield from self.run(stage, _replace(one, request=path.request, route_is_open=False))

    def _looked_up(self, path: HttpPath, result: FilterResult) -> Iterator[HttpPath]:
        """Yield the routes of a request as a filter leaves it."""
        if self._keeps_route(path, result):
            yield path
            return
        # A stream has one random value: what was drawn before is drawn again.
        for one in resolve(self._sidecar, self._manager, result.request, path.resolved.drawn):
            share = path.probability * one.probability
            found = _replace(path, missing=one.missing, probability=share)
            yield on_route(self._manager, found, one)

    def _after(
        self, run: FilterRun, path: HttpPath, result: FilterResult, stage: HttpStage
    ) -> Iterator[HttpPath]:
        """Go on after a filter, with another route where it made Envoy look for one."""
        stays_open = path.route_is_open and isinstance(stage.config, _NEVER_ASK)
        probability = path.probability
        if result.probability != 1:
            probability *= Fraction(result.probability).limit_denominator(10**9)
        further = _replace(
            path,
            request=result.request,
            route_is_open=result.clears_route_cache or stays_open,
            runs=(*path.runs, run),
            reply=result.reply,
            probability=probability,
            assumptions=(*path.assumptions, *result.assumptions),
        )
        if result.reply or not further.route_is_open:
            yield further
        else:
            yield from self._looked_up(further, result)

    def _keeps_route(self, path: HttpPath, result: FilterResult) -> bool:
        """Whether the route table reads nothing of what changed since the route was looked up."""
        if self._manager.scoped_routes is not None:
            return False
        table = path.resolved.table
        read = table.headers_read if table is not None else frozenset()
        before, after = path.resolved.request or path.request, result.request
        if read is None or before.metadata is not after.metadata:
            return False
        if before.filter_state is not after.filter_state:
            return False
        return all(
            before.headers.all(name) == after.headers.all(name) for name in {*read, *_READ_BY_ALL}
        )


def filter_config(sidecar: Sidecar, stage: HttpStage, resolved: Resolved) -> ResolvedFilter:
    """Resolve a filter's configuration for a route; it is done once for each pair.

    Raises:
        DumpError: A configuration cannot be read.
    """
    choice = resolved.virtual_host_choice
    entry = resolved.cluster_choice.entry if resolved.cluster_choice is not None else None
    # Resources live as long as the sidecar: their identities stand for them.
    levels = (choice and choice.virtual_host, resolved.table, resolved.route, entry)
    key = (id(stage), *map(id, levels))
    found = sidecar.filter_configs.get(key)
    if found is None:
        found = resolve_config(stage.filter, stage.config, per_filter_configs(resolved))
        sidecar.filter_configs[key] = found
    return found


def undelivered(name: str) -> LocalReply:
    """Answer for a filter whose configuration was not delivered."""
    reason = f'the configuration of the filter "{name}" was not delivered (ECDS)'
    return LocalReply(code=500, flags=("NFCF",), reason=reason)


def filter_context(
    sidecar: Sidecar, stage: HttpStage, route: Resolved, resolved: ResolvedFilter
) -> FilterContext:
    """Gather what a filter may look at besides the request."""
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
        node_cluster=sidecar.proxy.dump.node().cluster or None,
        cluster_health=sidecar.cluster_health,
        cluster_kind=sidecar.cluster_kind,
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

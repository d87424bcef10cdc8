"""Lua scripts.

What Envoy does: it runs `envoy_on_request` of the script that the route names or holds, else of
the filter's own. Changed headers make Envoy look up the route again, unless `clear_route_cache`
is false. Here scripts that change headers in a straight line, as OSM's statistics do, are
evaluated exactly; of every other script it is assumed that the request goes on unchanged.
Checked against Envoy 1.40.0. Not modelled: Lua.
"""

from __future__ import annotations

import base64

import msgspec

from osmscope.resources.http_filters.header import Lua, LuaPerRoute
from osmscope.resources.network_filters import DataSource
from osmscope.rules.facts import Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.lua_script import HeaderOperation, read_script
from osmscope.rules.http_filters.outcome import goes_on
from osmscope.rules.inline_headers import INLINE


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the Lua filter."""
    own = context.own_config
    per_route = context.config if isinstance(context.config, LuaPerRoute) else LuaPerRoute()
    if not isinstance(own, Lua):
        return goes_on(request)
    if per_route.disabled:
        return goes_on(request, "disabled by its per-route configuration", "disabled")
    script = _script(own, per_route)
    operations = None if script is None else read_script(script)
    if operations is None:
        return _assumed(request, context.filter_name)
    if not operations:
        return goes_on(request)
    changed = request.with_headers(_applied(operations, request.headers))
    return (
        FilterResult(
            request=changed,
            clears_route_cache=own.clear_route_cache is not False,
            reason=f"the script changes {', '.join(dict.fromkeys(o.name for o in operations))}",
        ),
    )


def _assumed(request: Request, name: str) -> tuple[FilterResult, ...]:
    words = f'the Lua script of "{name}" lets the request go on unchanged'
    marked = msgspec.structs.replace(request, opaque_filters=(*request.opaque_filters, name))
    return (FilterResult(request=marked, assumptions=(words,), reason=words),)


def _script(own: Lua, per_route: LuaPerRoute) -> str | None:
    """Return the script that runs; "" where none does, None where a dump does not hold it."""
    if per_route.source_code is not None:
        return _text(per_route.source_code)
    if per_route.name:
        source = own.source_codes.get(per_route.name)
        return "" if source is None else _text(source)
    if own.default_source_code is not None:
        return _text(own.default_source_code)
    return own.inline_code


def _text(source: DataSource) -> str | None:
    if source.inline_bytes is not None:
        return base64.b64decode(source.inline_bytes).decode("utf-8", "replace")
    return source.inline_string


def _applied(operations: tuple[HeaderOperation, ...], headers: Headers) -> Headers:
    for operation in operations:
        name = operation.name.lower()
        if operation.kind == "remove":
            headers = headers.remove(name)
        elif operation.kind == "add" and not (name in INLINE and name in headers):
            headers = headers.add(name, operation.value)
        elif operation.kind == "add":
            headers = headers.set(name, f"{headers.first(name)},{operation.value}")
        else:
            headers = headers.set(name, operation.value)
    return headers

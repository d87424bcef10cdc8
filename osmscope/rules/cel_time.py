"""The time of a request in a CEL condition.

What Envoy does: `request.time` is the time when the request came. The library does not take a time
as a value within `request`, so that the condition is given one as a literal in its place.
Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from __future__ import annotations

import datetime

import msgspec

from osmscope.resources.cel import CelCall, CelConstant, CelEntry, CelExpr

_replace = msgspec.structs.replace


def with_time(expr: CelExpr, now: float) -> CelExpr:
    """Return an expression that has the time wherever it reads that of the request.

    Args:
        expr: The expression.
        now: The time, in seconds since 1970.
    """
    return _Clock(now).put_into(expr)


class _Clock:
    def __init__(self, now: float) -> None:
        text = datetime.datetime.fromtimestamp(now, datetime.UTC).isoformat()
        literal = CelExpr(const_expr=CelConstant(string_value=text.replace("+00:00", "Z")))
        self._time = CelExpr(call_expr=CelCall(function="timestamp", args=(literal,)))

    def put_into(self, expr: CelExpr) -> CelExpr:
        if _reads_time(expr):
            return self._time
        select, call = expr.select_expr, expr.call_expr
        if select is not None:
            select = _replace(select, operand=self._maybe(select.operand))
        if call is not None:
            arguments = tuple(map(self.put_into, call.args))
            call = _replace(call, target=self._maybe(call.target), args=arguments)
        items, struct = expr.list_expr, expr.struct_expr
        if items is not None:
            items = _replace(items, elements=tuple(map(self.put_into, items.elements)))
        if struct is not None:
            struct = _replace(struct, entries=tuple(map(self._entry, struct.entries)))
        return _replace(
            expr, select_expr=select, call_expr=call, list_expr=items, struct_expr=struct
        )

    def _maybe(self, expr: CelExpr | None) -> CelExpr | None:
        return None if expr is None else self.put_into(expr)

    def _entry(self, entry: CelEntry) -> CelEntry:
        return _replace(entry, map_key=self._maybe(entry.map_key), value=self._maybe(entry.value))


def _reads_time(expr: CelExpr) -> bool:
    select = expr.select_expr
    if select is None or select.test_only or select.field != "time":
        return False
    operand = select.operand
    ident = operand.ident_expr if operand is not None else None
    return ident is not None and ident.name == "request"

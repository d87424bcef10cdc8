"""Conditions in the Common Expression Language.

What Envoy does: a condition fits where it is true; what is false, no boolean or an error does not
fit. `&&` and `||` forgive an error on one side where the other side decides. Text and lists are not
joined by `+` unless the configuration says so.
Checked against Envoy 1.40.0. Not modelled: attributes that nobody knows and functions that the
configuration switches on; where they decide, the answer is unknown. The language is that of the
library that Envoy uses, which the extra `osmscope[cel]` installs; without it all is unknown.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from osmscope.resources.cel import CelConfig, CelExpr, CelExpression
from osmscope.rules.cel_attributes import Attributes, attributes, references
from osmscope.rules.cel_message import children, is_evaluable, serialize
from osmscope.rules.cel_time import with_time
from osmscope.rules.matcher_input import MatcherInputs
from osmscope.rules.result import Match, decided, missed, unknown

if TYPE_CHECKING:
    from cel_expr_python.cel import Expression

_NOT_READ = unknown("what a CEL expression of a form that Envoy 1.40 does not load decides")
_NOT_INSTALLED = unknown('what a CEL condition decides (pip install "osmscope[cel]" evaluates it)')
_JOINING = unknown("what a CEL condition decides that adds with +")


def match_expression(expression: CelExpression, inputs: MatcherInputs) -> Match:
    """Put the facts to the expression of a matcher."""
    return _NOT_READ if expression.expr is None else match_cel(expression.expr, inputs)


def match_cel(expr: CelExpr, inputs: MatcherInputs, config: CelConfig | None = None) -> Match:
    """Put the facts to a condition.

    Args:
        expr: The condition.
        inputs: The connection, and perhaps the request.
        config: What the configuration switches on besides the usual.
    """
    if not is_evaluable(expr):
        return _NOT_READ
    if config is None and _adds(expr):
        return _JOINING
    now = inputs.request.now if inputs.request is not None else None
    compiled = _compiled(serialize(expr if now is None else with_time(expr, now)))
    if compiled is None:
        return _NOT_INSTALLED
    found = attributes(expr, inputs)
    value = compiled.eval(data=dict(found.data))
    kind = value.type().name()
    if kind == "BOOL" and not _asks_whether_known(expr, found):
        return decided(bool(value.value()), f"the CEL condition is {str(value.value()).lower()}")
    if found.unknown:
        return unknown(f"{' and '.join(found.unknown)}, which a CEL condition reads")
    if kind != "ERROR":
        return missed(f"the CEL condition is no boolean but {kind.lower()}")
    if config is not None:
        return unknown("what a CEL condition with functions of its own decides")
    return missed(f"the CEL condition cannot be evaluated: {value.value()}")


@functools.lru_cache(maxsize=1024)
def _compiled(serialized: bytes) -> Expression | None:
    try:
        from cel_expr_python import cel
    except ImportError:
        return None
    return cel.NewEnv(variables={}).deserialize(serialized)


def _adds(expr: CelExpr) -> bool:
    if expr.call_expr is not None and expr.call_expr.function == "_+_":
        return True
    return any(map(_adds, children(expr)))


def _asks_whether_known(expr: CelExpr, found: Attributes) -> bool:
    """Whether has() or `in` asks for something of which nobody knows if it is there."""
    if not found.unknown:
        return False
    call = expr.call_expr
    is_asking = (expr.select_expr is not None and expr.select_expr.test_only) or (
        call is not None and call.function in ("@in", "_in_", "in")
    )
    if is_asking and any(one.text in found.unknown for one in references(expr)):
        return True
    return any(_asks_whether_known(child, found) for child in children(expr))

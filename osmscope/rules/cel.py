"""Conditions in the Common Expression Language.

What Envoy does: a condition fits where it is true; what is false, no boolean or an error does not
fit. `&&` and `||` forgive an error on one side where the other side decides, but not that something
other than text is put to a constant regular expression by `matches`. Text and lists are not
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
    from cel_expr_python.cel import Expression, Value

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
    found = attributes(expr, inputs)
    timed = expr if now is None else with_time(expr, now)
    value = _evaluated(timed, found)
    if value is None:
        return _NOT_INSTALLED
    kind = value.type().name()
    if not found.unknown and _breaks_off(timed, found):
        return missed("the CEL condition puts to a regular expression what is no text")
    if kind == "BOOL" and not _asks_whether_known(expr, found):
        return decided(bool(value.value()), f"the CEL condition is {str(value.value()).lower()}")
    if found.unknown:
        return unknown(f"{' and '.join(found.unknown)}, which a CEL condition reads")
    if kind != "ERROR":
        return missed(f"the CEL condition is no boolean but {kind.lower()}")
    if config is not None:
        return unknown("what a CEL condition with functions of its own decides")
    return missed(f"the CEL condition cannot be evaluated: {value.value()}")


def _evaluated(expr: CelExpr, found: Attributes) -> Value | None:
    compiled = _compiled(serialize(expr))
    return None if compiled is None else compiled.eval(data=dict(found.data))


def _breaks_off(expr: CelExpr, found: Attributes) -> bool:
    """Whether evaluation reaches `matches` with a constant pattern and something that is no text.

    Envoy prepares such patterns, and gives up the whole condition then.
    """
    call = expr.call_expr
    if call is not None and call.function in ("_||_", "_&&_"):
        left, right = call.args
        decides = _is(left, found, "BOOL") and _value(left, found) is (call.function == "_||_")
        return _breaks_off(left, found) or (not decides and _breaks_off(right, found))
    if call is not None and call.function == "matches":
        subject, pattern = (*filter(None, (call.target,)), *call.args)
        if pattern.const_expr is not None:
            return not _is(subject, found, "STRING")
    return any(_breaks_off(child, found) for child in children(expr))


def _is(expr: CelExpr, found: Attributes, kind: str) -> bool:
    value = _evaluated(expr, found)
    return value is not None and value.type().name() == kind


def _value(expr: CelExpr, found: Attributes) -> object:
    value = _evaluated(expr, found)
    return value and value.value()


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

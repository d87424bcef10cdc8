"""What the short form of a trace leaves out: steps that decided nothing.

Decision: a filter that let the request go on is a name in one line; what the listener filters found
is shown where the request does not reach, because then it is often the cause; limits of time are
shown where somebody set one. The wide form shows everything.
"""

from __future__ import annotations

import itertools

import msgspec

from osmscope.report.trace_report import Sign
from osmscope.trace.answer import Step
from osmscope.trace.explain_policies import USUAL

_NOTED = frozenset({"upstream_tls"})
"""Steps whose notes the short form keeps: the secrets of a TLS connection."""
_FILTERS = ("http_filter", "upstream_filter")
_PREFIX = "envoy.filters.http."


def folded(steps: tuple[Step, ...], sign: Sign) -> tuple[Step, ...]:
    """Return the steps of the short form.

    Args:
        steps: All steps, in their order.
        sign: How the request ends.
    """
    shown: list[Step] = []
    for passed, group in itertools.groupby(steps, key=_passed):
        found = list(group)
        shown += [_joined(found)] if passed else found
    return tuple(
        step if step.failed or step.kind in _NOTED else msgspec.structs.replace(step, notes=())
        for step in shown
        if step.failed or not _is_usual(step, sign)
    )


def _is_usual(step: Step, sign: Sign) -> bool:
    """Whether a step says what nobody asks: time by default, listener filters that let pass."""
    if step.kind == "time_limits":
        return step.reason in USUAL
    return step.kind == "listener_filters" and sign == "good"


def _passed(step: Step) -> str:
    """Return the kind of a filter that let the request go on, "" for all else."""
    return step.kind if step.kind in _FILTERS and not step.failed else ""


def _joined(steps: list[Step]) -> Step:
    names = ", ".join(step.chosen.removeprefix(_PREFIX) for step in steps)
    return Step(kind=f"{steps[0].kind}s", chosen=names, reason="let the request go on")

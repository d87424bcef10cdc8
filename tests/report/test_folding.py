from __future__ import annotations

import pytest

from osmscope.report.folding import folded
from osmscope.trace.answer import Step


def _step(kind, chosen, **fields):
    return Step(kind=kind, chosen=chosen, **fields)


STEPS = (
    _step("listener_filters", "l", reason="finds no TLS"),
    _step("filter_chain", "c", notes=("a note",)),
    _step("http_filter", "envoy.filters.http.rbac"),
    _step("http_filter", "lua"),
    _step("http_filter", "cors", failed=True, notes=("refused",)),
)


def test_filters_that_let_pass_are_one_line():
    kinds = [(step.kind, step.chosen) for step in folded(STEPS, "good")]
    assert kinds == [("filter_chain", "c"), ("http_filters", "rbac, lua"), ("http_filter", "cors")]


def test_notes_stay_where_the_path_ends():
    notes = {step.chosen: step.notes for step in folded(STEPS, "good")}
    assert (notes["c"], notes["cors"]) == ((), ("refused",))


def test_listener_filters_are_shown_where_the_request_does_not_reach():
    assert folded(STEPS, "bad")[0].kind == "listener_filters"
    assert folded(STEPS, "unknown")[0].kind == "listener_filters"


@pytest.mark.parametrize(
    ("reason", "shown"), [("by default", False), ("no limit is set", False), ("", True)]
)
def test_limits_of_time_are_shown_where_somebody_set_one(reason, shown):
    steps = (_step("time_limits", "request 15 s", reason=reason),)
    assert bool(folded(steps, "good")) is shown

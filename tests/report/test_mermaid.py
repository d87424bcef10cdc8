from __future__ import annotations

from osmscope.graph import trace_graph
from osmscope.report.mermaid import as_mermaid


def test_a_traced_path_looks_like_its_golden_file(case, golden):
    answer, explanation, _ = case("missing_host")
    golden("missing_host.mmd", as_mermaid(trace_graph(answer, explanation)))


def test_no_markup_of_a_name_survives(case):
    answer, explanation, _ = case("hostile")
    text = as_mermaid(trace_graph(answer, explanation))
    assert "<b>" not in text
    assert "[bold]" not in text
    assert "\x1b" not in text

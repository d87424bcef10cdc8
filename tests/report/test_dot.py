from __future__ import annotations

from osmscope.graph import trace_graph
from osmscope.report.dot import as_dot


def test_a_traced_path_looks_like_its_golden_file(case, golden):
    answer, explanation, _ = case("split")
    golden("split.dot", as_dot(trace_graph(answer, explanation)))


def test_a_name_can_neither_end_its_string_nor_hold_controls(case):
    answer, explanation, _ = case("hostile")
    text = as_dot(trace_graph(answer, explanation))
    assert "\\\\u202eevil" in text
    assert all(character.isprintable() or character == "\n" for character in text)
    for line in text.splitlines()[3:-1]:
        assert line.replace("\\\\", "").replace('\\"', "").count('"') % 2 == 0

from __future__ import annotations

import pytest

from osmscope.report.text import trace_text
from osmscope.report.trace_report import trace_report

INFERRED = ("bookstore is 10.96.18.11:14001, from filter chain outbound_bookstore/bookstore",)


def _report(case):
    answer, explanation, request = case
    return trace_report(answer, explanation, request, "bookbuyer", INFERRED)


@pytest.mark.parametrize("width", [80, 160])
def test_each_case_looks_like_its_golden_file(case, case_name, golden, width):
    text = trace_text(_report(case(case_name)), width=width)
    golden(f"{case_name}.{width}.txt", text)


def test_wide_shows_all_losers_fields_and_header_changes(case, case_name, golden):
    golden(f"{case_name}.wide.txt", trace_text(_report(case(case_name)), width=120, wide=True))


def test_no_line_is_longer_than_the_terminal_is_wide(case, case_name):
    for width in (60, 80, 100):
        lines = trace_text(_report(case(case_name)), width=width).splitlines()
        assert max(map(len, lines)) <= width


def test_colour_is_only_a_second_sign(case):
    import re

    plain = trace_text(_report(case("missing_host")), width=80)
    colored = trace_text(_report(case("missing_host")), width=80, color=True)
    assert colored != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_a_hostile_name_cannot_steer_the_terminal(case):
    text = trace_text(_report(case("hostile")), width=80)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "\\x1b[31mred" in text
    assert "[bold]b[/]" in text

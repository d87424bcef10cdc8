from __future__ import annotations

import pytest

from osmscope.report.text import trace_text
from osmscope.report.trace_report import Setting, trace_report
from osmscope.trace.answer import Explanation, Step

INFERRED = ("bookstore is 10.96.18.11:14001, from filter chain outbound_bookstore/bookstore",)

PODS = {"10.244.1.22": "bookstore-v2-845b8d6f9c-h8wqz"}


def _report(case):
    answer, explanation, request = case
    return trace_report(
        answer, explanation, request, Setting(source="bookbuyer", inferred=INFERRED, pods=PODS)
    )


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


@pytest.mark.parametrize(("width", "lines"), [(80, 2), (120, 1)])
def test_the_secrets_of_tls_are_on_one_line_where_they_fit(case, width, lines):
    answer, _, request = case("split")
    notes = ("certificate service-cert:bookbuyer/bookbuyer", "CA root-cert-for-mtls:bookstore")
    step = Step(kind="upstream_tls", chosen="TLS", reason="no SNI", notes=notes)
    report = trace_report(answer, Explanation(steps=(step,)), request, Setting(source="bookbuyer"))
    text = trace_text(report, width=width)
    assert sum(line.strip().startswith("· ") for line in text.splitlines()) == lines
    assert all(note in text for note in notes)

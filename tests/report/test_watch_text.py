from __future__ import annotations

from datetime import datetime

import pytest

from osmscope.report.text_layout import Page
from osmscope.report.watch_text import lines_text, problem_text

NOW = datetime(2026, 11, 24, 12, 0, 5)


@pytest.mark.parametrize(
    ("is_back", "lines"),
    [
        (False, ["12:00:05  · cluster a is new", "          · cluster b is gone"]),
        (True, ["12:00:05  back", "          · cluster a is new", "          · cluster b is gone"]),
    ],
)
def test_what_changed_stands_behind_the_time(is_back, lines):
    changes = ["cluster a is new", "cluster b is gone"]
    assert lines_text(changes, NOW, page=Page(width=80), is_back=is_back).splitlines() == lines


def test_a_problem_says_that_it_is_tried_again():
    assert problem_text("no answer (pod-1); check it", NOW, page=Page(width=80)).splitlines() == [
        "12:00:05  ! no answer (pod-1); check it",
        "            tried again until it answers",
    ]

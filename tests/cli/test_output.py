from __future__ import annotations

import pytest

from osmscope.cli import output


@pytest.mark.parametrize(
    ("choice", "environment", "wanted"),
    [
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
        ("auto", {}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": "", "FORCE_COLOR": "1"}, True),
    ],
)
def test_colour_is_decided_by_option_then_environment_then_terminal(
    monkeypatch, choice, environment, wanted
):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert output.wants_color(choice) is wanted


def test_the_width_is_that_of_columns_and_never_too_small(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    assert output.width() == 120
    monkeypatch.setenv("COLUMNS", "3")
    assert output.width() == output.NARROWEST

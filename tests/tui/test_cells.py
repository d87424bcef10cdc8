from __future__ import annotations

import pytest
from rich.cells import cell_len

from osmscope.tui.cells import column_widths, fitted, shown

HOSTILE = {
    "escape sequence": "a\x1b[31mred\x1b]0;title\x07",
    "markup": "[red]not red[/red] [@click=app.quit]x[/]",
    "right to left": "user\u202egnp.exe\u2066",
    "long": "x" * 10_000,
    "emoji": "🦊" * 40,
    "joined emoji": "👩‍👩‍👧‍👦 family",
    "variation selector": "❤️ heart",
    "combining": "e\u0301" * 30,
    "wide": "服务网格" * 20,
    "lines": "a\nb\r\nc\td",
    "nul": "a\0b",
    "lone surrogate": "a\ud800b",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("width", [1, 2, 6, 7, 20, 80])
def test_a_cell_takes_exactly_its_width(text, width):
    found = fitted(text, width)
    assert cell_len(found) == width
    assert found.isprintable()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_nothing_that_a_terminal_obeys_is_left(text):
    assert shown(text).isprintable()
    assert "\ufe0f" not in shown(text)


def test_what_is_cut_ends_in_an_ellipsis():
    assert fitted("bookstore", 6) == "books…"
    assert fitted("bookstore", 9) == "bookstore"
    assert fitted("book", 6) == "book  "
    assert fitted("x", 0) == ""


@pytest.mark.parametrize(
    ("natural", "room", "widths"),
    [
        ([10, 5], 40, [10, 5]),
        ([10, 30, 5], 40, [10, 21, 5]),
        ([10, 30, 30], 44, [10, 15, 15]),
        ([60, 10, 10], 44, [20, 10, 10]),
        ([60, 3, 3], 44, [34, 3, 3]),
        ([], 40, []),
        ([9], 4, [6]),
    ],
)
def test_the_widest_give_way_first_and_the_name_last(natural, room, widths):
    assert column_widths(natural, room) == widths

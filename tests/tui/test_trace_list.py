from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from osmscope.report.inventory.document import Piece
from osmscope.report.path_graph import GraphLine
from osmscope.tui.trace_list import laid_out

_HOSTILE = [
    "\x1b[31mred",
    "[bold]x[/]",
    "a\u202eb",
    "x" * 10_000,
    "👩‍👩‍👧‍👦 ❤️",
    "名前" * 40,
    "a\tb\nc",
    "\x9b2J",
]
_TEXT = st.text(max_size=60) | st.sampled_from(_HOSTILE)
_PIECES = st.lists(st.builds(Piece, _TEXT), min_size=0, max_size=4).map(tuple)
_LINES = st.builds(
    GraphLine,
    rail=st.sampled_from([" ", " │  ", " ├─"]),
    under=st.sampled_from(["", " │  ", " │                 "]),
    pieces=_PIECES,
    tail=st.none() | st.builds(Piece, _TEXT),
)


@given(_LINES, st.integers(24, 160), st.booleans())
def test_no_text_breaks_the_screen(line, width, is_compact):
    shown = list(laid_out(line, width, is_compact=is_compact))
    assert shown
    assert not is_compact or len(shown) == 1
    for pieces in shown:
        text = "".join(text for text, _ in pieces)
        assert cell_len(text) <= max(width, 28)
        assert text.isprintable()


def _text(line, width, **options):
    return ["".join(text for text, _ in pieces).rstrip()
            for pieces in laid_out(line, width, **options)]  # fmt: skip


LINE = GraphLine(
    rail=" ",
    under=" │  ",
    pieces=(Piece("●"), Piece("listener"), Piece("outbound")),
    tail=Piece("it is redirected there, as all are"),
)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (80, [" ● listener outbound  it is redirected there, as all are"]),
        (44, [" ● listener outbound", " │          it is redirected there, as all",
              " │          are"]),
    ],
)  # fmt: skip
def test_a_reason_stands_beside_the_name_or_below_it_under_the_rail(width, lines):
    assert _text(LINE, width) == lines


def test_at_a_glance_a_line_is_a_line():
    assert _text(LINE, 40, is_compact=True) == [" ● listener outbound  it is redirected …"]
    assert _text(LINE, 31, is_compact=True) == [" ● listener outbound"]


def test_a_long_name_is_wrapped_and_an_endless_one_is_cut():
    line = GraphLine(rail=" ", pieces=(Piece("●"), Piece("x" * 10_000)))
    shown = _text(line, 80)
    assert len(shown) < 30
    assert shown[-1].endswith("…")

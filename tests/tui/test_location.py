from __future__ import annotations

from osmscope.report.inventory.document import Ref
from osmscope.tui.location import LONGEST, History, Location

A, B, C = (Location(view="browse", member="m", kind=kind) for kind in ("a", "b", "c"))


def test_back_and_forth():
    history = History(A)
    history.go(B)
    history.go(C)
    assert history.back() == B
    assert history.back() == A
    assert history.back() is None
    assert history.forward() == B
    assert history.present == B


def test_a_new_place_forgets_what_lay_ahead():
    history = History(A)
    history.go(B)
    history.back()
    history.go(C)
    assert history.forward() is None
    assert history.back() == A


def test_the_same_place_again_is_no_step():
    history = History(A)
    history.go(A)
    assert history.back() is None


def test_back_comes_to_the_line_that_was_left():
    history = History(A)
    here = Location(view="browse", member="m", kind="a", ref=Ref("a", "third"))
    history.settle(here)
    history.go(B)
    assert history.back() == here


def test_only_so_many_are_remembered():
    history = History(A)
    for index in range(2 * LONGEST):
        history.go(Location(member=str(index)))
    steps = 0
    while history.back() is not None:
        steps += 1
    assert steps == LONGEST - 1

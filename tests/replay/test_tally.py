"""Counts stay bounded, whatever a log holds."""

from __future__ import annotations

from osmscope.replay.comparing import Difference
from osmscope.replay.tally import MOST_EXAMPLES, MOST_KEYS, OTHER, Tally


def test_differences_are_counted_with_a_few_examples() -> None:
    tally = Tally()
    for number in range(1, 11):
        tally.add_difference(Difference(kind="cluster", was="a", now="b"), number, "x")
    tally.add_difference(Difference(kind="code", was="a", now="b"), 11, "y")
    tally.agree += 1
    tally.add_untold("why", 12, "z")
    assert (tally.lines, tally.differ, tally.untold) == (13, 11, 1)
    (first, count), (second, _) = tally.differences()
    assert (first.kind, second.kind, count.count) == ("cluster", "code", 10)
    assert [one.line for one in count.examples] == [1, 2, 3]


def test_beyond_a_number_of_keys_the_rest_is_counted_together() -> None:
    tally = Tally()
    for number in range(MOST_KEYS + 50):
        tally.add_difference(Difference(kind="cluster", was=str(number), now="b"), number, "x")
        tally.add_untold(str(number), number, "x")
    found = tally.differences()
    assert len(found) == MOST_KEYS + 1
    assert (found[0][0].was, found[0][1].count) == (OTHER, 50)
    assert tally.differ == tally.untold == MOST_KEYS + 50
    assert tally.reasons()[OTHER].count == 50
    assert len(found[0][1].examples) == MOST_EXAMPLES


def test_no_text_is_kept_in_full() -> None:
    tally = Tally()
    tally.add_difference(Difference(kind="code", was="a" * 9999, now="b" * 9999), 1, "c" * 9999)
    ((difference, count),) = tally.differences()
    assert max(map(len, (difference.was, difference.now, count.examples[0].text))) < 400

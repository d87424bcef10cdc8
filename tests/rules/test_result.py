"""Three values, and how they are joined."""

import itertools

import pytest

from osmscope.rules.result import (
    MATCH,
    Match,
    Outcome,
    all_of,
    any_of,
    decided,
    matched,
    missed,
    negated,
    unknown,
)

YES, NO, MAYBE = matched("it is so", "a"), missed("it is not", "b"), unknown("the IP", "c")
NOTHING = missed("there is none")


@pytest.mark.parametrize(
    ("answer", "outcome", "is_match", "is_unknown"),
    [
        (YES, Outcome.MATCH, True, False),
        (NO, Outcome.NO_MATCH, False, False),
        (MAYBE, Outcome.UNKNOWN, False, True),
        (decided(True, ""), Outcome.MATCH, True, False),
        (decided(False, ""), Outcome.NO_MATCH, False, False),
    ],
)
def test_three_values(answer: Match, outcome: Outcome, is_match: bool, is_unknown: bool) -> None:
    assert answer.outcome is outcome
    assert (answer.is_match, answer.is_unknown) == (is_match, is_unknown)


def test_unknown_names_what_is_missing() -> None:
    assert Match(Outcome.UNKNOWN, "the IP is not known", ("c",), "the IP") == MAYBE


@pytest.mark.parametrize(
    ("consulted", "within"), [(("f", ""), ("x.f", "x")), ((), ("x",)), (("f[0]",), ("x.f[0]",))]
)
def test_fields_are_put_below_a_path(consulted: tuple[str, ...], within: tuple[str, ...]) -> None:
    assert matched("", *consulted).within("x").consulted == within


@pytest.mark.parametrize(("one", "other"), [(YES, Outcome.NO_MATCH), (NO, Outcome.MATCH)])
def test_negation_keeps_the_reason(one: Match, other: Outcome) -> None:
    assert negated(one) == Match(other, one.reason, one.consulted)


def test_unknown_stays_unknown_when_negated() -> None:
    assert negated(MAYBE) is MAYBE


@pytest.mark.parametrize("matches", [*itertools.product((YES, NO, MAYBE), repeat=3)])
def test_all_of_fails_at_the_first_failure_else_is_unknown(matches: tuple[Match, ...]) -> None:
    found = all_of(matches)
    assert found is (NO if NO in matches else MAYBE if MAYBE in matches else YES)


@pytest.mark.parametrize("matches", [*itertools.product((YES, NO, MAYBE), repeat=3)])
def test_any_of_matches_at_the_first_match_else_is_unknown(matches: tuple[Match, ...]) -> None:
    found = any_of(matches, NOTHING)
    assert found is (YES if YES in matches else MAYBE if MAYBE in matches else NO)


def test_nothing_to_join() -> None:
    assert all_of([]) is MATCH
    assert any_of([], NOTHING) is NOTHING


@pytest.mark.parametrize(("join", "decides"), [(all_of, NO), (lambda m: any_of(m, NOTHING), YES)])
def test_evaluation_stops_where_it_is_decided(join, decides) -> None:
    asked = iter([MAYBE, decides, YES])
    assert join(asked) is decides
    assert next(asked) is YES

from __future__ import annotations

import pytest

from osmscope.cli import exit_codes
from osmscope.errors import DumpError, SelectorError, SourceError, UnreachableError, UsageError
from osmscope.trace.answer import Answer, OutcomeAnswer


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["forwarded"], 0),
        (["forwarded", "forwarded"], 0),
        (["responded"], 1),
        (["closed"], 1),
        (["forwarded", "responded"], 1),
        (["unknown"], 3),
        (["forwarded", "unknown"], 3),
        (["responded", "unknown"], 1),
        ([], 3),
    ],
)
def test_an_answer_has_the_code_of_its_worst_outcome(verdicts, code):
    outcomes = tuple(OutcomeAnswer(probability=1.0, verdict=verdict) for verdict in verdicts)
    answer = Answer(id=1, exact=True, assumptions=("any",), outcomes=outcomes)
    assert exit_codes.of_answer(answer) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [(UsageError, 2), (DumpError, 2), (SelectorError, 2), (SourceError, 2), (UnreachableError, 4)],
)
def test_an_error_has_one_code(error, code):
    assert exit_codes.of_error(error("x")) == code

"""Exit codes: the only place where answers and errors become numbers.

Decision: an error that nobody foresaw exits with 2 like bad input, because the input caused it and
a script that tells "no answer" from "does not reach" must not take it for the latter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from osmscope.errors import OsmscopeError, UnreachableError

if TYPE_CHECKING:
    from osmscope.trace.answer import Answer

REACHES = 0
"""Every outcome reaches an endpoint; of other commands: done."""
DOES_NOT_REACH = 1
"""At least one outcome does not reach an endpoint."""
BAD_INPUT = 2
"""The command line, a request or a dump cannot be understood; or osmscope itself failed."""
CANNOT_BE_TOLD = 3
"""At least one outcome is unknown, and none fails."""
NOT_REACHABLE = 4
"""The source, an Envoy or a cluster, cannot be reached."""
INTERRUPTED = 130
"""Ended by Ctrl-C."""
TERMINATED = 143
"""Ended by a kill that can be answered."""
PIPE_CLOSED = 141
"""Whoever read the output has gone."""

EXPLAINED = (
    (REACHES, "every outcome reaches an endpoint; other commands: done"),
    (DOES_NOT_REACH, "an outcome does not reach an endpoint"),
    (BAD_INPUT, "usage, or input that cannot be read"),
    (CANNOT_BE_TOLD, "an outcome cannot be told from what is known"),
    (NOT_REACHABLE, "the source cannot be reached"),
)
"""What `--help` says of each code."""


VERIFIED = (
    (REACHES, "Envoy agrees with every trace"),
    (DOES_NOT_REACH, "Envoy decides otherwise"),
    (BAD_INPUT, "usage, or input that cannot be read"),
    (CANNOT_BE_TOLD, "the two could not be compared"),
    (NOT_REACHABLE, "the source cannot be reached"),
)
"""What `osmscope verify --help` says of each code."""


CAPTURED_IN_PART = DOES_NOT_REACH
CAPTURED = (
    (REACHES, "everything is captured"),
    (CAPTURED_IN_PART, "captured, but for the sidecars or parts of them that are named"),
    (BAD_INPUT, "usage, or it cannot be written"),
    (NOT_REACHABLE, "nothing could be reached"),
)
"""What `osmscope capture --help` says of each code."""


def of_results(results: Iterable[str]) -> int:
    """Return the exit code of comparisons: `agree`, `differ` or `not compared` each."""
    found = set(results)
    if "differ" in found:
        return DOES_NOT_REACH
    return CANNOT_BE_TOLD if "not compared" in found else REACHES


def of_answer(answer: Answer) -> int:
    """Return the exit code of one traced request."""
    verdicts = {outcome.verdict for outcome in answer.outcomes}
    if verdicts & {"responded", "closed"}:
        return DOES_NOT_REACH
    return CANNOT_BE_TOLD if "unknown" in verdicts or not verdicts else REACHES


def of_error(error: OsmscopeError) -> int:
    """Return the exit code of an error."""
    return NOT_REACHABLE if isinstance(error, UnreachableError) else BAD_INPUT

"""Runs a file of tests against one proxy; a test that cannot be evaluated fails alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import msgspec

from osmscope.errors import OsmscopeError
from osmscope.resources.proxy import Proxy
from osmscope.route_tests.cases import Case, CaseFile, TableCase
from osmscope.route_tests.lines import lines_of_tests
from osmscope.route_tests.listener_case import run_listener_case
from osmscope.route_tests.result import CaseResult, RunResult
from osmscope.route_tests.table_case import run_table_case
from osmscope.route_tests.tables import RouteTables, Table
from osmscope.trace.completion import Completion
from osmscope.trace.sidecar import Sidecar
from osmscope.trace.tracer import Tracer


class Runner:
    """Runs tests against one proxy.

    Args:
        proxy: The proxy's resources.
        completion: What fills in the destinations that requests leave open.
        tables: The route tables under test.
        clock: Seconds, for how long a test took.
    """

    def __init__(
        self,
        proxy: Proxy,
        completion: Completion,
        tables: RouteTables,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._tables = tables
        self._completion = completion
        self._tracer = Tracer(proxy)
        self._sidecar = Sidecar(proxy)
        self._clock = clock

    def run(self, cases: CaseFile, *, file: str) -> RunResult:
        """Run a file of tests.

        Args:
            cases: The tests.
            file: What the file is called.

        Raises:
            SelectorError: A test names a route table that is not there, or names none of several.
        """
        started = self._clock()
        # A table that nobody can name is the user's to correct, not one test's failure.
        tables = [self._table(case) for case in cases.cases]
        results = tuple(
            self._timed(case, table, cases.runtime)
            for case, table in zip(cases.cases, tables, strict=True)
        )
        return RunResult(
            file=file,
            results=_placed(results, cases.text),
            coverage=self._tables.coverage(results),
            seconds=self._clock() - started,
        )

    def _table(self, case: Case) -> Table | None:
        return self._tables.choose(case.route_config) if isinstance(case, TableCase) else None

    def _timed(self, case: Case, table: Table | None, runtime: Mapping[str, object]) -> CaseResult:
        started = self._clock()
        try:
            result = self._result(case, table, runtime)
        except OsmscopeError as error:
            result = CaseResult(name=case.name, error=str(error))
        except Exception as error:  # one test must not cost the results of the others
            text = f"internal error: {type(error).__name__}: {error}"
            result = CaseResult(name=case.name, error=text)
        return msgspec.structs.replace(result, seconds=self._clock() - started)

    def _result(self, case: Case, table: Table | None, runtime: Mapping[str, object]) -> CaseResult:
        if isinstance(case, TableCase):
            assert table is not None
            return run_table_case(case, table, self._sidecar, runtime)
        given = {**runtime, **(case.input.runtime or {})}
        request = msgspec.structs.replace(case.input, runtime=given or None)
        case = msgspec.structs.replace(case, input=request)
        return run_listener_case(case, self._tracer, self._completion)


def _placed(results: tuple[CaseResult, ...], text: bytes) -> tuple[CaseResult, ...]:
    """Tell of those that fail where they stand."""
    if all(result.passed for result in results):
        return results
    lines = lines_of_tests(text)
    if len(lines) != len(results):
        return results
    return tuple(
        result if result.passed else msgspec.structs.replace(result, line=line)
        for result, line in zip(results, lines, strict=True)
    )

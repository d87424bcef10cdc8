"""What came of the tests."""

import msgspec

from osmscope.resources.route import Route
from osmscope.trace.answer import Step

NOTHING = '""'
"""How a value that is not there is written, as in the files of tests."""


class Mismatch(msgspec.Struct, frozen=True):
    """One expectation that does not hold."""

    field: str
    expected: str
    actual: str


class RouteId(msgspec.Struct, frozen=True):
    """A route: its table, its virtual host and its place there."""

    route_config: str
    virtual_host: str
    index: int


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one test."""

    name: str
    mismatches: tuple[Mismatch, ...] = ()
    steps: tuple[Step, ...] = ()
    """The decisions that explain the mismatches."""
    assumptions: tuple[str, ...] = ()
    """What the answer rests on."""
    reached: frozenset[RouteId] = frozenset()
    """The routes that the request gets."""
    error: str = ""
    """Why the request could not be evaluated."""
    seconds: float = 0.0
    line: int = 0
    """Where a test that fails stands in its file; 0 where that is not known."""

    @property
    def passed(self) -> bool:
        """Whether everything that is expected holds."""
        return not self.mismatches and not self.error


class ListedRoute(msgspec.Struct, frozen=True):
    """A route of the tables under test, and where it stands."""

    id: RouteId
    route: Route


class Coverage(msgspec.Struct, frozen=True):
    """How many routes a passing test reaches, and which none does."""

    routes: int
    unreached: tuple[ListedRoute, ...]

    @property
    def percent(self) -> float:
        """The share of the routes that are reached; 100 where there is none."""
        return 100 * (self.routes - len(self.unreached)) / self.routes if self.routes else 100.0


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a file of tests."""

    file: str
    results: tuple[CaseResult, ...]
    coverage: Coverage
    seconds: float = 0.0

    @property
    def failed(self) -> int:
        """How many tests fail."""
        return sum(not result.passed for result in self.results)

"""One stand-in and one set of certificates for all tests; an Envoy for each batch."""

from collections.abc import Iterator

import pytest

from tests.oracle.envoy_batch import Oracle, oracle
from tests.oracle.rule_coverage import RuleCoverage


@pytest.fixture(scope="session")
def envoy_oracle() -> Iterator[Oracle]:
    """Give what puts cases to a real Envoy."""
    with oracle() as one:
        yield one


@pytest.fixture(scope="session")
def rule_coverage(pytestconfig: pytest.Config) -> Iterator[RuleCoverage | None]:
    """Count which rules take part, where `--oracle-coverage` asks for it; None where not."""
    option = pytestconfig.option
    if not option.oracle_coverage:
        yield None
        return
    coverage = RuleCoverage()
    yield coverage
    coverage.write(option.oracle_seed, option.oracle_cases)

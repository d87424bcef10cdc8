"""What all tests share: what they need from outside, and that CI skips nothing."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing of osmscope.
settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the tests against a real Envoy, `tests/oracle/`."""
    group = parser.getgroup("oracle", "random cases put to osmscope and to a real Envoy")
    group.addoption("--oracle-cases", type=int, default=6000, help="how many requests to draw")
    group.addoption("--oracle-seed", type=int, help="draw those of an earlier run again")
    group.addoption("--oracle-coverage", action="store_true", help="write COVERAGE.md")


def pytest_configure(config: pytest.Config) -> None:
    """Draw the seed of this run, where none is given."""
    if config.option.oracle_seed is None:
        config.option.oracle_seed = random.SystemRandom().randrange(10**6)


def pytest_report_header(config: pytest.Config) -> str:
    """Print what it takes to draw the same cases again."""
    option = config.option
    return f"oracle: --oracle-cases {option.oracle_cases} --oracle-seed {option.oracle_seed}"


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in CI that skipped a test: a check that is skipped there checks nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    if skipped and os.environ.get("CI") and exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"{len(skipped)} tests were skipped in CI", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask no cluster of whoever runs the tests: those that need one name theirs."""
    monkeypatch.setenv("KUBECONFIG", "/nowhere/kubeconfig")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real dumps and of what real Envoys did, beside the checkout."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the folder ../shared: real dumps, and what real Envoys did")
    return folder


@pytest.fixture(scope="session")
def bookstore() -> Path:
    """The snapshot of a mesh."""
    return ROOT / "fixtures/bookstore"


@pytest.fixture(scope="session")
def bookbuyer(bookstore: Path) -> Path:
    """The folder of one pod."""
    return next(bookstore.glob("pods/*/bookbuyer*"))


@pytest.fixture(scope="session")
def live_envoy() -> Iterator[str]:
    """The admin address of a real Envoy with resources in all states."""
    from tests.live_envoy import running_envoy

    with running_envoy() as address:
        yield address

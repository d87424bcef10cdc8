"""Holds that each rule is covered whole, branches too, by its own test file.

`python -m tests.rules.own_coverage` runs the tests of the rules once, with the test noted beside
each line that it ran, and then asks of each rule what its own file of tests reached. A rule that
only its neighbours' tests reach is a rule whose table of behaviour has a hole.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).parents[2]
RULES = Path("osmscope/rules")
TESTS = Path("tests/rules")


def test_file_of(rule: Path) -> Path:
    """Return the file of tests that a rule has to have.

    Args:
        rule: The path of the rule's file from the project's root.
    """
    folder = TESTS / rule.relative_to(RULES).parent
    return folder / f"test_{rule.name}"


def missing(measured: coverage.Coverage, rule: Path, report: Path) -> list[str]:
    """Return the lines and branches of a rule that its own tests do not run.

    Args:
        measured: What ran, each line with the test that ran it.
        rule: The path of the rule's file from the project's root.
        report: A file that may be written over.
    """
    own = re.escape(test_file_of(rule).as_posix())
    contexts = ["^$", rf"^{own}::"]  # the empty context is the import
    try:
        measured.json_report(morfs=[str(rule)], contexts=contexts, outfile=str(report))
    except coverage.exceptions.NoDataError:
        return ["all of it"]
    (found,) = json.loads(report.read_text())["files"].values()
    lines = [f"line {line}" for line in found["missing_lines"]]
    return lines + [f"branch {start} to {end}" for start, end in found["missing_branches"]]


def main() -> int:
    """Run the tests of the rules and list what is not covered; 1 where anything is not."""
    with tempfile.TemporaryDirectory() as folder:
        data, report = Path(folder, "coverage"), Path(folder, "report.json")
        os.environ["COVERAGE_FILE"] = str(data)
        measure = [f"--cov={RULES}", "--cov-branch", "--cov-context=test", "--cov-report="]
        code = pytest.main(["-q", "--no-header", str(TESTS), *measure])
        if code:
            return int(code)
        measured = coverage.Coverage(data_file=str(data), branch=True)
        measured.load()
        return _tell(measured, report)


def _tell(measured: coverage.Coverage, report: Path) -> int:
    rules = sorted(path for path in RULES.rglob("*.py") if path.name != "__init__.py")
    holes = {rule: missing(measured, rule, report) for rule in rules}
    for rule, found in holes.items():
        if found:
            print(f"{rule}: {test_file_of(rule)} misses {', '.join(found[:12])}")
    whole = sum(not found for found in holes.values())
    print(f"{whole} of {len(rules)} rules are covered whole by their own tests")
    return int(whole < len(rules))


if __name__ == "__main__":
    sys.exit(main())

"""Counts by how many cases each rule was held against Envoy.

A rule took part in a case if any function of its file ran while the answer was worked out, with
nothing remembered from the cases before; a rule that only explains took part where what it says was
compared (`explained.py`). Only cases in which both agreed count. That a rule took part is more than
that its file was imported, and less than that it alone decided.
"""

import ast
import contextlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType

from osmscope import rules

FOLDER = Path(rules.__file__).parent
TABLE = Path(__file__).parent / "COVERAGE.md"

HEAD = """# What the oracle tests cover

Each rule with the number of random cases in which it took part and osmscope agreed with a real
Envoy 1.40.0. Written by `pytest tests/oracle --oracle-coverage --oracle-cases {cases}`
(seed {seed}, {total} cases); how it is counted stands in `rule_coverage.py`.

| rule | cases | none, because |
| --- | ---: | --- |
"""

_KERNEL = "the pod's Linux kernel decides it, not Envoy; held by tests of its own"
WITHOUT_CASES = {
    "filter_chain_losers.py": (
        "says only why other chains lost, which Envoy does not tell; its tests hold each reason"
    ),
    "interception.py": _KERNEL,
    "iptables.py": _KERNEL,
}
"""Why rules are held against no random case."""
_TYPES_ALONE = "types alone: nothing is decided in it"
NOT_MET = "no case of this run met it"


def without_cases(path: Path) -> str:
    """Say why a rule has no case."""
    tree = ast.parse(path.read_text())
    if not any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree)):
        return _TYPES_ALONE
    return WITHOUT_CASES.get(path.relative_to(FOLDER).as_posix(), NOT_MET)


class RuleCoverage:
    """The counts of one run."""

    def __init__(self) -> None:
        self.cases = 0
        self._counts: Counter[str] = Counter()
        self._ran: set[str] = set()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Note the files whose functions run."""
        self._ran = set()
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(None)

    def agreed(self, further: Iterable[str] = ()) -> None:
        """Count what was noted last.

        Args:
            further: Rules whose words were compared too, as paths within `osmscope/rules`.
        """
        self.cases += 1
        prefix = str(FOLDER)
        ran = {name for name in self._ran if name.startswith(prefix)}
        self._counts.update(ran | {str(FOLDER / name) for name in further})

    def write(self, seed: int, cases: int) -> None:
        """Write the table, every rule in it."""
        lines = []
        for path in sorted(FOLDER.rglob("*.py")):
            if path.name != "__init__.py":
                name = path.relative_to(FOLDER).as_posix()
                count = self._counts[str(path)]
                reason = "" if count else without_cases(path)
                lines.append(f"| `rules/{name}` | {count} | {reason} |\n")
        head = HEAD.format(cases=cases, seed=seed, total=self.cases)
        TABLE.write_text(head + "".join(lines))

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            self._ran.add(frame.f_code.co_filename)

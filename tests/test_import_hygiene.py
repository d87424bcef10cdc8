"""Start-up time is a feature: what is imported when is held by running it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "click", "cryptography", "httpcore", "httpx", "jmespath", "kr8s", "networkx", "rich",
    "textual", "yaml", "zstandard",
)  # fmt: skip


def _loaded(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "module",
    [
        "osmscope",
        "osmscope.dump.sections",
        "osmscope.resources.proxy",
        "osmscope.trace.tracer",
        "osmscope.trace.batch",
        "osmscope.report.text",
        "osmscope.session.tracing",
    ],
)
def test_the_core_loads_nothing_heavy(module):
    assert _loaded(f"import {module}") & set(HEAVY) == set()


def test_help_imports_no_command():
    loaded = _loaded("from osmscope.cli.main import run\nrun(['--help'])")
    assert loaded & (set(HEAVY) - {"click"}) == set()
    assert not {name for name in loaded if name.startswith("osmscope.trace")}
    assert "msgspec" not in loaded


def test_a_trace_loads_neither_rich_nor_networkx():
    loaded = _loaded("import osmscope.cli.trace")
    assert loaded & (set(HEAVY) - {"click"}) == set()

"""Runs the command line in this process, as a shell would see it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from osmscope.cli.main import run


class Done(msgspec.Struct, frozen=True):
    """What a run left."""

    code: int
    out: str
    err: str


@pytest.fixture
def osmscope(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Done]:
    """Run a command line."""
    for name in ("NO_COLOR", "FORCE_COLOR", "OSMSCOPE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments: object) -> Done:
        capfd.readouterr()
        try:
            code = run([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capfd.readouterr()
        return Done(code, out, err)

    return call

"""Opens the UI without a terminal, with a clock that stands still."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from textual.pilot import Pilot
from textual.worker import Worker, WorkerCancelled

from osmscope.session.mesh_model import open_mesh
from osmscope.session.sources import SourceOptions
from osmscope.tui.app import ScopeApp

NOW = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.UTC)
_MOST = 100
"""Times that it is looked whether anything is still at work."""
_SHORT = 0.3
"""Seconds of the longest timer that waits for the user to rest."""
Opened = AbstractAsyncContextManager[Pilot[None]]
Open = Callable[..., Opened]


@pytest.fixture
def anyio_backend() -> str:
    """Textual runs on asyncio."""
    return "asyncio"


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of many colours."""
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "TEXTUAL_DRIVER"):
        monkeypatch.delenv(name, raising=False)


async def settle(pilot: Pilot[None]) -> None:
    """Wait until every worker is done, no short timer runs, and everything is drawn."""
    await pilot.pause()
    for _ in range(_MOST):  # a sidecar that is read again all the time never rests
        workers = _at_work(pilot)
        if not workers and not _is_timed(pilot):
            return
        for worker in workers:
            with contextlib.suppress(WorkerCancelled):
                await worker.wait()
        await pilot.pause(0.01)
        await pilot.pause()


def _at_work(pilot: Pilot[None]) -> list[Worker[object]]:
    return [w for w in pilot.app.workers if w.group != "count" and not w.is_finished]


def _is_timed(pilot: Pilot[None]) -> bool:
    """Whether something happens when the user has rested for a moment."""
    pumps = [pilot.app, pilot.app.screen, *pilot.app.screen.walk_children()]
    timers = [timer for pump in pumps for timer in pump._timers]
    return any(
        t._repeat == 0 and t._interval <= _SHORT and t._task is not None and not t._task.done()
        for t in timers
    )


async def counted(pilot: Pilot[None]) -> None:
    """Wait until all kinds are counted too."""
    await pilot.app.workers.wait_for_complete()
    await settle(pilot)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys one after the other, and wait for what comes of each."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def screen_text(pilot: Pilot[None]) -> str:
    """Return what is on the screen, as plain lines."""
    app = pilot.app
    height = app.size.height
    compositor = app.screen._compositor
    lines = compositor.render_strips()
    return "\n".join("".join(s.text for s in strip).rstrip() for strip in lines[:height])


@pytest.fixture
def open_app() -> Open:
    """Open the UI on sources; the demo where none are given."""

    @asynccontextmanager
    async def opened(
        *sources: str, size: tuple[int, int] = (120, 36), **options: object
    ) -> AsyncIterator[Pilot[None]]:
        given = {k: options.pop(k) for k in ("from_", "dump", "clusters") if k in options}
        if not sources and not given:
            given = {"from_": "demo"}
        offers_tour = bool(options.pop("offers_tour", False))
        app = ScopeApp(open_mesh(sources, SourceOptions(**given)), now=lambda: NOW, **options)
        app.offers_tour = offers_tour
        async with app.run_test(size=size, notifications=True) as pilot:
            await settle(pilot)
            yield pilot

    return opened

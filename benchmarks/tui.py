"""Measures the terminal UI: how soon it is there, how long each key takes, what memory it needs.

    python benchmarks/tui.py

For meshes of 100, 1,000 and 10,000 services, each dump in processes of its own:

* opening, in a real terminal (a pty of 120×40): seconds from the start of the process to the first
  paint and to the list of clusters; of the latter also the processor's, beside those of `json.load`
  of the same file, run in turn;
* keys, through Textual's pilot: milliseconds from the key until the screen shows what it did, the
  median and the worst; of filters, scrolling, kinds, the opening of the trace view, and a request
  typed into it, key by key;
* memory: the most that the process held in all of that, beside that of `osmscope trace`.

Prints the load of the machine too: what is measured on a busy one is too long.
"""

import asyncio
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from generate import PORT, service
from run import ENVIRONMENT, OSMSCOPE, python, run

SERVICES = (100, 1000, 10000)
SIZE = (120, 40)
RUNS = 5
LONGEST = 20.0
"""Seconds after which something is wrong."""
FIRST_PAINT, LIST = b"osmscope", b"|".join((b"/".join(map(str.encode, service(0))), b"14001"))
"""What stands on the screen then: the crumbs; the first cluster."""


# In a terminal


def opened(command: list[str], texts: Iterable[bytes]) -> list[float]:
    """Run a command in a terminal and end it.

    Returns:
        After how many seconds it wrote each text, then how many were the processor's.
    """
    pid, terminal = pty.fork()
    begin = time.perf_counter()
    if pid == 0:
        os.execve(command[0], command, ENVIRONMENT | {"TERM": "xterm-256color"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *reversed(SIZE), 0, 0))
    written, times = b"", []
    try:
        for text in texts:
            while text not in written:
                if not select.select([terminal], [], [], LONGEST)[0]:
                    raise SystemExit(f"{text!r} does not appear: {' '.join(command)}")
                written += os.read(terminal, 1 << 16)
            times.append(time.perf_counter() - begin)
    finally:
        os.kill(pid, signal.SIGKILL)
        usage = os.wait4(pid, 0)[2]
        os.close(terminal)
    return [*times, usage.ru_utime + usage.ru_stime]


def measure_opening(dump: str) -> None:
    """Open a dump in a terminal, again and again, in turn with what everybody has."""
    ours = [*OSMSCOPE, "tui", dump]
    theirs = python("import json,sys; json.load(open(sys.argv[1]))", dump)
    opened(ours, (FIRST_PAINT, LIST)), run(theirs)
    pairs = [(opened(ours, (FIRST_PAINT, LIST)), run(theirs)[0]) for _ in range(RUNS)]
    paint, listed, spent = map(statistics.median, zip(*(times for times, _ in pairs), strict=True))
    base = statistics.median(loaded for _, loaded in pairs)
    ratio = statistics.median(times[-1] / loaded for times, loaded in pairs)
    tell("first paint", f"{paint:5.2f} s")
    tell("list shown", f"{listed:5.2f} s")
    tell("  of which the processor's", f"{spent:5.2f} s, {ratio:.2f} × json.load ({base:.2f} s)")


# Through the pilot


class Shown:
    """Tells when the screen first shows that something has changed."""

    def __init__(self, app) -> None:
        self._display = app._display
        self._state, self._before, self.at = (lambda: None), None, None
        app._display = self._displayed

    def _displayed(self, screen, renderable) -> None:
        self._display(screen, renderable)
        if self.at is None and self._state() not in (None, self._before):
            self.at = time.perf_counter()

    async def after(self, pilot, key: str, state: Callable[[], object]) -> float:
        """Press a key; return the seconds until the screen shows another state than before."""
        self._state, self._before, self.at = state, state(), None
        begin = time.perf_counter()
        await pilot.press(key)
        while self.at is None:
            if time.perf_counter() - begin > LONGEST:
                raise SystemExit(f"{key!r} shows nothing")
            await asyncio.sleep(0.01)
        return self.at - begin

    async def all(self, pilot, keys: Iterable[str], state: Callable[[], object]) -> list[float]:
        """Press keys, each when the one before is shown."""
        return [await self.after(pilot, key, state) for key in keys]


def tell(what: str, words: str) -> None:
    """Print a line."""
    print(f"  {what:34} {words}", flush=True)


def tell_keys(what: str, times: list[float]) -> None:
    """Print how long keys took."""
    tell(what, f"{1000 * statistics.median(times):4.0f} ms, worst {1000 * max(times):4.0f} ms")


async def measure_keys(dump: str) -> None:
    """Open a dump and press keys."""
    from osmscope.session.mesh_model import open_mesh
    from osmscope.session.sources import SourceOptions
    from osmscope.tui.app import ScopeApp

    app = ScopeApp(open_mesh((), SourceOptions(dump=dump)))
    async with app.run_test(size=SIZE) as pilot:
        while app.view is None or not app.view.table.count():
            await asyncio.sleep(0.02)
        await app.workers.wait_for_complete()
        shown = Shown(app)
        await _filters(pilot, shown, "cluster", app.view.table)
        await _scrolling(pilot, shown, app.view.table)
        for key in (":", *"filter", "enter"):
            await pilot.press(key)
        await app.workers.wait_for_complete()
        await _filters(pilot, shown, f"of {app.view.table.total()} filters", app.view.table)
        kinds = ["shift+tab", "tab"] * 3
        kinds = await shown.all(pilot, kinds, lambda: _kind(app.view.table))
        tell_keys("another kind", kinds)
        await _trace(pilot, shown, app)


def _kind(table) -> object:
    return table.listing.kind if table.listing is not None and table.count() else None


async def _filters(pilot, shown: Shown, what: str, table) -> None:
    for form, typed in (("", "service-05"), (", RE2", "e-0.*[13]"), (", fuzzy", "-f sv5")):
        await pilot.press("slash")
        times = await shown.all(pilot, typed, lambda: (table.filter.text, table.count()))
        tell_keys(f"filter {what}{form}", times)
        await pilot.press("escape")
        await pilot.press("escape")


async def _scrolling(pilot, shown: Shown, table) -> None:
    pages = ["pagedown", "pagedown", "pageup", "end", "home"] * 4
    tell_keys("scroll: page, end, home", await shown.all(pilot, pages, lambda: table.cursor))
    lines = ["j", "j", "k", "G", "g"] * 4
    tell_keys("scroll: j, k, G, g", await shown.all(pilot, lines, lambda: table.cursor))


async def _trace(pilot, shown: Shown, app) -> None:
    """Type a request, and change its path and a header of it."""
    member = next(iter(app.mesh.members))
    namespace, name = service(app.inventory(member).count("cluster") // 2)
    await app.trace(member)
    await app.workers.wait_for_complete()
    screen, answers = app.view, []
    for told in ("answered", "failed", "unasked"):
        _notice(screen, told, answers)
    target = f"{name}.{namespace}:{PORT}"
    tell_keys("trace: target", await shown.all(pilot, target, lambda: len(answers)))
    tell_keys("trace: path", await shown.all(pilot, "/books/1", lambda: len(answers)))
    if not screen.told.traced.answer.outcomes[0].endpoints:
        raise SystemExit("the request that was typed reaches no endpoint")


def _notice(screen, name: str, answers: list[str]) -> None:
    """Count how often the screen is told of an answer."""
    tell = getattr(screen, name)

    def noticing(what: object) -> None:
        tell(what)
        answers.append(name)

    setattr(screen, name, noticing)


# All of it


def measure(services: int, dump: str) -> None:
    """Measure one dump."""
    generate = [sys.executable, str(Path(__file__).with_name("generate.py")), str(services), dump]
    subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
    size = Path(dump).stat().st_size / 1e6
    print(f"{services} services, {size:.0f} MB, load {os.getloadavg()[0]:.1f}", flush=True)
    measure_opening(dump)
    _, mine = run([sys.executable, __file__, dump], stdout=None)
    namespace, name = service(services // 2)
    _, traced = run([*OSMSCOPE, "trace", "--dump", dump, f"{name}.{namespace}:{PORT}"])
    tell("peak memory", f"{mine:4.0f} MiB, {mine / traced:.1f} × trace ({traced:.0f} MiB)")


def main() -> None:
    """Measure each size in processes of its own."""
    if len(sys.argv) == 2:
        asyncio.run(measure_keys(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        for services in SERVICES:
            measure(services, str(Path(folder, f"osm-{services}.json")))


if __name__ == "__main__":
    main()

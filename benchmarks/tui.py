"""Measures the terminal UI through Textual's pilot: time to the first paint and per keystroke.

    python benchmarks/tui.py

Prints, for meshes of 100, 1,000 and 10,000 services: seconds from the start of the process to the
first paint of the whole table; milliseconds from a key of a filter, of the cursor and of a
change of kind until the screen shows it (median and worst); and peak memory beside that of
`osmscope trace`.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SERVICES = (100, 1000, 10000)
SIZE = (120, 40)
HERE = Path(__file__).parent


def _percentiles(times: list[float]) -> str:
    return f"{1000 * statistics.median(times):4.0f} ms, worst {1000 * max(times):4.0f} ms"


class Shown:
    """Tells when the screen first shows that something has changed."""

    def __init__(self, app) -> None:
        self._display = app._display
        self._state, self._before, self.at = (lambda: None), None, None
        app._display = self._displayed

    def _displayed(self, screen, renderable) -> None:
        self._display(screen, renderable)
        if self.at is None and self._state() != self._before:
            self.at = time.perf_counter()

    async def after(self, pilot, key: str, state) -> float:
        """Press a key; return the seconds until the screen shows what it did."""
        self._state, self._before, self.at = state, state(), None
        begin = time.perf_counter()
        await pilot.press(key)
        while self.at is None:
            await asyncio.sleep(0.01)
        return self.at - begin


async def _measure(dump: str, begin: float) -> None:
    from osmscope.session.mesh_model import open_mesh
    from osmscope.session.sources import SourceOptions
    from osmscope.tui.app import ScopeApp

    app = ScopeApp(open_mesh((), SourceOptions(dump=dump)))
    async with app.run_test(size=SIZE) as pilot:
        while app.view is None or not app.view.table.count():
            await asyncio.sleep(0.02)
        await pilot.pause()
        print(f"  first paint        {time.time() - begin:6.2f} s", flush=True)
        await app.workers.wait_for_complete()
        table, shown = app.view.table, Shown(app)
        await pilot.press("slash")
        times = [
            await shown.after(pilot, key, lambda: (table.filter.text, table.count()))
            for key in "service-05"
        ]
        print("  filter keystroke  ", _percentiles(times))
        await pilot.press("escape")
        keys = ["j", "k", "G", "g"] * 5
        times = [await shown.after(pilot, key, lambda: table.cursor) for key in keys]
        print("  cursor keystroke  ", _percentiles(times))
        times = [await shown.after(pilot, "tab", lambda: _kind(table)) for _ in range(2)]
        print("  kind keystroke    ", _percentiles(times))


def _kind(table) -> object:
    return table.listing.kind if table.listing is not None else None


def _peak(command: list[str]) -> float:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_maxrss / 1024


def main() -> None:
    """Measure each size in a process of its own."""
    if len(sys.argv) == 3:
        asyncio.run(_measure(sys.argv[1], float(sys.argv[2])))
        return
    with tempfile.TemporaryDirectory() as folder:
        for services in SERVICES:
            dump = str(Path(folder, f"osm-{services}.json"))
            generate = [sys.executable, str(HERE / "generate.py"), str(services), dump]
            subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
            print(f"{services} services, {Path(dump).stat().st_size / 1e6:.0f} MB")
            command = [sys.executable, __file__, dump, str(time.time())]
            process = subprocess.Popen(command)
            _, _, usage = os.wait4(process.pid, 0)
            host = "service-00001.namespace-001:14001"
            traced = _peak([sys.executable, "-m", "osmscope", "trace", "--dump", dump, host])
            mine = usage.ru_maxrss / 1024
            print(f"  peak memory        {mine:4.0f} MiB, {mine / traced:.1f} × trace", flush=True)


if __name__ == "__main__":
    main()

"""Measures osmscope against what everybody has: `json.loads`, `import click`. Prints ratios.

    python benchmarks/run.py

Ratios of one run are what counts: both sides are measured in turn on the same machine, and the
median of the runs is taken. Seconds are the processor's, so that other work on the machine tells
little. Needs osmscope installed, and about a minute.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from generate import service

RUNS = 5
SERVICES = (100, 1000, 10000)
BATCH = 20000
BOOKSTORE = Path(__file__).parents[1] / "fixtures" / "bookstore"
POD = BOOKSTORE / "pods" / "bookbuyer" / "bookbuyer-5ccf77f46d-rc5mg"
OSMSCOPE = [sys.executable, "-m", "osmscope"]
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
"""Compiled modules are kept, as where osmscope is installed."""


def python(code: str, *arguments: str) -> list[str]:
    """Return the command that runs a piece of Python."""
    return [sys.executable, "-c", code, *arguments]


def run(command: list[str], stdout: int | None = subprocess.DEVNULL) -> tuple[float, float]:
    """Run a command; return its seconds of the processor and its peak memory in MiB."""
    process = subprocess.Popen(command, stdout=stdout, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = usage.ru_utime + usage.ru_stime
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"failed: {' '.join(command)}")
    return seconds, usage.ru_maxrss / 1024


def compare(name: str, ours: list[str], other: str, theirs: list[str]) -> None:
    """Run two commands in turn and print the medians and their ratio."""
    run(ours), run(theirs)
    pairs = [(run(ours), run(theirs)) for _ in range(RUNS)]
    mine = statistics.median(pair[0][0] for pair in pairs)
    base = statistics.median(pair[1][0] for pair in pairs)
    ratio = statistics.median(pair[0][0] / pair[1][0] for pair in pairs)
    memory = max(pair[0][1] for pair in pairs)
    print(
        f"{name:34} {mine:6.2f} s  {memory:4.0f} MiB   {ratio:5.2f} × {other} ({base:.2f} s)",
        flush=True,
    )


def big_dumps(folder: Path) -> None:
    """Trace one request through dumps of growing meshes, against `json.load` of the same file."""
    for services in SERVICES:
        path = folder / f"osm-{services}.json"
        # In a process of its own: a child's peak memory counts what its parent had at the fork.
        generate = str(Path(__file__).with_name("generate.py"))
        command = [sys.executable, generate, str(services), str(path)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        namespace, name = service(services // 2)
        size = path.stat().st_size / 1e6
        compare(
            f"trace, {services} services, {size:.0f} MB",
            [*OSMSCOPE, "trace", "--dump", str(path), f"{name}.{namespace}:14001"],
            "json.load",
            python("import json,sys; json.load(open(sys.argv[1]))", str(path)),
        )


def start_up() -> None:
    """Compare the start with that of click alone."""
    click = python("import click")
    compare("osmscope --help", [*OSMSCOPE, "--help"], "import click", click)
    trace = [*OSMSCOPE, "trace", "bookbuyer", "bookstore:14001", "--from", str(BOOKSTORE)]
    compare("osmscope trace, bookstore", trace, "import click", click)


def batch(folder: Path) -> None:
    """Answer many request lines with one process."""
    lines = [json.loads(line) for line in (BOOKSTORE / "requests.jsonl").open()]
    requests = [line["request"] for line in lines if line["pod"].startswith("bookbuyer/")]
    requests = [request for request in requests if request.get("protocol") != "tcp"]
    timed(folder, "the recorded requests, again and again", lambda n: requests[n % len(requests)])
    timed(
        folder,
        "each request with another path",
        lambda n: {**requests[n % len(requests)], "path": f"/{n}"},
    )


def timed(folder: Path, name: str, request: Callable[[int], dict[str, object]]) -> None:
    """Write a batch, answer it, print the rate."""
    path = folder / "requests.jsonl"
    with path.open("w") as file:
        for number in range(BATCH):
            file.write(json.dumps(request(number)) + "\n")
    dump = ["--dump", str(POD / "config_dump.json"), "--clusters", str(POD / "clusters.json")]
    command = [*OSMSCOPE, "trace", *dump, "--requests", str(path), "-o", "jsonl"]
    run(command)
    seconds = statistics.median(run(command)[0] for _ in range(RUNS))
    print(f"batch: {name:40} {BATCH / seconds:8.0f} requests a second", flush=True)


def main() -> None:
    """Run all measurements."""
    with tempfile.TemporaryDirectory() as folder:
        start_up()
        batch(Path(folder))
        big_dumps(Path(folder))


if __name__ == "__main__":
    main()

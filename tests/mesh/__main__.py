"""``python -m tests.mesh``: run the meshes, record them, check the records, clean up."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from tests.mesh import network
from tests.mesh.demo import MESHES
from tests.mesh.errors import MeshError
from tests.mesh.normalise import differences
from tests.mesh.record import record
from tests.mesh.running import clean, running_mesh
from tests.mesh.topology import Release

FIXTURES = Path(__file__).parents[2] / "fixtures"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def up(release: Release) -> int:
    """Run a mesh until Ctrl-C."""
    with running_mesh(release) as running:
        for pod in running.mesh.pods:
            _say(f"{pod.name:<32} ip netns exec {network.namespace(release, pod)} bash")
        _say("Envoy's admin page is http://127.0.0.1:15000 in each. Ctrl-C ends the mesh.")
        signal.pause()
    return 0


def record_all(output: Path) -> int:
    """Record every mesh below ``output``."""
    for release, mesh in MESHES.items():
        count = record(release, output / mesh.name)
        _say(f"{output / mesh.name}: {len(mesh.pods)} sidecars, {count} requests")
    return 0


def check(fixtures: Path) -> int:
    """Record every mesh again, elsewhere, and compare; 1 if something other than a lot differs."""
    found = 0
    with tempfile.TemporaryDirectory(prefix="osmscope-mesh-check-") as folder:
        for release, mesh in MESHES.items():
            record(release, Path(folder) / mesh.name)
            for difference in differences(fixtures / mesh.name, Path(folder) / mesh.name):
                _say(f"{mesh.name}: {difference}")
                found += 1
    _say("the fixtures are what the meshes give" if not found else f"{found} differences")
    return min(found, 1)


def down() -> int:
    """Remove what a killed run left behind."""
    for release in MESHES:
        for name in clean(release):
            _say(f"deleted {name}")
    return 0


def main() -> int:
    """Parse the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m tests.mesh", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up_command = commands.add_parser("up", help="run a mesh until Ctrl-C")
    up_command.add_argument("release", nargs="?", choices=list(MESHES), default="1.2")
    record_command = commands.add_parser("record", help="make the fixtures again")
    record_command.add_argument("--output", type=Path, default=FIXTURES)
    commands.add_parser("check", help="make them elsewhere and compare")
    commands.add_parser("down", help="remove what a killed run left")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _terminated)
    if arguments.command == "up":
        return up(arguments.release)
    if arguments.command == "record":
        return record_all(arguments.output)
    return check(FIXTURES) if arguments.command == "check" else down()


def _terminated(signal_number: int, frame: object) -> NoReturn:
    """End as Ctrl-C does, so that everything is taken down."""
    raise SystemExit(128 + signal_number)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MeshError as error:
        sys.exit(f"python -m tests.mesh: {error}")
    except KeyboardInterrupt:
        sys.exit(130)

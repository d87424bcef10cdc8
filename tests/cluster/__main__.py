"""``python -m tests.cluster``: build what a cluster is made of, run one, clean up."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from typing import NoReturn

from tests.cluster.binaries import build
from tests.cluster.errors import ClusterError
from tests.cluster.running import clean, running_cluster
from tests.cluster.users import ADMIN, RULES


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def build_all() -> int:
    """Build kube-apiserver and KWOK, once."""
    start = time.monotonic()
    folder = build()
    _say(f"{folder}: built in {time.monotonic() - start:.0f} s")
    return 0


def up() -> NoReturn:
    """Run a cluster until Ctrl-C."""
    start = time.monotonic()
    with running_cluster() as cluster:
        for user in (ADMIN, *RULES):
            _say(f"{user:<16} KUBECONFIG={cluster.kubeconfig(user)}")
        _say(f"{cluster.server} after {time.monotonic() - start:.1f} s. Ctrl-C ends it.")
        while True:  # a signal just before signal.pause() would be waited out
            time.sleep(1)


def down() -> int:
    """Remove what a killed run left behind."""
    for name in clean():
        _say(f"deleted {name}")
    return 0


def main() -> int:
    """Parse the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build kube-apiserver and KWOK, once").set_defaults(
        run=build_all
    )
    commands.add_parser("up", help="run a cluster until Ctrl-C").set_defaults(run=up)
    commands.add_parser("down", help="remove what a killed run left").set_defaults(run=down)
    signal.signal(signal.SIGTERM, _terminated)
    status: int = parser.parse_args().run()
    return status


def _terminated(signal_number: int, frame: object) -> NoReturn:
    """End as Ctrl-C does, so that everything is taken down."""
    raise SystemExit(128 + signal_number)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ClusterError as error:
        sys.exit(f"python -m tests.cluster: {error}")
    except KeyboardInterrupt:
        sys.exit(130)

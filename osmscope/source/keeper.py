"""Runs a program for as long as its starter lives, then ends it and removes its folder.

    python -I keeper.py FOLDER COMMAND…      FOLDER is "" where there is none

Decision: a process of its own that waits for the end of its standard input, because that comes
however its starter ends, a kill included. It imports nothing of osmscope.
"""

import contextlib
import ctypes
import select
import shutil
import signal
import subprocess
import sys

_PR_SET_PDEATHSIG = 1


def keep(folder: str, command: list[str]) -> int:
    """Run a command until it ends or standard input does, and remove a folder, if one is named.

    Returns:
        The command's exit code; that of a signal is negative.
    """
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_end_with_keeper)
    try:
        while process.poll() is None:
            if select.select([sys.stdin], [], [], 0.2)[0]:
                break
        return process.poll() or 0
    finally:
        process.kill()
        process.wait()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _end_with_keeper() -> None:
    """Ask Linux to kill this process when its parent ends; elsewhere nothing can."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(abs(keep(sys.argv[1], sys.argv[2:])))

"""The only writer of standard output, and what is known of the terminal behind it.

Standard output carries data and nothing else. Whether it is coloured is decided here, by
`--color`, NO_COLOR, FORCE_COLOR, TERM and whether a terminal is there, in this order.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import Literal

ColorChoice = Literal["auto", "always", "never"]

NARROWEST = 40


class PipeClosedError(Exception):
    """Whoever read standard output has gone.

    Not a BrokenPipeError, which click would turn into its own exit code, 1.
    """


def write(text: str) -> None:
    """Write text, and end its last line.

    Raises:
        PipeClosedError: Nobody reads any more.
    """
    stream = sys.stdout
    encoding = stream.encoding or "utf-8"
    data = text if text.endswith("\n") else text + "\n"
    with _closed_pipe_told():
        # A terminal that cannot show a sign gets a replacement, not a traceback.
        stream.write(data.encode(encoding, "replace").decode(encoding))
        stream.flush()


def write_lines(lines: Iterable[bytes], *, at_once: bool = False) -> None:
    """Write lines of UTF-8 as they come; each is ended.

    Args:
        lines: The lines.
        at_once: Whether somebody waits for each line before sending the next request.

    Raises:
        PipeClosedError: Nobody reads any more.
    """
    stream = sys.stdout.buffer
    with _closed_pipe_told():
        for line in lines:
            stream.write(line)
            stream.write(b"\n")
            if at_once:
                stream.flush()
        stream.flush()


@contextlib.contextmanager
def _closed_pipe_told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        # The interpreter's own last flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise PipeClosedError from None


def wants_color(choice: ColorChoice) -> bool:
    """Tell whether standard output is to be coloured."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and sys.stdout.isatty()


def width() -> int:
    """Return how many columns there are: COLUMNS, the terminal's, or 80."""
    return max(shutil.get_terminal_size((80, 24)).columns, NARROWEST)


def is_terminal() -> bool:
    """Tell whether somebody looks at standard output."""
    return sys.stdout.isatty()

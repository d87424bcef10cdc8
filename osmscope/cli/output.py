"""The only writer of standard output, and what is known of the terminal behind it.

Standard output carries data and nothing else. Whether it is coloured is decided here, by
`--color`, NO_COLOR, FORCE_COLOR, TERM and whether a terminal is there, in this order.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import Literal

from osmscope.errors import OsmscopeError

ColorChoice = Literal["auto", "always", "never"]

NARROWEST = 40
_ELSEWHERE = "write it to where there is room"


class OutputError(OsmscopeError):
    """The answer cannot be written."""


class PipeClosedError(Exception):
    """Whoever read standard output has gone.

    Not a BrokenPipeError, which click would turn into its own exit code, 1.
    """


def write(text: str) -> None:
    """Write text, and end its last line.

    Raises:
        PipeClosedError: Nobody reads any more.
        OutputError: It cannot be written.
    """
    stream = _stream()
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
        OutputError: They cannot be written.
    """
    stream = _stream().buffer
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
        discard()
        raise PipeClosedError from None
    except OSError as error:
        discard()
        raise _unwritable(error.strerror or str(error)) from None


def discard() -> None:
    """Let the interpreter's own last flush go nowhere."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # it may be closed already
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stream() -> io.TextIOWrapper:
    stream = sys.stdout
    if not isinstance(stream, io.TextIOWrapper):
        raise _unwritable("it is closed")
    return stream


def _unwritable(reason: str) -> OutputError:
    where = "standard output"
    return OutputError("the answer cannot be written: " + reason, where=where, hint=_ELSEWHERE)


def wants_color(choice: ColorChoice) -> bool:
    """Tell whether standard output is to be coloured."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and is_terminal()


def width() -> int:
    """Return how many columns there are: COLUMNS, the terminal's, or 80."""
    return max(shutil.get_terminal_size((80, 24)).columns, NARROWEST)


def is_terminal() -> bool:
    """Tell whether somebody looks at standard output."""
    return sys.stdout is not None and sys.stdout.isatty()

"""The only writer of standard error.

An error is one line, `osmscope: what happened (where); what to do next`: it is often read in the
log of a job, among lines of other programs. Its text may quote a dump, so it is escaped.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator

from osmscope.errors import OsmscopeError
from osmscope.report.untrusted import escaped

DEBUG_VARIABLE = "OSMSCOPE_DEBUG"


def report_error(error: OsmscopeError) -> None:
    """Print an error of the user's on one line."""
    _write(f"osmscope: {escaped(str(error))}")


def report_failure(error: BaseException) -> None:
    """Print an error that nobody foresaw: one line, or its traceback if that is asked for."""
    if os.environ.get(DEBUG_VARIABLE):
        _write(traceback_text(error))
        return
    kind = type(error).__name__
    _write(
        f"osmscope: internal error: {kind}: {escaped(str(error))}; "
        f"set {DEBUG_VARIABLE}=1 for a traceback and report it"
    )


def note(text: str) -> None:
    """Print a remark that is not part of the answer."""
    _write(f"osmscope: {escaped(text)}")


def ask(question: str) -> str:
    """Ask whoever sits there; standard output stays for data."""
    import click

    answer: str = click.prompt(question, err=True, default="", show_default=False)
    return answer


@contextlib.contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """Show how far something is, where somebody looks.

    Args:
        what: What is done, as "Capturing".
        total: How many there are.

    Yields:
        What to call when one is done, with its name.
    """
    if not is_terminal():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[name]}"),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total, name="")
        yield lambda name: bar.update(task, advance=1, name=escape(escaped(name)))


def is_terminal() -> bool:
    """Tell whether somebody looks at standard error."""
    return sys.stderr.isatty()


def traceback_text(error: BaseException) -> str:
    """Return an exception's traceback."""
    return "".join(traceback.format_exception(error)).rstrip()


def _write(line: str) -> None:
    # A closed or broken standard error leaves nobody to tell.
    try:
        print(line, file=sys.stderr, flush=True)  # noqa: T201
    except (OSError, ValueError):
        return

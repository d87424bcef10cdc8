"""The options that say how an answer is written: `-o` and `--color`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Whether to colour; NO_COLOR and FORCE_COLOR are honoured.",
)


def format_option(
    names: Sequence[str], default: str | None, *, says: str = "The form of the answer."
) -> _Decorator:
    """Make the option `-o`, which gives a command's `format`.

    Args:
        names: The forms that there are.
        default: The form where none is asked for; None for one that the command chooses.
        says: What `--help` says of it.
    """
    choice = click.Choice(list(names))
    return click.option("-o", "--output", "format", type=choice, default=default, help=says)

"""`osmscope demo`: the terminal UI on the mesh that comes with osmscope."""

from __future__ import annotations

import click

from osmscope.cli.help_text import examples
from osmscope.cli.tui import open_screen
from osmscope.session.mesh_model import open_mesh
from osmscope.session.sources import SourceOptions
from osmscope.source import demo


@click.command(name="demo", epilog=examples("osmscope demo"))
def command() -> None:
    """Open the UI on the bookstore, a small mesh that comes with osmscope.

    The first time, a tour of two minutes says what to press; F4 takes it again, Esc ends it.
    """
    open_screen(open_mesh((), SourceOptions(from_=demo.NAME)), offers_tour=True)

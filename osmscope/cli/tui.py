"""`osmscope tui`: the terminal UI."""

from __future__ import annotations

import click
import msgspec

from osmscope.cli import diagnostics, output
from osmscope.cli.help_text import examples
from osmscope.cli.source_completion import complete_source
from osmscope.cli.sources import source_options
from osmscope.errors import UsageError
from osmscope.session.mesh_model import MeshModel, open_mesh
from osmscope.session.sources import SourceOptions


@click.command(
    name="tui",
    epilog=examples(
        "osmscope tui config_dump.json",
        "osmscope tui --from mesh.tar.zst",
        "osmscope tui bookbuyer bookstore-v1 --from mesh/",
        "osmscope tui http://localhost:15000",
        "osmscope tui -n bookstore",
    ),
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...", shell_complete=complete_source)
@source_options
@click.option(
    "--refresh",
    type=click.FloatRange(min=0),
    default=15,
    metavar="SECONDS",
    help="How often a live sidecar that is looked at is read again (15); 0 for never.",
)
def command(sources: tuple[str, ...], refresh: float, **options: object) -> None:
    """Browse a mesh on the whole screen.

    SOURCE is a config dump, an admin address, a pod's folder, a folder or an archive of a mesh, or
    a pod's name within --from or in the cluster; several may be given. Without any, all pods of the
    cluster that have a sidecar are shown (of one namespace with -n).
    """
    open_screen(open_mesh(sources, msgspec.convert(options, SourceOptions)), refresh=refresh)


def open_screen(mesh: MeshModel, *, refresh: float = 0) -> None:
    """Open the UI on a mesh.

    Raises:
        UsageError: There is no terminal to open it on.
    """
    if not output.is_terminal():
        raise UsageError("standard output is no terminal", hint="use `osmscope get` in a pipe")
    from osmscope.session.request_history import RequestHistory, default_path
    from osmscope.tui.app import ScopeApp
    from osmscope.tui.memory import Memory, state_path
    from osmscope.tui.settings import config_path, read_settings

    settings, memory = read_settings(config_path()), Memory(state_path())
    app = ScopeApp(mesh, settings=settings, memory=memory, refresh=refresh)
    app.requests = RequestHistory(default_path())
    app.run()
    problem = memory.save()
    if problem:
        diagnostics.note(f"what to remember cannot be written: {problem}")

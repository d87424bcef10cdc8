"""`osmscope tui`: the terminal UI."""

from __future__ import annotations

import os
import shlex
import sys

import click
import msgspec

from osmscope.cli import diagnostics, output
from osmscope.cli.finite_range import FiniteRange
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
        "osmscope tui --from demo --web",
    ),
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...", shell_complete=complete_source)
@source_options
@click.option(
    "--refresh",
    type=FiniteRange(min=0),
    default=15,
    metavar="SECONDS",
    help="How often a live sidecar that is looked at is read again (15); 0 for never.",
)
@click.option("--web", is_flag=True, help="Serve it to a browser on this machine instead.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="The port of --web (a free one)."
)
def command(
    sources: tuple[str, ...], refresh: float, *, web: bool, port: int, **options: object
) -> None:
    """Browse a mesh on the whole screen.

    SOURCE is a config dump, an admin address, a pod's folder, a folder or an archive of a mesh, or
    a pod's name within --from or in the cluster; several may be given. Without any, all pods of the
    cluster that have a sidecar are shown (of one namespace with -n).
    """
    mesh = open_mesh(sources, msgspec.convert(options, SourceOptions))
    if web:
        serve(port)
    else:
        open_screen(mesh, refresh=refresh)


def serve(port: int) -> None:
    """Serve the UI on loopback, with this command line's own arguments.

    Raises:
        UsageError: What it needs is not installed, or the port is taken.
    """
    try:
        from osmscope.tui.web import GuardedServer
    except ImportError:
        hint = "pip install 'osmscope[web]'"
        raise UsageError("--web needs the package textual-serve", hint=hint) from None
    server = GuardedServer(_own_command(sys.argv[1:]), port)
    output.write(server.guard.address)
    diagnostics.note("the address lets in whoever has it; Ctrl-C ends it")
    server.run()


def _own_command(arguments: list[str]) -> str:
    """Write the command of the UI itself: the same arguments without those of --web."""
    kept, rest = [], iter(arguments)
    for argument in rest:
        if argument == "--port":
            next(rest, None)
        elif argument != "--web" and not argument.startswith("--port="):
            kept.append(argument)
    return shlex.join([sys.executable, "-m", "osmscope", *kept])


def open_screen(mesh: MeshModel, *, refresh: float = 0, offers_tour: bool = False) -> None:
    """Open the UI on a mesh.

    Args:
        mesh: The mesh.
        refresh: Seconds after which a live sidecar that is looked at is read again; 0: never.
        offers_tour: Whether the tour begins, where it was not seen yet.

    Raises:
        UsageError: There is no terminal to open it on.
    """
    if not output.is_terminal() and "TEXTUAL_DRIVER" not in os.environ:
        raise UsageError("standard output is no terminal", hint="use `osmscope get` in a pipe")
    from osmscope.session.request_history import RequestHistory, default_path
    from osmscope.tui.app import ScopeApp
    from osmscope.tui.memory import Memory, state_path
    from osmscope.tui.settings import config_path, read_settings

    settings, memory = read_settings(config_path()), Memory(state_path())
    app = ScopeApp(mesh, settings=settings, memory=memory, refresh=refresh)
    app.requests = RequestHistory(default_path())
    app.offers_tour = offers_tour
    app.run()
    problem = memory.save()
    if problem:
        diagnostics.note(f"what to remember cannot be written: {problem}")

"""The entry point: commands that are imported when they run, and errors that become one line.

Decision: the list of commands and what each is for stand here, so that `osmscope --help` imports
no command. Everything that goes wrong ends here, as a line and an exit code.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Mapping

import click

from osmscope import __version__
from osmscope.cli import diagnostics, exit_codes, output
from osmscope.cli.help_text import examples, table
from osmscope.errors import OsmscopeError, UsageError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "tui": ("osmscope.cli.tui", "Browse a mesh on the whole screen."),
    "demo": ("osmscope.cli.demo", "Open that on a small mesh that comes with osmscope."),
    "trace": ("osmscope.cli.trace", "Say where a request lands, and why there."),
    "witness": ("osmscope.cli.witness", "Find a request that reaches a resource."),
    "verify": ("osmscope.cli.verify", "Ask a real Envoy, and say whether it agrees with a trace."),
    "replay": ("osmscope.cli.replay", "Say what would differ for the requests of an access log."),
    "capture": ("osmscope.cli.capture", "Save sidecars without their secrets, for --from."),
    "get": ("osmscope.cli.get", "List listeners, chains, routes, clusters, endpoints, secrets."),
    "graph": ("osmscope.cli.graph", "Draw a proxy's resources, or the path of one request."),
    "query": ("osmscope.cli.query", "Ask a dump a JMESPath question."),
    "test": ("osmscope.cli.test", "Run tests of where requests go."),
    "info": ("osmscope.cli.info", "Say what a source is, or what osmscope supports."),
    "completion": ("osmscope.cli.completion", "Print the completion script of a shell."),
}
"""Command → the module that holds it, as `command`, and what it is for."""

EPILOG = (
    examples(
        "osmscope trace config_dump.json bookstore:14001/books",
        "osmscope trace bookbuyer --from mesh.tar.zst bookstore:14001 -H 'client-app: bookbuyer'",
        "osmscope get chains config_dump.json",
    )
    + "\n\n"
    + table("Exit codes", exit_codes.EXPLAINED)
)


class LazyGroup(click.Group):
    """Commands by name; a command's module is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of a user's day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
@click.pass_context
def group(context: click.Context) -> None:
    """Where does this request land, and why there? A debugger for Envoy sidecars."""
    if context.invoked_subcommand is not None:
        return
    if output.is_terminal() and sys.stdin.isatty():
        from osmscope.cli import tui

        context.invoke(tui.command)
    else:
        click.echo(context.get_help())


def main(arguments: list[str] | None = None) -> None:
    """Run a command line and exit.

    Args:
        arguments: The arguments; the process's own where None.
    """
    # A kill ends it as Ctrl-C does: what leads to a cluster is taken down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(exit_codes.TERMINATED))
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run a command line and return its exit code; everything that goes wrong becomes a line."""
    if sys.stdin is None:  # closed by whoever started this: as good as empty
        sys.stdin = open(os.devnull)  # noqa: SIM115
    try:
        result = group.main(arguments, prog_name="osmscope", standalone_mode=False)
        return result if isinstance(result, int) else exit_codes.REACHES
    except OsmscopeError as error:
        diagnostics.report_error(error)
        return exit_codes.of_error(error)
    except click.ClickException as error:
        diagnostics.report_error(_usage_error(error))
        return exit_codes.BAD_INPUT
    except (KeyboardInterrupt, click.Abort):
        return exit_codes.INTERRUPTED
    except output.PipeClosedError:
        return exit_codes.PIPE_CLOSED
    except OSError as error:
        output.discard()
        diagnostics.report_error(_io_error(error))
        return exit_codes.BAD_INPUT
    except Exception as error:
        diagnostics.report_failure(error)
        return exit_codes.BAD_INPUT


def _io_error(error: OSError) -> OsmscopeError:
    hint = "check the disk and the permissions"
    reason = error.strerror or type(error).__name__
    return OsmscopeError(f"reading or writing failed: {reason}", hint=hint)


def _usage_error(error: click.ClickException) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "osmscope"
    message = " ".join(error.format_message().split()).rstrip(".")
    return UsageError(message, hint=f"see `{path} --help`")

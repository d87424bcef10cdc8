"""`osmscope get`: tables of one kind of resource."""

from __future__ import annotations

import difflib
import fnmatch
import importlib
from datetime import UTC, datetime

import click
import msgspec

from osmscope.cli import diagnostics, output
from osmscope.cli.help_text import examples
from osmscope.cli.output_options import color_option, format_option
from osmscope.cli.source_completion import complete_source
from osmscope.cli.sources import source_options
from osmscope.cli.watch import Watching, watch_option, watch_table
from osmscope.errors import SelectorError, UsageError
from osmscope.report import documents
from osmscope.report.table import Row, Table
from osmscope.session.age import data_of
from osmscope.session.sources import Sidecar, SourceOptions, read_sidecar

TABLES = {
    "listeners": ("osmscope.report.listener_tables", "listener_table"),
    "chains": ("osmscope.report.listener_tables", "chain_table"),
    "routes": ("osmscope.report.route_table", "route_table"),
    "clusters": ("osmscope.report.cluster_tables", "cluster_table"),
    "endpoints": ("osmscope.report.cluster_tables", "endpoint_table"),
    "secrets": ("osmscope.report.secret_table", "secret_table"),
    "filters": ("osmscope.report.filter_tables", "filter_table"),
    "rbac": ("osmscope.report.rbac_table", "rbac_table"),
    "tables": ("osmscope.report.virtual_host_tables", "route_configuration_table"),
    "virtual-hosts": ("osmscope.report.virtual_host_tables", "virtual_host_table"),
}
"""What can be listed → the module and the function that builds its table."""


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    format: str = "table"
    watch: float | None = None
    color: output.ColorChoice = "auto"


@click.command(
    name="get",
    epilog=examples(
        "osmscope get listeners config_dump.json",
        "osmscope get chains config_dump.json 'outbound_*'",
        "osmscope get routes bookbuyer --from mesh/ bookstore:14001",
        "osmscope get endpoints http://localhost:15000 'bookstore/*' --watch 2",
        "osmscope get endpoints --dump config_dump.json --clusters clusters.json -o json",
    ),
)
@click.argument("kind", type=click.Choice(list(TABLES)))
@click.argument("arguments", nargs=-1, metavar="[SOURCE] [NAME]...", shell_complete=complete_source)
@source_options
@watch_option
@format_option(["table", "wide", "json", "yaml"], "table", says="The form of the list.")
@color_option
def command(kind: str, arguments: tuple[str, ...], **options: object) -> None:
    """List resources with everything that decides.

    NAME is exact or a pattern (`bookstore*`); of chains it may be the listener's, of routes the
    virtual host's, a domain or the table's, of endpoints the cluster's or the address.
    """
    settings = msgspec.convert(options, _Settings)
    source = msgspec.convert(options, SourceOptions)
    name, patterns = split_source(arguments, source)
    sidecar = read_sidecar(name, source)
    module, function = TABLES[kind]
    make = getattr(importlib.import_module(module), function)

    def build(read: Sidecar) -> Table:
        return selected(make(read.proxy), patterns, kind)

    if settings.watch is not None:
        how = Watching(seconds=settings.watch, format=settings.format, color=settings.color)
        watch_table(sidecar, build, how)
    _write(build(sidecar), settings)
    if output.is_terminal():  # a program reads the rows, and compares what it reads
        for note in (*sidecar.notes, data_of(sidecar).words(datetime.now(UTC))):
            diagnostics.note(note)


def split_source(
    arguments: tuple[str, ...], source: SourceOptions
) -> tuple[str | None, tuple[str, ...]]:
    """Tell SOURCE from what follows it; with `--dump` there is none.

    Raises:
        UsageError: SOURCE is missing.
    """
    if source.dump is not None:
        return None, arguments
    if not arguments and source.from_ is None:
        raise UsageError("SOURCE is missing", hint="give a file, an admin address, or --dump FILE")
    return (arguments[0] if arguments else None), arguments[1:]


def selected(table: Table, patterns: tuple[str, ...], kind: str) -> Table:
    """Return the rows that any pattern names.

    Raises:
        SelectorError: A pattern names none.
    """
    if not patterns:
        return table
    for pattern in patterns:
        if not any(_is_named(row, pattern) for row in table.rows):
            raise _nothing(table, pattern, kind)
    rows = tuple(row for row in table.rows if any(_is_named(row, p) for p in patterns))
    return Table(table.columns, rows)


def _is_named(row: Row, pattern: str) -> bool:
    return any(name == pattern or fnmatch.fnmatchcase(name, pattern) for name in row.names)


def _nothing(table: Table, pattern: str, kind: str) -> SelectorError:
    names = sorted({name for row in table.rows for name in row.names if name})
    close = difflib.get_close_matches(pattern, names, n=3, cutoff=0.4) or names[:5]
    hint = f"did you mean {', '.join(close)}?" if close else f"the dump has no {kind}"
    return SelectorError(f"no {kind} named {pattern!r}", hint=hint)


def _write(table: Table, settings: _Settings) -> None:
    if settings.format == "json":
        output.write(documents.as_json(table.documents()))
    elif settings.format == "yaml":
        output.write(documents.as_yaml(table.documents()))
    else:
        from osmscope.report.table_text import table_text

        wide = settings.format == "wide"
        columns = None if wide and not output.is_terminal() else output.width()
        color = output.wants_color(settings.color)
        output.write(table_text(table, width=columns, color=color, wide=wide))

"""`osmscope query`: a JMESPath expression over a dump as it is."""

from __future__ import annotations

import click
import msgspec

from osmscope.cli import output
from osmscope.cli.get import split_source
from osmscope.cli.help_text import examples
from osmscope.cli.output_options import format_option
from osmscope.cli.source_completion import complete_source
from osmscope.cli.sources import source_options
from osmscope.errors import DumpError, UsageError
from osmscope.report import documents
from osmscope.report.json_table import json_table
from osmscope.session.sources import SourceOptions, dump_source


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    format: str = "json"


@click.command(
    name="query",
    epilog=examples(
        "osmscope query 'configs[].dynamic_listeners[].name' config_dump.json",
        "osmscope query 'configs[].dynamic_active_clusters[].cluster.{n: name}' x.json -o table",
    ),
)
@click.argument("expression")
@click.argument("arguments", nargs=-1, metavar="[SOURCE]", shell_complete=complete_source)
@source_options
@format_option(["json", "yaml", "table"], "json")
def command(expression: str, arguments: tuple[str, ...], **options: object) -> None:
    """Ask a dump a JMESPath question."""
    import jmespath
    from jmespath.exceptions import JMESPathError

    settings = msgspec.convert(options, _Settings)
    source = msgspec.convert(options, SourceOptions)
    try:
        compiled = jmespath.compile(expression)
    except JMESPathError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"the expression cannot be read: {reason}", hint="see https://jmespath.org"
        ) from None
    name, rest = split_source(arguments, source)
    if rest:
        raise UsageError(f"one SOURCE is expected, not also {rest[0]!r}")
    document = read_document(name, source)
    try:
        found = compiled.search(document)
    except JMESPathError as error:
        raise UsageError(
            f"the expression fails: {error}", hint="see https://jmespath.org"
        ) from None
    _write(found, settings)


def read_document(name: str | None, source: SourceOptions) -> object:
    """Read a dump's JSON as it is.

    Raises:
        DumpError: It is not JSON.
        OsmscopeError: It cannot be read.
    """
    found = dump_source(name, source)
    try:
        return msgspec.json.decode(found.data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DumpError(
            f"not JSON: {error}", where=found.where, hint="give what /config_dump answered"
        ) from None


def _write(found: object, settings: _Settings) -> None:
    if settings.format == "json":
        output.write(documents.as_json(found))
    elif settings.format == "yaml":
        output.write(documents.as_yaml(found))
    else:
        from osmscope.report.table_text import table_text

        columns = output.width() if output.is_terminal() else None
        output.write(table_text(json_table(found), width=columns))

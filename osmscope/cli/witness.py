"""`osmscope witness`: a request that reaches a resource, or why none can."""

from __future__ import annotations

import click
import msgspec

from osmscope.cli import diagnostics, exit_codes, output
from osmscope.cli.help_text import examples, table
from osmscope.cli.output_options import format_option
from osmscope.cli.source_completion import complete_source
from osmscope.cli.sources import source_options
from osmscope.errors import UsageError
from osmscope.report import documents
from osmscope.report.untrusted import escaped
from osmscope.session.command_line import trace_command
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import typed_request
from osmscope.session.witnesses import SidecarWitnesses, WitnessRequest
from osmscope.trace.witness.goals import KINDS, Kind
from osmscope.trace.witness.search import NoWitness

_ALIASES: dict[str, Kind] = {
    "chain": "filter_chain",
    "table": "route_config",
    "vhost": "virtual_host",
    **{kind: kind for kind in KINDS},
}
_EXIT_CODES = (
    (exit_codes.REACHES, "a request reaches it"),
    (exit_codes.DOES_NOT_REACH, "no request can reach it"),
    (exit_codes.BAD_INPUT, "usage, or input that cannot be read"),
    (exit_codes.CANNOT_BE_TOLD, "no request was found"),
    (exit_codes.NOT_REACHABLE, "the source cannot be reached"),
)


@click.command(
    name="witness",
    epilog=examples(
        "osmscope witness config_dump.json route 'outbound_virtual-host|bookstore#1'",
        "osmscope witness bookbuyer cluster 'bookstore/bookstore-v1|14001' --from demo",
        "osmscope witness bookstore-v1 chain NAME --from demo -o json",
    )
    + "\n\n"
    + table("Exit codes", _EXIT_CODES),
)
@click.argument("arguments", nargs=-1, metavar="[SOURCE] KIND NAME", shell_complete=complete_source)
@source_options
@format_option(["text", "json"], "text")
def command(arguments: tuple[str, ...], **options: object) -> int:
    """Find a request that reaches a resource, or say why none can.

    What is printed is the `osmscope trace` command of a request that was traced and does reach it.
    KIND is listener, chain, table, vhost, route, cluster or endpoint. NAME of a chain may be
    LISTENER#INDEX, of a vhost a domain, of a route VHOST#INDEX, of an endpoint CLUSTER/ADDRESS.
    """
    source = msgspec.convert(options, SourceOptions)
    where, kind, name = _split(arguments, source)
    tracer = SidecarTracer(read_sidecar(where, source))
    for note in tracer.sidecar.notes:
        diagnostics.note(note)
    witnesses = SidecarWitnesses(tracer)
    goals = witnesses.goals(kind, name)
    found = witnesses.find(goals)
    what = goals[0].words()
    line = _line(found, where, source)
    if options["format"] == "json":
        output.write(documents.as_json(_document(found, what, line)))
    elif isinstance(found, NoWitness):
        can = "can reach" if found.proven else "was found that reaches"
        sign = "✗" if found.proven else "?"
        reason = found.reason.removeprefix("none found: ")
        output.write(escaped(f"{sign} no request {can} {what}: {reason}"))
    else:
        output.write(line)
        if found.ends:
            diagnostics.note(f"it reaches {found.goal}, and ends there: {found.ends}")
    if isinstance(found, NoWitness):
        return exit_codes.DOES_NOT_REACH if found.proven else exit_codes.CANNOT_BE_TOLD
    return exit_codes.REACHES


def _split(arguments: tuple[str, ...], source: SourceOptions) -> tuple[str | None, Kind, str]:
    named = source.dump is not None or source.from_ is not None
    if len(arguments) not in ((2, 3) if named else (3,)):
        given = ", ".join(arguments) or "nothing"
        hint = "see `osmscope witness --help`"
        raise UsageError(f"expected SOURCE KIND NAME, not {given}", hint=hint)
    *where, kind, name = arguments
    plain = kind.lower().replace("-", "_")
    found = _ALIASES.get(plain) or _ALIASES.get(plain.removesuffix("s"))
    if found is None:
        kinds = "listener, chain, table, vhost, route, cluster or endpoint"
        raise UsageError(f"{kind!r} is no kind of resource", hint=f"give {kinds}")
    return (where[0] if where else None), found, name


def _line(found: WitnessRequest | NoWitness, where: str | None, source: SourceOptions) -> str:
    if isinstance(found, NoWitness):
        return ""
    return trace_command(where, source, found.typed.target, found.typed.options)


def _document(found: WitnessRequest | NoWitness, what: str, line: str) -> dict[str, object]:
    if isinstance(found, NoWitness):
        return {
            "schema": 1,
            "resource": what,
            "found": False,
            "proven": found.proven,
            "reason": found.reason,
            "tried": found.tried,
        }
    request = typed_request(found.typed.target, found.typed.options).request
    return {
        "schema": 1,
        "resource": found.goal,
        "found": True,
        "command": line,
        "request": msgspec.json.decode(documents.request_line(request)),
        "ends": found.ends or None,
    }

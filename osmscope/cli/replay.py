"""`osmscope replay`: what would differ for the requests of an access log."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from osmscope.cli import diagnostics, exit_codes, output
from osmscope.cli.help_text import examples, table
from osmscope.cli.output_options import color_option, format_option
from osmscope.cli.source_completion import complete_source
from osmscope.cli.sources import source_options
from osmscope.errors import UsageError
from osmscope.replay.tally import Tally
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.tracing import completion_of
from osmscope.source.lines import LineStream

if TYPE_CHECKING:
    from osmscope.report.replay_report import ReplayReport

_EVERY = 2000
"""After how many lines the progress bar moves."""


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    log_format: str | None = None
    direction: Literal["outbound", "inbound"] | None = None
    format: Literal["text", "json"] = "text"
    color: output.ColorChoice = "auto"


@click.command(
    name="replay",
    epilog=examples(
        "osmscope replay access.log.gz config_dump.json",
        "osmscope replay access.log bookbuyer --from mesh-after.tar.gz",
        "osmscope replay - --dump config_dump.json < access.log",
        "osmscope replay access.log dump.json --format '%REQ(:METHOD)% %REQ(:PATH)% %ROUTE_NAME%'",
    )
    + "\n\n"
    + table(
        "Exit codes",
        (
            (exit_codes.REACHES, "nothing would differ"),
            (exit_codes.DOES_NOT_REACH, "a request would differ from what was logged"),
            (exit_codes.BAD_INPUT, "usage, or no line can be read"),
            (exit_codes.CANNOT_BE_TOLD, "nothing could be told"),
            (exit_codes.NOT_REACHABLE, "the source cannot be reached"),
        ),
    ),
)
@click.argument("access_log")
@click.argument("source", required=False, shell_complete=complete_source)
@source_options
@click.option(
    "--format",
    "log_format",
    metavar="STRING",
    help="The log's format string, or a JSON object of them (told from the first lines).",
)
@click.option(
    "--direction",
    type=click.Choice(["outbound", "inbound"]),
    help="Which side of the sidecar wrote the log (each line tells).",
)
@format_option(["text", "json"], "text")
@color_option
def command(access_log: str, source: str | None, **options: object) -> int:
    """Say what would differ for the requests of an access log.

    ACCESS_LOG is a file, .gz and .zst too, or -: Envoy's default text format, Istio's, the JSON of
    OSM, Istio and Envoy Gateway, or what the dump's own access logs say. SOURCE is the sidecar that
    is asked where each request would land: a config dump, an admin address, a pod's folder, or a
    pod's name within --from.
    """
    settings = msgspec.convert(options, _Settings)
    place = msgspec.convert(options, SourceOptions)
    if access_log == "-" and "-" in (source, place.dump, place.clusters):
        raise UsageError(
            "standard input cannot be both the access log and the dump",
            hint="give one of them as a file",
        )
    from osmscope.replay.json_format import read_format
    from osmscope.replay.replaying import Replay
    from osmscope.report.replay_report import ReplayReport
    from osmscope.trace.tracer import Tracer

    chosen = None if settings.log_format is None else read_format(settings.log_format)
    sidecar = read_sidecar(source, place)
    replay = Replay(
        sidecar.proxy,
        Tracer(sidecar.proxy),
        completion_of(sidecar),
        address=sidecar.address,
        direction=settings.direction,
    )
    stream = LineStream(access_log)
    with _progress(stream) as lines:
        replayed = replay.run(lines, where=stream.where, log_format=chosen)
    report = ReplayReport(
        log=stream.where,
        sidecar=sidecar.name,
        replayed=replayed,
        direction=settings.direction or "",
        notes=sidecar.notes,
    )
    _write(report, settings)
    return _exit_code(replayed.tally)


def _write(report: ReplayReport, settings: _Settings) -> None:
    from osmscope.report.documents import as_json
    from osmscope.report.replay_report import replay_document, replay_text

    if settings.format == "json":
        output.write(as_json(replay_document(report)))
        return
    color = output.wants_color(settings.color)
    output.write(replay_text(report, width=output.width(), color=color))


def _exit_code(tally: Tally) -> int:
    if tally.differ:
        return exit_codes.DOES_NOT_REACH
    return exit_codes.REACHES if tally.agree else exit_codes.CANNOT_BE_TOLD


@contextlib.contextmanager
def _progress(stream: LineStream) -> Iterator[Iterable[bytes]]:
    """Show how far a stream was read, if somebody looks at standard error."""
    if not diagnostics.is_terminal():
        yield stream
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=None)

        def lines() -> Iterator[bytes]:
            for number, line in enumerate(stream):
                if number % _EVERY == 0:
                    progress.update(task, total=stream.size, completed=stream.consumed)
                yield line

        yield lines()

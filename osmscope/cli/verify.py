"""`osmscope verify`: the same question put to a real Envoy, and whether it agrees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from osmscope.cli import diagnostics, exit_codes, output
from osmscope.cli.finite_range import FiniteRange
from osmscope.cli.help_text import examples, table
from osmscope.cli.output_options import color_option, format_option
from osmscope.cli.request_options import request_options
from osmscope.cli.source_completion import complete_source
from osmscope.cli.sources import source_options
from osmscope.cli.trace import split_arguments
from osmscope.errors import DumpError, SourceError, UsageError
from osmscope.report import documents
from osmscope.session.sources import Sidecar, SourceOptions, read_sidecar
from osmscope.session.tracing import completion_of
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.trace.request import TraceRequest, read_request

if TYPE_CHECKING:
    from osmscope.oracle.verification import Verification
    from osmscope.report.verify_report import Verified


_MANY = 100
"""Requests that take a second or more together."""


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    requests: str | None = None
    format: str = "text"
    color: output.ColorChoice = "auto"
    timeout: float = 30.0
    bug_report: str | None = None


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A completed request, and why it cannot be sent where it cannot."""

    request: TraceRequest
    inferred: tuple[str, ...] = ()
    obstacle: str = ""


@click.command(
    name="verify",
    epilog=examples(
        "osmscope verify config_dump.json bookstore:14001/books",
        "osmscope verify bookbuyer --from mesh/ bookstore:14001 -X POST -H 'client-app: x'",
        "osmscope verify --dump d.json --clusters c.json --requests requests.jsonl",
    )
    + "\n\n"
    + table("Exit codes", exit_codes.VERIFIED),
)
@click.argument("arguments", nargs=-1, metavar="[SOURCE] TARGET", shell_complete=complete_source)
@source_options
@request_options
@click.option(
    "--requests",
    metavar="FILE",
    help="Verify the requests of FILE (or -), a JSON object a line, instead of TARGET.",
)
@click.option(
    "--timeout",
    type=FiniteRange(min=0, min_open=True),
    default=30.0,
    metavar="SECONDS",
    help="How long Envoy may take to be ready (30).",
)
@click.option("--bug-report", metavar="FILE", help="Where Envoy differs, write a report to FILE.")
@format_option(["text", "json"], "text")
@color_option
def command(arguments: tuple[str, ...], **options: object) -> int:
    """Ask a real Envoy the same, and say whether it agrees with the trace.

    A copy of the dump runs on loopback, with throw-away keys, and a stand-in answers for its
    endpoints; what the copy lacks is named. It needs the extra osmscope[envoy]. SOURCE and TARGET
    are those of `osmscope trace`.
    """
    settings = msgspec.convert(options, _Settings)
    source = msgspec.convert(options, SourceOptions)
    asked = msgspec.convert(options, RequestOptions)
    wants_target = settings.requests is None and asked.curl is None
    name, target = split_arguments(arguments, source, wants_target=wants_target)
    if settings.requests == "-" and "-" in (source.dump, source.clusters):
        hint = "give one of them as a file"
        raise UsageError("standard input cannot be both the requests and the dump", hint=hint)
    sidecar = read_sidecar(name, source)
    if settings.requests is not None:
        wanted = list(_of_lines(sidecar, settings.requests))
        if not wanted:
            raise DumpError("there is no request in it", where=settings.requests)
    else:
        wanted = [_of_options(sidecar, target, asked)]
    from osmscope.oracle.not_comparable import NotComparableError

    try:
        return _verify(sidecar, wanted, settings)
    except NotComparableError as error:
        diagnostics.report_error(error)
        return exit_codes.CANNOT_BE_TOLD


def _of_options(sidecar: Sidecar, target: str | None, options: RequestOptions) -> _Asked:
    typed = typed_request(target, options)
    completed, found = completion_of(sidecar).complete(typed.request)
    return _Asked(
        request=typed.finished(completed, found.host),
        inferred=(*sidecar.notes, *typed.notes, *found.notes),
        obstacle=_obstacle(found.candidates),
    )


def _of_lines(sidecar: Sidecar, location: str) -> Iterator[_Asked]:
    from osmscope.source.files import read_bytes

    completion = completion_of(sidecar)
    for number, line in enumerate(read_bytes(location).data.splitlines(), 1):
        if line.strip():
            request = read_request(line, where=f"{location}, line {number}")
            if request.id is None:
                request = msgspec.structs.replace(request, id=number)
            completed, found = completion.complete(request)
            yield _Asked(request=completed, obstacle=_obstacle(found.candidates))


def _obstacle(candidates: tuple[str, ...]) -> str:
    if not candidates:
        return ""
    return f"several lead to different places ({', '.join(candidates)}); give --dst-ip"


def _verify(sidecar: Sidecar, wanted: list[_Asked], settings: _Settings) -> int:
    from osmscope.oracle.comparison import Comparison, Decision
    from osmscope.oracle.verification import Verification
    from osmscope.report.verify_report import Verified

    verified: list[Verified] = []
    with Verification(sidecar.proxy, pod_ip=sidecar.address, seconds=settings.timeout) as envoy:
        for one in _with_progress(wanted):
            if one.obstacle:
                unknown = Decision(verdict="unknown")
                compared = Comparison(result="not compared", simulated=unknown, reason=one.obstacle)
            else:
                compared = envoy.verify(one.request)
            inferred = (*one.inferred, *envoy.filled_in(one.request))
            verified.append(Verified(request=one.request, comparison=compared, inferred=inferred))
        _write(verified, envoy, settings)
    differing = [one for one in verified if one.comparison.result == "differ"]
    if differing:
        _report(sidecar, differing[0], envoy, settings)
    return exit_codes.of_results(one.comparison.result for one in verified)


def _with_progress(wanted: list[_Asked]) -> Iterable[_Asked]:
    """Show how far a long list was asked, if somebody looks at standard error."""
    if len(wanted) < _MANY or not diagnostics.is_terminal():
        return wanted
    from rich.console import Console
    from rich.progress import track

    return track(wanted, description="asking", console=Console(stderr=True), transient=True)


def _write(verified: list[Verified], envoy: Verification, settings: _Settings) -> None:
    from osmscope.report.verify_report import verify_text

    if settings.format == "json":
        listed = [msgspec.to_builtins(one) for one in verified]
        document = {"schema": 1, "taken_out": envoy.taken_out, "requests": listed}
        output.write(documents.as_json(document))
        return
    color = output.wants_color(settings.color)
    output.write(verify_text(verified, envoy.taken_out, width=output.width(), color=color))


def _report(sidecar: Sidecar, verified: Verified, envoy: Verification, settings: _Settings) -> None:
    if settings.bug_report is None:
        diagnostics.note("--bug-report FILE writes what to report, without the mesh's names")
        return
    from osmscope.oracle.bug_report import bug_report
    from osmscope.oracle.verification import verify_once

    asked = envoy.prepared(verified.request)
    text = bug_report(sidecar.proxy, asked, verified.comparison, verify_once)
    try:
        Path(settings.bug_report).write_text(text)
    except OSError as error:
        raise SourceError(f"cannot be written: {error}", where=settings.bug_report) from error
    diagnostics.note(f"what to report is in {settings.bug_report}: read it before you send it")

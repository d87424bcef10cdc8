"""`osmscope trace`: where a request lands, and why there; or many requests, a line each."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

import click
import msgspec

from osmscope.cli import diagnostics, exit_codes, output
from osmscope.cli.help_text import examples, table
from osmscope.cli.output_options import color_option, format_option
from osmscope.cli.request_options import request_options
from osmscope.cli.source_completion import complete_source
from osmscope.cli.sources import source_options
from osmscope.cli.watch import Watching, watch_option, watch_trace
from osmscope.errors import UsageError
from osmscope.report import documents
from osmscope.session.no_sidecar import read_for_trace
from osmscope.session.sources import Sidecar, SourceOptions
from osmscope.session.traced_report import traced_report
from osmscope.session.tracing import SidecarTracer, Traced, completion_of, interception_of
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.trace.batch import Batch

_FORMATS = ("tree", "wide", "json", "jsonl", "yaml", "dot", "mermaid", "svg")
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    requests: str | None = None
    format: str | None = None
    watch: float | None = None
    color: output.ColorChoice = "auto"


@click.command(
    name="trace",
    epilog=examples(
        "osmscope trace config_dump.json bookstore:14001/books",
        "osmscope trace deploy/bookbuyer -n bookbuyer bookstore:14001/books",
        "osmscope trace bookbuyer --from mesh/ bookstore:14001 -X POST -H 'client-app: x'",
        "osmscope trace http://localhost:15000 https://httpbin.org -o wide",
        "osmscope trace --dump config_dump.json --curl \"curl -H 'a: b' http://web:80/\"",
        "osmscope trace bookstore-v1 --from mesh/ bookstore:14001 --direction inbound",
        "osmscope trace http://localhost:15000 bookstore:14001 --watch 2",
        "osmscope trace --dump d.json --clusters c.json --requests requests.jsonl -o jsonl",
    )
    + "\n\n"
    + table(
        "Exit codes",
        exit_codes.EXPLAINED,
        last="With --requests: 0, or 2 if a line could not be read.",
    ),
)
@click.argument("arguments", nargs=-1, metavar="[SOURCE] TARGET", shell_complete=complete_source)
@source_options
@request_options
@click.option(
    "--requests",
    metavar="FILE",
    help="Answer the requests of FILE (or -), a JSON object a line, instead of TARGET.",
)
@watch_option
@format_option(_FORMATS, None, says="The form of the answer (tree).")
@color_option
def command(arguments: tuple[str, ...], **options: object) -> int:
    """Say where a request lands, and why there.

    SOURCE is a config dump, an admin address, a pod's folder, or a pod's name, in the cluster or
    within --from; --dump stands in its place. TARGET is host, host:port, host:port/path, a URL, or
    IP:port. Where the request goes at IP level is looked up from the host, and the answer says how.
    """
    settings = msgspec.convert(options, _Settings)
    source = msgspec.convert(options, SourceOptions)
    asked = msgspec.convert(options, RequestOptions)
    if settings.requests is not None:
        if settings.watch is not None:
            raise UsageError("--watch goes with one request, not with --requests")
        return _answer_lines(arguments, source, settings)
    name, target = split_arguments(arguments, source, wants_target=asked.curl is None)
    typed = typed_request(target, asked)
    tracer = SidecarTracer(read_for_trace(name, source))
    if settings.watch is not None:
        chosen = settings.format or "tree"
        how = Watching(seconds=settings.watch, format=chosen, color=settings.color)
        watch_trace(tracer, typed, how)
    traced = tracer.trace(typed)
    _write(traced, tracer.sidecar, settings)
    return exit_codes.of_answer(traced.answer)


def split_arguments(
    arguments: tuple[str, ...], source: SourceOptions, *, wants_target: bool
) -> tuple[str | None, str | None]:
    """Tell SOURCE from TARGET: one argument with `--dump` is the TARGET, two are both.

    Raises:
        UsageError: There are too many, or too few.
    """
    wanted = 1 if wants_target else 0
    has_source = source.dump is not None or source.from_ is not None
    if len(arguments) == wanted + 1:
        return arguments[0], arguments[1] if wants_target else None
    if len(arguments) == wanted and has_source:
        return None, arguments[0] if wants_target else None
    expected = "SOURCE TARGET" if wants_target else "SOURCE"
    given = ", ".join(arguments) or "nothing"
    command = click.get_current_context().info_name
    raise UsageError(f"expected {expected}, not {given}", hint=f"see `osmscope {command} --help`")


def _write(traced: Traced, sidecar: Sidecar, settings: _Settings) -> None:
    chosen = settings.format or "tree"
    if chosen == "jsonl":
        output.write_lines([documents.as_line(traced.answer)])
    elif chosen in ("json", "yaml"):
        document = documents.trace_document(
            traced.answer, traced.explanation, traced.inferred, traced.data, traced.evidence
        )
        write = documents.as_json if chosen == "json" else documents.as_yaml
        output.write(write(document))
    elif chosen in ("dot", "mermaid"):
        _write_graph(traced, chosen)
    else:
        _write_text(traced, sidecar, settings, wide=chosen == "wide")


def _write_text(traced: Traced, sidecar: Sidecar, settings: _Settings, *, wide: bool) -> None:
    from osmscope.report.text import trace_text

    is_picture = settings.format == "svg"
    report = traced_report(traced, sidecar, None if is_picture else datetime.now(UTC))
    if is_picture:
        from osmscope.report.svg import as_svg

        text = trace_text(report, width=output.width(), color=True, wide=False)
        title = f"osmscope trace {sidecar.name}"
        output.write(as_svg(text, title=title, width=output.width()))
        return
    color = output.wants_color(settings.color)
    output.write(trace_text(report, width=output.width(), color=color, wide=wide))


def _write_graph(traced: Traced, chosen: str) -> None:
    from osmscope.graph import trace_graph
    from osmscope.report import dot, mermaid

    graph = trace_graph(traced.answer, traced.explanation)
    output.write(dot.as_dot(graph) if chosen == "dot" else mermaid.as_mermaid(graph))


def _answer_lines(arguments: tuple[str, ...], source: SourceOptions, settings: _Settings) -> int:
    if settings.format not in (None, "jsonl"):
        hint = f"leave -o {settings.format} out"
        raise UsageError("--requests answers with -o jsonl alone", hint=hint)
    if settings.requests == "-" and "-" in (source.dump, source.clusters):
        raise UsageError(
            "standard input cannot be both the requests and the dump",
            hint="give one of them as a file",
        )
    name, _ = split_arguments(arguments, source, wants_target=False)
    sidecar = read_for_trace(name, source)
    for note in sidecar.notes:
        diagnostics.note(note)
    from osmscope.trace.tracer import Tracer

    batch = Batch(
        Tracer(sidecar.proxy),
        completion_of(sidecar, as_mesh_client=False),
        interception_of(sidecar),
    )
    lines = batch.answer_lines(_lines(settings.requests or "-"))
    output.write_lines(lines, at_once=settings.requests == "-")
    for moved in sidecar.live.moved() if sidecar.live is not None else ():
        diagnostics.note(
            f"{moved.words} while the sidecar was read; the answers may not fit together"
        )
    for note in sidecar.later_notes():
        diagnostics.note(note)
    return exit_codes.BAD_INPUT if batch.failed else exit_codes.REACHES


def _lines(location: str) -> Iterable[bytes]:
    """Read the lines of a file; standard input is read as it comes, unless it is packed."""
    from osmscope.source.files import read_bytes

    if location == "-" and not _is_packed(sys.stdin.buffer):
        return sys.stdin.buffer
    return io.BytesIO(read_bytes(location).data)


def _is_packed(stream: object) -> bool:
    peek = getattr(stream, "peek", None)
    return peek is not None and peek(4)[:4].startswith(_PACKED)

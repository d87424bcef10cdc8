"""`osmscope graph`: a proxy's resources and what refers to what, or the path of one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from osmscope.cli import output
from osmscope.cli.get import split_source
from osmscope.cli.help_text import examples
from osmscope.cli.output_options import color_option, format_option
from osmscope.cli.request_options import request_options
from osmscope.cli.source_completion import complete_source
from osmscope.cli.sources import source_options
from osmscope.errors import UsageError
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.typed_request import RequestOptions, typed_request

if TYPE_CHECKING:
    import networkx


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    format: str = "tree"
    color: output.ColorChoice = "auto"


@click.command(
    name="graph",
    epilog=examples(
        "osmscope graph config_dump.json",
        "osmscope graph bookbuyer --from mesh/ bookstore:14001 -o mermaid",
        "osmscope graph config_dump.json -o dot | dot -Tsvg > proxy.svg",
    ),
)
@click.argument("arguments", nargs=-1, metavar="[SOURCE] [TARGET]", shell_complete=complete_source)
@source_options
@request_options
@format_option(
    ["tree", "dot", "mermaid", "json"], "tree", says="The form of the graph; json is node-link."
)
@color_option
def command(arguments: tuple[str, ...], **options: object) -> None:
    """Draw a proxy's resources, or with TARGET the path of that request.

    What is referred to and is not there is marked as missing.
    """
    settings = msgspec.convert(options, _Settings)
    source = msgspec.convert(options, SourceOptions)
    asked = msgspec.convert(options, RequestOptions)
    name, targets = split_source(arguments, source)
    if len(targets) > (1 if asked.curl is None else 0):
        raise UsageError("too many targets", hint="give one TARGET, or --curl")
    sidecar = read_sidecar(name, source)
    if not targets and asked.curl is None:
        from osmscope.graph import proxy_graph

        _write(proxy_graph(sidecar.proxy), settings)
        return
    from osmscope.graph import trace_graph
    from osmscope.session.tracing import SidecarTracer

    typed = typed_request(targets[0] if targets else None, asked)
    traced = SidecarTracer(sidecar).trace(typed)
    _write(trace_graph(traced.answer, traced.explanation), settings)


def _write(graph: networkx.DiGraph, settings: _Settings) -> None:
    from osmscope.report import documents, dot, graph_text, mermaid

    if settings.format == "json":
        output.write(documents.as_json(documents.node_link(graph)))
    elif settings.format == "dot":
        output.write(dot.as_dot(graph))
    elif settings.format == "mermaid":
        output.write(mermaid.as_mermaid(graph))
    else:
        color = output.wants_color(settings.color)
        output.write(graph_text.graph_text(graph, width=output.width(), color=color))

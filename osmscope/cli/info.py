"""`osmscope info`: what a source is, or what osmscope supports."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import UTC, datetime

import click
import msgspec

from osmscope import __version__
from osmscope.cli import output
from osmscope.cli.get import split_source
from osmscope.cli.help_text import examples
from osmscope.cli.output_options import format_option
from osmscope.cli.source_completion import complete_source
from osmscope.cli.sources import source_options
from osmscope.errors import UsageError
from osmscope.report import documents
from osmscope.report.untrusted import escaped
from osmscope.session.age import data_of
from osmscope.session.sources import Sidecar, SourceOptions, read_sidecar
from osmscope.source.kubeconfig import describe

_KINDS = ("listener", "cluster", "route_config", "scoped_routes", "endpoint", "secret")


@click.command(
    name="info",
    epilog=examples(
        "osmscope info",
        "osmscope info config_dump.json",
        "osmscope info deploy/bookbuyer -n bookbuyer",
        "osmscope info --supported",
    ),
)
@click.argument("arguments", nargs=-1, metavar="[SOURCE]", shell_complete=complete_source)
@source_options
@click.option("--supported", is_flag=True, help="List the @types that are modelled.")
@format_option(["text", "json", "yaml"], "text")
def command(arguments: tuple[str, ...], **options: object) -> None:
    """Say what a source is and what of it was not understood, or what osmscope supports."""
    source = msgspec.convert(options, SourceOptions)
    chosen = str(options["format"])
    if options["supported"]:
        _write(list(supported()), chosen)
        return
    if not arguments and source.dump is None and source.from_ is None:
        from osmscope.tui.memory import state_path
        from osmscope.tui.settings import config_path

        own = {
            "version": __version__,
            "modelled types": len(supported()),
            "cluster": describe(source.kubeconfig, source.context),
        }
        paths = {"config file": str(config_path()), "state of the UI": str(state_path())}
        _write({**own, **paths}, chosen)
        return
    name, rest = split_source(arguments, source)
    if rest:
        raise UsageError(f"one SOURCE is expected, not also {rest[0]!r}")
    _write(facts(read_sidecar(name, source)), chosen)


def supported() -> tuple[str, ...]:
    """List the `@type`s of all modelled extensions, every module that registers one imported."""
    from osmscope import resources
    from osmscope.resources.extension import supported_types

    for module in pkgutil.iter_modules(resources.__path__, "osmscope.resources."):
        importlib.import_module(module.name)
    return supported_types()


def facts(sidecar: Sidecar) -> dict[str, object]:
    """Say who a sidecar is, what its dump holds, and what of it was not understood."""
    dump = sidecar.proxy.dump
    node = dump.node()
    found: dict[str, object] = {
        "source": dump.where,
        "node": node.id,
        "node cluster": node.cluster,
        "envoy": node.version,
        "namespace": sidecar.namespace,
        "data": "",
    }
    for kind in _KINDS:
        states: dict[str, int] = {}
        for entry in dump.entries(kind):
            states[entry.state.value] = states.get(entry.state.value, 0) + 1
        words = ", ".join(f"{count} {state}" for state, count in states.items())
        found[kind] = words or ("none" if dump.has(kind) else "not in the dump")
    clusters = sidecar.proxy.clusters
    found["live clusters"] = "not given" if clusters is None else str(len(clusters))
    found["data"] = data_of(sidecar).words(datetime.now(UTC))
    gaps = [*dump.gaps, *(clusters.gaps if clusters is not None else ())]
    found["not understood"] = [f"{gap.path}: {gap.what}" for gap in gaps]
    return found


def _write(value: list[str] | dict[str, object], chosen: str) -> None:
    if chosen == "json":
        output.write(documents.as_json(value))
    elif chosen == "yaml":
        output.write(documents.as_yaml(value))
    elif isinstance(value, list):
        output.write("\n".join(map(escaped, value)))
    else:
        output.write("\n".join(line for key, item in value.items() for line in _lines(key, item)))


def _lines(key: str, item: object) -> list[str]:
    items = item if isinstance(item, list) else [item]
    if not items:
        items = ["nothing"]
    return [
        f"{key.replace('_', ' ') if not index else '':16} {escaped(str(entry)) or '-'}"
        for index, entry in enumerate(items)
    ]

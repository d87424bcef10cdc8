"""What a shell offers for SOURCE: pods, and files."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

_PATH_STARTS = (".", "/", "~")


def complete_source(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer the pods that SOURCE can name, and files; for click's `shell_complete`."""
    files = CompletionItem(incomplete, type="file")
    if context.params.get(parameter.name or ""):  # SOURCE is there: this is the next
        return [files]
    if context.params.get("from_") is None and incomplete.startswith(_PATH_STARTS):
        return [files]
    import msgspec

    from osmscope.session.source_names import source_names
    from osmscope.session.sources import SourceOptions

    fields = set(SourceOptions.__struct_fields__)
    given = {
        name: value
        for name, value in context.params.items()
        if name in fields and value is not None
    }
    names = source_names(msgspec.convert(given, SourceOptions), incomplete)
    return [*(CompletionItem(name, help=what) for name, what in names), files]

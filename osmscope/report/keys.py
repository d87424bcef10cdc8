"""What tells one resource from all others of its kind, also after a reload.

Decision: a resource that serves is known by its name. In another state its state stands behind the
name, because one name may be active, warming and draining at once. What is nameless, or has the
name of another, is known by its place in the dump. Parts of a resource stand behind its key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from osmscope.dump.sections import Entry
from osmscope.report.table import Row


def keyed(entries: Iterable[Entry]) -> Iterator[tuple[str, Entry]]:
    """Give each entry of a kind its key, in order."""
    taken: set[str] = set()
    for entry in entries:
        key = entry.name if entry.state.serves else f"{entry.name} ({entry.state.value})"
        if not entry.name or key in taken:
            key = entry.path
        taken.add(key)
        yield key, entry


def told_apart(rows: Iterable[Row]) -> Iterator[Row]:
    """Number the rows whose key an earlier one has."""
    count: dict[str, int] = {}
    for row in rows:
        times = count[row.key] = count.get(row.key, 0) + 1
        yield row if times == 1 else msgspec.structs.replace(row, key=f"{row.key}~{times}")

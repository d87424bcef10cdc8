"""Envoy's counters: the answer of /stats, as text or as JSON, of which a few are wanted.

Decision: a big sidecar has hundreds of thousands of them, so nothing is made of those that nobody
asked for.
"""

from collections.abc import Collection

import msgspec

from osmscope.dump import text
from osmscope.errors import DumpError


class _Stat(msgspec.Struct):
    name: str = ""
    value: int | float | str | None = None


class _Stats(msgspec.Struct):
    stats: list[_Stat]


def read_counters(data: bytes, wanted: Collection[str], *, where: str) -> dict[str, int]:
    """Read some counters and gauges.

    Args:
        data: The answer of /stats, or of /stats?format=json.
        wanted: Their names.
        where: The place it comes from, for errors.

    Returns:
        Those that are there, by name.

    Raises:
        DumpError: It is neither form.
    """
    if text.opens(data, b"{"):
        return _of_json(data, wanted, where)
    names = {name.encode(): name for name in wanted}
    found = {}
    for line in data.splitlines():
        name, colon, value = line.rpartition(b": ")
        if name in names and value.isdigit():
            found[names[name]] = int(value)
        elif not colon and line.strip():
            raise DumpError(
                f"not an answer of /stats: {text.shown(line, 80)!r}",
                where=where,
                hint="give the answer of Envoy's /stats",
            )
    return found


def _of_json(data: bytes, wanted: Collection[str], where: str) -> dict[str, int]:
    try:
        stats = msgspec.json.decode(data, type=_Stats).stats
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DumpError(
            f"JSON, but not the answer of /stats: {error}",
            where=where,
            hint="give the answer of Envoy's /stats?format=json",
        ) from None
    return {one.name: one.value for one in stats if one.name in wanted and type(one.value) is int}

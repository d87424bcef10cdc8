"""Whether a live Envoy's configuration moved while it was asked for, piece by piece.

Decision: what was read is asked for again, but for its versions alone: Envoy leaves out of an
answer what a mask does not name, so that this costs some hundred bytes. Endpoints have no version
and are compared as they are, unless all of them were read. Secrets are left out: certificates are
renewed all day, and a trace asks only whether one is there.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from osmscope.dump.entries import Entry
from osmscope.dump.live import Asking, Known, LiveDump
from osmscope.dump.names import patterns
from osmscope.dump.states import State
from osmscope.errors import RefusedError

_STATES = ("active_state", "warming_state", "draining_state")
_STAMPS = "version_info,last_updated"
_OF_STATES = ",".join(f"{state}.{stamp}" for state in _STATES for stamp in _STAMPS.split(","))
_FIELDS = {
    "listener": ("dynamic_listeners", _OF_STATES),
    "cluster": ("dynamic_active_clusters", _STAMPS),
    "route_config": ("dynamic_route_configs", _STAMPS),
    "scoped_routes": ("dynamic_scoped_route_configs", _STAMPS),
    "ecds_filter": ("ecds_filters", _STAMPS),
}
"""Kind → what of it can change, and the fields that tell whether it did."""
_WORDS = {
    "listener": "the listeners",
    "cluster": "the clusters",
    "route_config": "the route configurations",
    "scoped_routes": "the scoped routes",
    "ecds_filter": "the filters of ECDS",
    "endpoint": "the endpoints of",
}
_SHOWN = 3

Stamp = tuple[str, str]
"""A version, and when it was delivered."""


class _Stamped(msgspec.Struct):
    version_info: str = ""
    last_updated: str = ""
    active_state: "_Stamped | None" = None
    warming_state: "_Stamped | None" = None
    draining_state: "_Stamped | None" = None


class _Answer(msgspec.Struct):
    configs: list[_Stamped] = []


class Moved(msgspec.Struct, frozen=True):
    """Something that is another version by now."""

    kind: str
    """As in `Entry.kind`."""
    words: str
    """What moved, as a clause."""


def moved(envoy: Asking, dump: LiveDump) -> tuple[Moved, ...]:
    """Ask again for the versions of what was read.

    Args:
        envoy: Who is asked.
        dump: What was read of it.

    Returns:
        What is another version by now; nothing where all is as it was read.

    Raises:
        UnreachableError: Envoy does not answer.
    """
    return tuple(_moved(envoy, dump))


def _moved(envoy: Asking, dump: LiveDump) -> Iterator[Moved]:
    for kind, known in dump.known().items():
        if kind in _FIELDS:
            field, mask = _FIELDS[kind]
            before = Counter(
                (entry.version_info, entry.last_updated)
                for entry in known.entries
                if entry.place == field and entry.last_updated and entry.state is not State.ERROR
            )
            after = Counter(_stamps(envoy, field, mask, known))
            if before != after:
                words = f"{_subject(kind, known)} changed"
                yield Moved(kind, words + _versions(before - after, after - before))
        elif kind == "endpoint" and known.names is not None:
            again = LiveDump(envoy, where=dump.where)
            again.expect(kind, known.names)
            if _bodies(known.entries) != _bodies(again.known()[kind].entries):
                yield Moved(kind, f"{_subject(kind, known)} changed")


def _stamps(envoy: Asking, field: str, mask: str, known: Known) -> Iterator[Stamp]:
    if known.names is None:
        regexes: Iterable[str] = ("",)
    else:
        regexes = (pattern for _, pattern in patterns(known.names))
    for regex in regexes:
        try:
            answer = envoy.ask("config_dump", resource=field, mask=mask, name_regex=regex)
        except RefusedError as error:
            if error.status not in (400, 404):
                raise
            continue  # the section is not there
        for one in msgspec.json.decode(answer.data, type=_Answer).configs:
            for held in (one, one.active_state, one.warming_state, one.draining_state):
                if held is not None and held.last_updated:
                    yield held.version_info, held.last_updated


def _bodies(entries: Iterable[Entry]) -> Counter[bytes]:
    return Counter(bytes(entry.body) for entry in entries)


def _subject(kind: str, known: Known) -> str:
    words = _WORDS[kind]
    names = known.names if kind != "listener" else None
    if not names:
        return words
    shown = ", ".join(names[:_SHOWN])
    return f"{words} {shown}" + (f" and {len(names) - _SHOWN} more" if names[_SHOWN:] else "")


def _versions(before: Counter[Stamp], after: Counter[Stamp]) -> str:
    old, new = ({version for version, _ in stamps} for stamps in (before, after))
    if len(old) == len(new) == 1 and old != new:
        return f" from version {old.pop()} to {new.pop()}"
    return ""

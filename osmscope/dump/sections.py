"""A config dump: its sections, and each resource by kind, name and state.

Decision: reading a dump finds its sections and nothing else. A kind's entries are indexed when the
kind is first asked for, and an entry's body stays undecoded, a view of the one buffer that was
read. Absence of data is not absence of the object: `has` tells whether a kind was supplied at all.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Self

import msgspec

from osmscope.dump import text, wrappings
from osmscope.dump.entries import FORMS, KINDS, Entry, read_entries
from osmscope.dump.gaps import Gap
from osmscope.dump.node import Node, read_node
from osmscope.dump.states import ErrorState, State
from osmscope.dump.wrappings import Section

__all__ = ["Dump", "Entry", "ErrorState", "State"]

_BOOTSTRAP_FIELDS = {"listener": "listeners", "cluster": "clusters", "secret": "secrets"}
_BOOTSTRAP_SOURCES = {"listener": "lds_config", "cluster": "cds_config"}


class _Bootstrap(msgspec.Struct):
    static_resources: dict[str, msgspec.Raw] = {}
    dynamic_resources: dict[str, msgspec.Raw] = {}


class Dump:
    """One Envoy's configuration, as its admin interface shows it."""

    is_live = False
    """Whether an Envoy is asked for what is needed: what will be, is better said before."""

    def __init__(self, contents: wrappings.Contents, *, where: str) -> None:
        self.where = where
        self.gaps: list[Gap] = contents.gaps
        """What was not understood so far; grows while sections are read."""
        self.clusters: msgspec.Raw | None = contents.clusters
        """The answer of /clusters, where a text holds both."""
        self._last_updated = ""
        self._sections: dict[str, list[Section]] = {}
        self._entries: dict[str, tuple[Entry, ...]] = {}
        self._serving: dict[str, Mapping[str, Entry]] = {}
        self._by_name: dict[str, dict[str, list[Entry]]] = {}
        self._version_infos: dict[str, str] = {}
        self._node: Node | None = None
        self._client_node = contents.node
        self._bootstrap: msgspec.Raw | None = None
        for section in contents.sections:
            kind = KINDS.get(section.type_name)
            if kind is None:
                self._read_bootstrap(section)
            else:
                self._sections.setdefault(kind, []).append(section)

    @classmethod
    def read(cls, data: bytes, *, where: str, select: str = "") -> Self:
        """Find the sections of a dump.

        Args:
            data: The text: an answer of /config_dump, or what a tool made of one.
            where: The place it comes from, for errors.
            select: Which dump, "namespace/pod", if a tool put several into one text.

        Raises:
            DumpError: The text is not a config dump.
            SelectorError: It holds several dumps, and `select` fits none or several.
        """
        return cls(wrappings.unwrap(data, where=where, select=select), where=where)

    @property
    def bootstrap(self) -> msgspec.Raw | None:
        """The bootstrap configuration, None where the dump has none."""
        return self._bootstrap

    @property
    def last_updated(self) -> str:
        """When the bootstrap was read, which is about when Envoy started."""
        return self._last_updated

    def expect(self, kind: str, names: Iterable[str]) -> None:
        """Say which resources will be asked for, so that a live dump gets them at once."""

    def has(self, kind: str) -> bool:
        """Whether the dump would show the resources of a kind, if Envoy had any."""
        if kind in self._sections:
            return True
        source = _BOOTSTRAP_SOURCES.get(kind)
        if self._bootstrap is None or source is None or self._sections:
            return False
        return source not in self._decoded(self._bootstrap).dynamic_resources

    def entries(self, kind: str) -> tuple[Entry, ...]:
        """All resources of a kind in all their states, in the dump's order."""
        if kind not in self._entries:
            self._entries[kind] = tuple(self._read(kind))
        return self._entries[kind]

    def find(self, kind: str, name: str) -> tuple[Entry, ...]:
        """Every state of a name."""
        if kind not in self._by_name:
            index: dict[str, list[Entry]] = {}
            for entry in self.entries(kind):
                index.setdefault(entry.name, []).append(entry)
            self._by_name[kind] = index
        return tuple(self._by_name[kind].get(name, ()))

    def serving(self, kind: str) -> Mapping[str, Entry]:
        """The resources that decide requests, by name.

        Static and active ones, without those that have no name. Where a name occurs twice with
        different contents the later one stands, and a gap names both. Static route configurations
        are part of their listeners and their names need not be unique: one of them stands for its
        name only where RDS delivered none of that name.
        """
        if kind not in self._serving:
            index = self._index_serving(kind, self.entries(kind))
            self._serving[kind] = MappingProxyType(index)
        return self._serving[kind]

    def has_nameless(self, kind: str) -> bool:
        """Whether some of the resources of a kind have no name."""
        return not all(entry.name for entry in self.entries(kind))

    def version_info(self, kind: str) -> str:
        """The version of a whole section; an entry's own is the one that counts."""
        self.entries(kind)
        return self._version_infos.get(kind, "")

    def newest_update(self) -> str:
        """When the newest of the resources that were looked at was delivered; "" for none."""
        known = chain.from_iterable(self._entries.values())
        return max((entry.last_updated for entry in known), default="")

    def node(self) -> Node:
        """Who this Envoy says it is, and its version, from the bootstrap."""
        if self._node is None:
            self._node = read_node(self._client_node or self.bootstrap, gaps=self.gaps)
        return self._node

    def _index_serving(self, kind: str, entries: Iterable[Entry]) -> dict[str, Entry]:
        index: dict[str, Entry] = {}
        for entry in entries:
            if not entry.state.serves or not entry.name:
                continue
            earlier = index.get(entry.name)
            if kind == "route_config" and earlier is not None:
                if entry.state is State.STATIC:
                    continue
                if earlier.state is State.STATIC:
                    earlier = None
            if earlier is not None and kind != "endpoint" and earlier.body != entry.body:
                self.gaps.append(
                    Gap(
                        entry.path,
                        f"{kind} {entry.name!r} occurs twice: {earlier.path} gives way to this",
                    )
                )
            index[entry.name] = entry
        return index

    def _read(self, kind: str) -> Iterator[Entry]:
        sections = self._sections.get(kind)
        if sections is None:
            yield from self._read_static_resources(kind)
            return
        for section in sections:
            yield from self._read_section(kind, section)

    def _read_section(self, kind: str, section: Section) -> Iterator[Entry]:
        for key, raw in self._members(section).items():
            form = FORMS.get(key)
            if form is not None and form.kind == kind:
                yield from read_entries(key, raw, self.gaps)
            elif key == "version_info":
                self._version_infos[kind] = str(msgspec.json.decode(raw))
            elif key != "@type":
                self.gaps.append(Gap(_join(section.path, key), "a field that is not known"))

    def _read_static_resources(self, kind: str) -> Iterator[Entry]:
        """What the bootstrap itself holds, for a text without the kind's section."""
        field = _BOOTSTRAP_FIELDS.get(kind)
        if self._bootstrap is None or field is None:
            return
        raw = self._decoded(self._bootstrap).static_resources.get(field)
        if raw is None:
            return
        path = f"bootstrap.static_resources.{field}"
        try:
            bodies = msgspec.json.decode(raw, type=list[msgspec.Raw])
        except msgspec.ValidationError as error:
            self.gaps.append(Gap(path, f"not a list: {error}"))
            return
        static = "static_" + field
        body = FORMS[static].body.encode()
        entries = b",".join(b'{"%s":%s}' % (body, bytes(item)) for item in bodies)
        yield from read_entries(static, msgspec.Raw(b"[%s]" % entries), self.gaps, path=path)

    def _decoded(self, bootstrap: msgspec.Raw) -> _Bootstrap:
        try:
            return msgspec.json.decode(bootstrap, type=_Bootstrap)
        except msgspec.ValidationError as error:
            self.gaps.append(Gap("bootstrap", f"not of the expected type: {error}"))
            return _Bootstrap()

    def _read_bootstrap(self, section: Section) -> None:
        for key, raw in self._members(section).items():
            if key == "bootstrap":
                self._bootstrap = raw
            elif key == "last_updated":
                self._last_updated = str(msgspec.json.decode(raw))
            elif key != "@type":
                self.gaps.append(Gap(_join(section.path, key), "a field that is not known"))

    def _members(self, section: Section) -> dict[str, msgspec.Raw]:
        return text.decode(section.raw, dict[str, msgspec.Raw], where=self.where)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key

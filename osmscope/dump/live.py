"""A live Envoy's configuration, asked for piece by piece: what is read is what is needed.

Decision: a whole dump can cost a big sidecar gigabytes, so nothing is asked before somebody wants
it. A question is about one section (`mask`), and where names are known about these alone
(`name_regex`): Envoy then copies and prints no more than them. The answer has the form of a dump
with that one section, all states of a name at one moment, so it is read as such. An Envoy that
does not know `name_regex` (1.18) sends the whole section: that shows in what comes, and the
section is then taken as a whole. What was not found was asked for too: absence is an answer.

Checked against Envoy 1.40.0: a mask has to fit the section as a whole, else HTTP 400; a section
that is not there gives 400 as well; `name_regex` fits whole names; endpoints are named by the name
that their cluster looks them up by, and need `include_eds`.
"""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import Protocol, Self

import msgspec

from osmscope.dump import wrappings
from osmscope.dump.entries import FORMS, KINDS, Entry
from osmscope.dump.names import are_too_many, patterns
from osmscope.dump.sections import Dump
from osmscope.errors import DumpError, RefusedError, UnreachableError

NOBODY = "a^"
"""A regular expression that fits no name."""

_WITH_VERSION = ("listener", "cluster")
"""Kinds whose section has a version of its own."""
_BOOTSTRAP = (
    "last_updated",
    "bootstrap.node.id",
    "bootstrap.node.cluster",
    "bootstrap.node.metadata",
    "bootstrap.node.locality",
    "bootstrap.node.user_agent_name",
    "bootstrap.node.user_agent_version",
    "bootstrap.node.user_agent_build_version",
    "bootstrap.cluster_manager",
    "bootstrap.layered_runtime",
)
"""What is read of the bootstrap; the node's list of extensions alone is 100 KB."""


class Answered(Protocol):
    """What was answered, and where."""

    @property
    def data(self) -> bytes:
        """The answer."""
        ...

    @property
    def where(self) -> str:
        """The address and the question, for errors."""
        ...


class Asking(Protocol):
    """Whoever puts questions to an Envoy: `osmscope.source.admin.Admin`."""

    def ask(self, what: str, *flags: str, **parameters: str) -> Answered:
        """Ask one question; see `osmscope.source.admin.QUESTIONS`."""
        ...


class Known(msgspec.Struct, frozen=True):
    """What is known of a kind."""

    names: tuple[str, ...] | None
    """What was asked for; None for the whole section."""
    entries: tuple[Entry, ...]


class LiveDump(Dump):
    """One Envoy's configuration, asked for when it is needed, and once.

    Every method may raise `UnreachableError`: Envoy does not answer.
    """

    is_live = True

    def __init__(self, envoy: Asking, *, where: str) -> None:
        super().__init__(wrappings.Contents(), where=where)
        self._envoy = envoy
        self._has: dict[str, bool] = {}
        self._named: dict[str, dict[str, tuple[Entry, ...]]] = {}
        self._listed: set[str] = set()
        self._knows_bootstrap = False
        self._lock = threading.RLock()

    @property
    def bootstrap(self) -> msgspec.Raw | None:
        """What of the bootstrap decides something."""
        self._ask_bootstrap()
        return self._bootstrap

    @property
    def last_updated(self) -> str:
        """When the bootstrap was read, which is about when Envoy started."""
        self._ask_bootstrap()
        return self._last_updated

    def has(self, kind: str) -> bool:
        """Whether Envoy shows the resources of a kind."""
        with self._lock:
            if kind not in self._has:
                entries = self._ask(kind, NOBODY)
                if entries:
                    self._entries[kind] = entries
            return self._has[kind]

    def entries(self, kind: str) -> tuple[Entry, ...]:
        """All resources of a kind in all their states: asks for the whole section."""
        self._listed.add(kind)
        return self._all(kind)

    def is_listed(self, kind: str) -> bool:
        """Whether somebody asked for all resources of a kind: all that belongs to them follows."""
        return kind in self._listed

    def find(self, kind: str, name: str) -> tuple[Entry, ...]:
        """Every state of a name."""
        with self._lock:
            self.expect(kind, (name,))
            return super().find(kind, name) if self._is_whole(kind) else self._named[kind][name]

    def serving(self, kind: str) -> Mapping[str, Entry]:
        """The resources that decide requests; a name is asked for alone."""
        return super().serving(kind) if self._is_whole(kind) else _Serving(self, kind)

    def serving_entry(self, kind: str, name: str) -> Entry | None:
        """Return the resource of a name that decides requests; None where there is none."""
        with self._lock:
            found = self.find(kind, name)
            if self._is_whole(kind):
                return super().serving(kind).get(name)
            return self._index_serving(kind, found).get(name)

    def has_nameless(self, kind: str) -> bool:
        """Whether some of the resources of a kind have no name, of those that came so far."""
        with self._lock:
            if self._is_whole(kind):
                return super().has_nameless(kind)
            return bool(self._named.get(kind, {}).get(""))

    def newest_update(self) -> str:
        """When the newest of the resources that were asked for was delivered; "" for none."""
        known = chain.from_iterable(known.entries for known in self.known().values())
        return max((entry.last_updated for entry in known), default="")

    def version_info(self, kind: str) -> str:
        """The version of a whole section."""
        self.has(kind)
        return self._version_infos.get(kind, "")

    def expect(self, kind: str, names: Iterable[str]) -> None:
        """Ask for those names that were not asked for, in as few questions as possible."""
        with self._lock:
            if self._is_whole(kind):
                return
            known = self._named.setdefault(kind, {})
            missing = [name for name in dict.fromkeys(names) if name not in known]
            follows = kind == "endpoint" and self.is_listed("cluster")
            if kind == "listener" or follows or are_too_many(missing):
                self._all(kind)
                return
            for asked, pattern in patterns(missing):
                if not self._expect(kind, asked, pattern):
                    return

    def renewed(self, kinds: Collection[str]) -> Self:
        """Return the same dump with nothing known of some kinds; this one stays as it is."""
        again = type(self)(self._envoy, where=self.where)
        with self._lock:
            for kind in self._has.keys() - kinds:
                again._has[kind] = self._has[kind]
                if kind in self._named:
                    again._named[kind] = dict(self._named[kind])
                if kind in self._entries:
                    again._entries[kind] = self._entries[kind]
                if kind in self._version_infos:
                    again._version_infos[kind] = self._version_infos[kind]
        return again

    def known(self) -> dict[str, Known]:
        """Return what was asked for so far, by kind."""
        with self._lock:
            named = {
                kind: Known(tuple(filter(None, names)), tuple(chain(*names.values())))
                for kind, names in self._named.items()
            }
            whole = {kind: Known(None, entries) for kind, entries in self._entries.items()}
            return {**named, **whole}

    def _expect(self, kind: str, asked: tuple[str, ...], pattern: str) -> bool:
        """Ask for names; tell whether more of the section is still unknown."""
        try:
            entries = self._ask(kind, pattern)
        except RefusedError as error:
            if "name_regex" not in error.message:
                raise
            self._all(kind)
            return False
        if {entry.name for entry in entries} - {*asked, ""}:
            self._entries[kind] = entries
            return False
        found = self._named[kind]
        for name in asked:
            found[name] = tuple(entry for entry in entries if entry.name == name)
        nameless = tuple(entry for entry in entries if not entry.name)
        if nameless:
            found[""] = nameless
        return True

    def _is_whole(self, kind: str) -> bool:
        return kind in self._entries

    def _all(self, kind: str) -> tuple[Entry, ...]:
        with self._lock:
            if kind not in self._entries:
                self._entries[kind] = self._ask(kind, "")
            return self._entries[kind]

    def _ask(self, kind: str, pattern: str) -> tuple[Entry, ...]:
        """Ask for the resources of a kind whose names fit a pattern; "" fits all."""
        fields = [field for field, form in FORMS.items() if form.kind == kind]
        if kind in _WITH_VERSION:
            fields.insert(0, "version_info")
        flags = ("include_eds",) if kind == "endpoint" else ()
        sections = self._sections_of(kind, fields, pattern, flags)
        self._has[kind] = bool(sections)
        return tuple(entry for one in sections for entry in self._read_section(kind, one))

    def _sections_of(
        self, kind: str, fields: Iterable[str], pattern: str, flags: tuple[str, ...] = ()
    ) -> list[wrappings.Section]:
        """Ask for fields of a section; "bootstrap" is one."""
        try:
            answer = self._envoy.ask(
                "config_dump", *flags, mask=",".join(fields), name_regex=pattern
            )
        except RefusedError as error:
            if "FieldMask" in error.message:
                return []
            raise
        if answer.data.strip() == b"{}":
            return []
        try:
            contents = wrappings.unwrap(answer.data, where=answer.where)
        except DumpError as error:  # whoever answers there is no Envoy
            raise UnreachableError(error.message, where=error.where, hint=error.hint) from None
        self.gaps += contents.gaps
        return [one for one in contents.sections if KINDS.get(one.type_name, "bootstrap") == kind]

    def _ask_bootstrap(self) -> None:
        with self._lock:
            if not self._knows_bootstrap:
                for section in self._sections_of("bootstrap", _BOOTSTRAP, NOBODY):
                    self._read_bootstrap(section)
                self._knows_bootstrap = True


class _Serving(Mapping[str, Entry]):
    """The resources that decide requests: one is asked for alone, all where they are listed."""

    def __init__(self, dump: LiveDump, kind: str) -> None:
        self._dump = dump
        self._kind = kind

    def __getitem__(self, name: str) -> Entry:
        entry = self._dump.serving_entry(self._kind, name)
        if entry is None:
            raise KeyError(name)
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> Mapping[str, Entry]:
        self._dump.entries(self._kind)
        return self._dump.serving(self._kind)

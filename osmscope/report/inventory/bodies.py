"""The JSON of a resource, or of a part of one, as the dump has it."""

from __future__ import annotations

import re

import msgspec

from osmscope.dump.sections import Entry
from osmscope.report.inventory.document import Ref
from osmscope.report.keys import keyed
from osmscope.resources.proxy import Proxy

_PART = re.compile(r"(listener_filters|filters|http_filters)\[(\d+)\]")
_NOTHING = msgspec.Raw(b"null")


class _Listener(msgspec.Struct):
    filter_chains: list[msgspec.Raw] = []
    default_filter_chain: msgspec.Raw = _NOTHING


class _Named(msgspec.Struct):
    name: str = ""


class _Tables(msgspec.Struct):
    virtual_hosts: list[msgspec.Raw] = []


class _Hosts(msgspec.Struct):
    routes: list[msgspec.Raw] = []


class Bodies:
    """Finds the JSON of what has a key."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._entries: dict[str, dict[str, Entry]] = {}
        self._lists: dict[tuple[str, str], list[msgspec.Raw]] = {}

    def entry(self, kind: str, key: str) -> Entry | None:
        """Return a dump's entry by its key."""
        if kind not in self._entries:
            self._entries[kind] = dict(keyed(self._proxy.dump.entries(kind)))
        return self._entries[kind].get(key)

    def body(self, ref: Ref) -> bytes:
        """Return a resource's JSON; b"" where the dump has none."""
        if ref.kind in ("listener", "route_config", "cluster", "secret"):
            entry = self.entry(ref.kind, ref.key)
            if entry is None:
                return b""
            failed = entry.error.failed_configuration if entry.error is not None else b""
            return bytes(entry.body) or bytes(failed)
        find = getattr(self, f"_{ref.kind}", None)
        return b"" if find is None else bytes(find(ref.key))

    def _filter_chain(self, key: str) -> bytes:
        listener, _, index = key.rpartition("#")
        entry = self.entry("listener", listener)
        if entry is None or not bytes(entry.body):
            return b""
        if index == "default":
            return bytes(msgspec.json.decode(entry.body, type=_Listener).default_filter_chain)
        chains = self._listed("filter_chain", listener, entry)
        return bytes(chains[int(index)])

    def _filter(self, key: str) -> bytes:
        found = list(_PART.finditer(key))
        if not found:
            return b""
        parts = found[-2:] if found[-1][1] == "http_filters" else found[-1:]
        owner = key[: parts[0].start() - 1]
        kind = "listener" if parts[0][1] == "listener_filters" else "filter_chain"
        value = msgspec.json.decode(self.body(Ref(kind, owner)))
        for part in parts:
            inside = value.get("typed_config", value) if part[1] == "http_filters" else value
            inside = inside.get("value", inside) if "http_filters" not in inside else inside
            value = inside[part[1]][int(part[2])] if part[1] in inside else {}
        return msgspec.json.encode(value)

    def _virtual_host(self, key: str) -> bytes:
        for table in self._tables(key):
            entry = self.entry("route_config", table)
            for body in self._listed("virtual_host", table, entry) if entry else ():
                if f"{table}/{msgspec.json.decode(body, type=_Named).name}" == key:
                    return bytes(body)
        return b""

    def _tables(self, key: str) -> list[str]:
        """List the route configurations that a virtual host's key may start with."""
        places = [index for index, character in enumerate(key) if character == "/"]
        return [key[:index] for index in places if self.entry("route_config", key[:index])]

    def _route(self, key: str) -> bytes:
        owner, _, index = key.rpartition("#")
        body = self._virtual_host(owner)
        return bytes(msgspec.json.decode(body, type=_Hosts).routes[int(index)]) if body else b""

    def _listed(self, kind: str, key: str, entry: Entry) -> list[msgspec.Raw]:
        """Return the parts of a resource; the last few are kept: parts are asked for in turn."""
        if (kind, key) not in self._lists:
            if len(self._lists) > 4:
                self._lists.clear()
            if kind == "filter_chain":
                parts = msgspec.json.decode(entry.body, type=_Listener).filter_chains
            else:
                parts = msgspec.json.decode(bytes(entry.body) or b"{}", type=_Tables).virtual_hosts
            self._lists[kind, key] = parts
        return self._lists[kind, key]

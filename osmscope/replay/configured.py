"""What a dump says that a log's reader needs: access log formats, and what access control reads.

Decision: listeners and route tables are looked through as plain JSON, once: formats and RBAC
policies stand in many places (listeners, filters, routes); where does not matter here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from osmscope.replay.json_format import KeyPath, flattened
from osmscope.resources.proxy import Proxy

_KINDS = ("listener", "route_config", "ecds_filter")
_MATCHES = ("exact", "prefix", "suffix", "contains")
_TELLING = (b"json_format", b"jsonFormat", b"text_format", b"textFormat", b"principal")
MOST_IDENTITIES = 200


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    json_keys: Mapping[KeyPath, str] = {}
    """Place → format string, of all JSON formats; a place that has several is left out."""
    text_formats: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    """A name for each that a policy asks for in a client's certificate, in the dump's order."""
    access_control_headers: frozenset[str] = frozenset()
    """The request headers that RBAC policies look at."""


def configured(proxy: Proxy) -> Configured:
    """Look through a sidecar's listeners and route tables.

    Raises:
        DumpError: A section cannot be read.
    """
    found = _Found()
    for name, value in _members(proxy):
        read = _READERS.get(name)
        if read is not None:
            read(found, value)
    return Configured(
        json_keys={key: next(iter(of)) for key, of in found.json_keys.items() if len(of) == 1},
        text_formats=tuple(found.text_formats),
        identities=tuple(found.identities)[:MOST_IDENTITIES],
        access_control_headers=frozenset(found.headers),
    )


class _Found(msgspec.Struct):
    """What was found so far; dictionaries keep the order."""

    json_keys: dict[KeyPath, set[str]] = {}
    text_formats: dict[str, None] = {}
    identities: dict[str, None] = {}
    headers: set[str] = set()

    def read_json_format(self, value: object) -> None:
        for path, text in flattened(value).items() if isinstance(value, dict) else ():
            self.json_keys.setdefault(path, set()).add(text)

    def read_text_format(self, value: object) -> None:
        if isinstance(value, str):
            self.text_formats[value] = None

    def read_text_format_source(self, value: object) -> None:
        if isinstance(value, dict):
            self.read_text_format(value.get("inline_string") or value.get("inlineString"))

    def read_principal_name(self, matcher: object) -> None:
        if isinstance(matcher, dict):
            # What a name has to begin with, or to hold, is itself such a name.
            texts = (matcher.get(kind) for kind in _MATCHES)
            self.identities.update({text: None for text in texts if text and isinstance(text, str)})

    def read_policies(self, policies: object) -> None:
        for name, value in _walk(policies):
            if name == "header" and isinstance(value, dict):
                self.headers.add(str(value.get("name", "")).lower())


_READERS: Mapping[str, Callable[[_Found, object], None]] = {
    "json_format": _Found.read_json_format,
    "jsonFormat": _Found.read_json_format,
    "text_format": _Found.read_text_format,
    "textFormat": _Found.read_text_format,
    "text_format_source": _Found.read_text_format_source,
    "textFormatSource": _Found.read_text_format_source,
    "principal_name": _Found.read_principal_name,
    "principalName": _Found.read_principal_name,
    "policies": _Found.read_policies,
}


def _members(proxy: Proxy) -> Iterator[tuple[str, object]]:
    for kind in _KINDS:
        for entry in proxy.dump.entries(kind):
            body = bytes(entry.body)
            if entry.state.serves and any(word in body for word in _TELLING):
                yield from _walk(msgspec.json.decode(body))


def _walk(value: object) -> Iterator[tuple[str, object]]:
    """List every member of every object within a value."""
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            yield from current.items()
            pending.extend(reversed(current.values()))
        elif isinstance(current, list):
            pending.extend(reversed(current))

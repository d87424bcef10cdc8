"""A dump without its secrets: a function from JSON to JSON, and what it replaced.

Decision: names decide, not types. A field, a header, a variable that is called like a secret loses
its value wherever it stands, in extensions that nobody knows too; beside that, what looks like a
credential goes from every text. Where a replaced value is one that requests are held against, its
path is told as `deciding`: a trace can't tell what it decides, and says so.

A large dump is taken apart where it is large, so that no more than an entry of it is ever decoded.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

import msgspec

from osmscope.errors import SourceError
from osmscope.source.redact_text import (
    REDACTED,
    is_secret_field,
    is_secret_header,
    redact_code,
    redact_command,
    redact_text,
    redact_value,
    snake_case,
)

T = TypeVar("T")
Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

LARGE = 1 << 18
"""Bytes from which on a value is taken apart instead of decoded."""

_REDACTED_BYTES: Final = base64.b64encode(REDACTED.encode()).decode()
_INLINE = ("inline_string", "inline_bytes")
_DATA_SOURCE = frozenset(
    {*_INLINE, "filename", "environment_variable", "watched_directory", "specifier"}
)
_MATCHES = (
    *("exact", "prefix", "suffix", "contains", "regex"),
    *("exact_match", "prefix_match", "suffix_match", "contains_match"),
    *("regex_match", "safe_regex_match", "safe_regex", "string_match", "value_match", "google_re2"),
)
_MAPS = ("exact_match_map", "prefix_match_map")
_PRIVATE_JWK = ("k", "d", "p", "q", "dp", "dq", "qi", "oth")
_NAMES_OF_COOKIES = "cookie_names"
_LIMITS = ("entries", "descriptors")
"""Where {key, value} is no header but what a rate limit counts by."""
_WHOLE = frozenset({"key", "keys", "value", "kty", "input", *_MATCHES, *_MAPS, *_DATA_SOURCE})
"""Keys that are understood together with those beside them."""

_OPERATORS = re.compile(r"(?:%[^%]+%)+")
_PLAIN = re.compile(r"\d{1,5}|true|false", re.IGNORECASE)
_WORDS = ("args", "command")

Link = tuple["Link | None", str | int]
"""The place of a value: that of what it stands in, and its key."""


class Redacted(msgspec.Struct):
    """What was replaced in one document so far."""

    paths: list[str] = []
    """Where."""
    deciding: list[str] = []
    """Those of them that requests are held against."""


def redact_json(data: bytes, found: Redacted, *, where: str = "") -> Iterator[bytes]:
    """Redact a JSON document, piece by piece.

    Args:
        data: The document.
        found: Takes what was replaced.
        where: Its name, for errors.

    Raises:
        SourceError: It is no JSON, or nested too deeply; some pieces may have been given before.
    """
    try:
        yield from _pieces(msgspec.Raw(data), _Place(), found)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        hint = "capture it again"
        raise SourceError(f"no JSON to redact: {reason}", where=where, hint=hint) from None


def redact_tree(value: Json) -> tuple[Json, Redacted]:
    """Redact a decoded value; it is changed in place where it is an object or a list.

    Args:
        value: What was decoded.
    """
    found = Redacted()
    root: dict[str, Json] = {"": value}
    _Walk(found).run(root, _Place())
    return root[""], found


class _Place(msgspec.Struct, frozen=True):
    """Where a value stands."""

    link: Link | None = None
    key: str = ""
    """The name of the field that it is in, also where that is a list."""
    parent: str = ""
    """The name of the field that holds that field."""


def _pieces(raw: msgspec.Raw, place: _Place, found: Redacted) -> Iterator[bytes]:
    """Take a large value apart; give its parts as JSON again."""
    text = memoryview(raw)
    first = bytes(text[:64]).lstrip()[:1] if len(text) >= LARGE else b""
    if first == b"[" and place.key not in _WORDS:
        yield b"["
        for index, item in enumerate(msgspec.json.decode(raw, type=list[msgspec.Raw])):
            inside = _Place((place.link, index), place.key, place.parent)
            yield b"," if index else b""
            yield from _pieces(item, inside, found)
        yield b"]"
        return
    if first == b"{":
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        if not _WHOLE & {snake_case(name) for name in fields} and not is_secret_field(place.key):
            yield b"{"
            for index, (name, item) in enumerate(fields.items()):
                inside = _Place((place.link, name), name, snake_case(place.key))
                yield (b"," if index else b"") + msgspec.json.encode(name) + b":"
                yield from _pieces(item, inside, found)
            yield b"}"
            return
    root: dict[str, Json] = {place.key: msgspec.json.decode(raw)}
    before = len(found.paths)
    _Walk(found).run(root, place)
    changed = len(found.paths) > before
    yield msgspec.json.encode(root[place.key]) if changed else bytes(text)


class _Walk:
    """Goes through one value, without recursion: a dump is as deep as it likes."""

    def __init__(self, found: Redacted) -> None:
        self._found = found

    def run(self, root: dict[str, Json], start: _Place) -> None:
        """Redact the value that `root` holds, which stands at a place of the document."""
        value = self._field(start.key, root[start.key], start.link, start.parent)
        root[start.key] = value
        todo: list[tuple[Json, Link | None, str]] = [(value, start.link, snake_case(start.key))]
        while todo:
            node, place, name = todo.pop()
            if isinstance(node, dict):
                self._object(node, place, name)
                for child, item in node.items():
                    if not isinstance(item, float | bool | None):
                        node[child] = item = self._field(child, item, (place, child), name)
                    if isinstance(item, dict | list):
                        todo.append((item, (place, child), snake_case(child)))
            elif isinstance(node, list):
                self._words(node, place, name)
                todo += [
                    (item, (place, index), name)
                    for index, item in enumerate(node)
                    if isinstance(item, dict | list)
                ]

    def _words(self, node: list[Json], place: Link | None, name: str) -> None:
        """Redact the texts of a list."""
        for index, item in enumerate(node):
            if isinstance(item, str):
                if index and name in _WORDS and _is_for(node[index - 1], item):
                    item = self._put(item, REDACTED, (place, index))
                node[index] = self._text(name, item, (place, index))

    def _field(self, key: str, value: Json, place: Link | None, parent: str = "") -> Json:
        """Redact a field by its name."""
        if is_secret_field(key) and parent != _NAMES_OF_COOKIES:
            return self._secret(value, place)
        return self._text(snake_case(key), value, place) if isinstance(value, str) else value

    def _secret(self, value: Json, place: Link | None) -> Json:
        """Redact what a field holds whose name says that it is secret."""
        if isinstance(value, str):
            return self._put(value, _without_secret(value), place)
        if isinstance(value, int) and place is not None and "pass" in str(place[1]).lower():
            self._tell(place, decides=False)  # other numbers are limits: max_tokens
            return REDACTED
        if isinstance(value, list):
            for index, item in enumerate(value):
                value[index] = self._secret(item, (place, index))
        elif isinstance(value, dict) and _is_data_source(value):
            self._data_source(value, place)
        return value

    def _data_source(self, source: dict[str, Json], place: Link | None) -> None:
        for name, item in source.items():
            if item and snake_case(name) == "inline_bytes":
                source[name] = self._put(item, _REDACTED_BYTES, (place, name))
            elif item and snake_case(name) == "inline_string":
                source[name] = self._put(item, REDACTED, (place, name))

    def _object(self, node: dict[str, Json], place: Link | None, name: str) -> None:
        """Redact what is understood only by several fields together."""
        fields = {snake_case(key): key for key in node}
        if "key" in fields and name not in _LIMITS:
            self._pair(node, fields, place)
        if "name" in fields:
            self._named(node, fields, place, name)
        if "kty" in fields:
            for part in _PRIVATE_JWK:
                if part in fields:
                    self._replace(node, fields[part], place, lambda _: REDACTED)
        if "input" in fields and _asks_for_secret(node[fields["input"]]):
            self._matches(node, fields, place)
            self._maps(node, fields, place)
        if name == "users" or (name.endswith("_ticket_keys") and "keys" in fields):
            self._credentials(node, fields, place, name)

    def _credentials(
        self, node: dict[str, Json], fields: dict[str, str], place: Link | None, name: str
    ) -> None:
        """Redact the users of basic authentication, and the keys of session tickets."""
        if name == "users" and _is_data_source(node):
            self._data_source(node, place)
        keys = node.get(fields.get("keys", ""))
        if isinstance(keys, list):
            self._secret(keys, (place, "keys"))

    def _pair(self, node: dict[str, Json], fields: dict[str, str], place: Link | None) -> None:
        """Redact a header with its value, or the key of a client."""
        key = node[fields["key"]]
        if "client" in fields:
            self._replace(node, fields["key"], place, _without_secret)
        if not isinstance(key, str) or not is_secret_header(key):
            return
        if "value" in fields:
            self._replace(node, fields["value"], place, redact_value)
        if "raw_value" in fields:
            self._replace(node, fields["raw_value"], place, lambda _: _REDACTED_BYTES)

    def _named(
        self, node: dict[str, Json], fields: dict[str, str], place: Link | None, name: str
    ) -> None:
        """Redact what a header, a query parameter or a cookie is held against; a variable."""
        own = node[fields["name"]]
        if not isinstance(own, str):
            return
        if name == "env" and "value" in fields and not _tells_nothing(node[fields["value"]]):
            self._replace(node, fields["value"], place, _without_secret)
        if name == "cookies" or is_secret_header(own):
            self._matches(node, fields, place)
        if is_secret_field(own) and "value" in fields:
            self._replace(node, fields["value"], place, _without_secret)

    def _matches(self, node: dict[str, Json], fields: dict[str, str], place: Link | None) -> None:
        """Redact the patterns of a matcher, however deep its kind puts them."""
        for kind in _MATCHES:
            key = fields.get(kind)
            if key is None:
                continue
            pattern = node[key]
            if isinstance(pattern, dict):
                inner = {snake_case(each): each for each in pattern}
                self._matches(pattern, inner, (place, key))
            else:
                self._replace(node, key, place, redact_value, decides=True)

    def _maps(self, node: dict[str, Json], fields: dict[str, str], place: Link | None) -> None:
        """Redact the keys that an input is looked up in."""
        for kind in _MAPS:
            holder = node.get(fields.get(kind, ""))
            table = holder.get("map") if isinstance(holder, dict) else None
            if not isinstance(holder, dict) or not isinstance(table, dict):
                continue
            link: Link = ((place, kind), "map")
            new: dict[str, Json] = {}
            for number, (key, item) in enumerate(table.items(), 1):
                kept = redact_value(key)
                if kept != key:
                    kept = f"{kept} {number}"
                    self._tell((link, kept), decides=True)
                new[kept] = item
            holder["map"] = new

    def _text(self, key: str, text: str, place: Link | None) -> str:
        """Redact what looks like a credential."""
        if key == "inline_bytes":
            return self._put(text, _redact_bytes(text), place)
        if key == "config_yaml":  # the bootstrap, which the dump holds as well
            return self._put(text, _without_secret(text), place)
        if key in ("inline_string", "inline_code", "configuration", "value"):
            new = _redact_document(text) if text.lstrip()[:1] in ("{", "[") else None
            return self._put(text, redact_code(text) if new is None else new, place)
        if key in _WORDS:
            return self._put(text, redact_command(text), place)
        return self._put(text, redact_text(text), place, decides=key in _MATCHES)

    def _replace(
        self,
        node: dict[str, Json],
        key: str,
        place: Link | None,
        change: Callable[[str], str],
        *,
        decides: bool = False,
    ) -> None:
        value = node[key]
        if isinstance(value, str):
            node[key] = self._put(value, change(value), (place, key), decides=decides)

    def _put(self, old: T, new: T, place: Link | None, *, decides: bool = False) -> T:
        if new != old:
            self._tell(place, decides=decides)
        return new

    def _tell(self, place: Link | None, *, decides: bool) -> None:
        path = _path(place)
        self._found.paths.append(path)
        if decides:
            self._found.deciding.append(path)


def _without_secret(text: str) -> str:
    """What is left of a text that is a secret as a whole: nothing, or what stood for one."""
    if text in ("", REDACTED, _REDACTED_BYTES) or _OPERATORS.fullmatch(text):
        return text
    return REDACTED


def _tells_nothing(value: Json) -> bool:
    """Whether a variable holds a port or a switch, as those of sidecars do."""
    return isinstance(value, str) and _PLAIN.fullmatch(value) is not None


def _is_data_source(value: dict[str, Json]) -> bool:
    fields = {snake_case(name) for name in value}
    return bool(fields) and fields <= _DATA_SOURCE


def _is_for(option: Json, word: str) -> bool:
    """Whether a word is the value of the option before it, which names a secret: --token x."""
    if not isinstance(option, str) or not option.startswith("-") or word.startswith("-"):
        return False
    return is_secret_field(option.lstrip("-"))


def _asks_for_secret(value: Json) -> bool:
    """Whether the input of a matcher is a header, a parameter or a cookie that is a secret."""
    config = (
        value.get("typed_config", value.get("typedConfig")) if isinstance(value, dict) else None
    )
    if not isinstance(config, dict):
        return False
    names = (text for key, text in config.items() if key != "@type" and isinstance(text, str))
    return any(is_secret_header(name) for name in names)


def _redact_bytes(text: str) -> str:
    """Redact what stands in base64: a key, or a text that holds credentials."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return redact_code(text)
    if b"PRIVATE KEY" in data:
        return _REDACTED_BYTES
    try:
        inside = data.decode()
    except UnicodeDecodeError:
        return text
    new = redact_code(inside)
    return text if new == inside else base64.b64encode(new.encode()).decode()


def _redact_document(text: str) -> str | None:
    """Redact JSON that stands in a text; None where it is none."""
    try:
        value: Json = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    value, found = redact_tree(value)
    return msgspec.json.encode(value).decode() if found.paths else text


def _path(place: Link | None) -> str:
    parts: list[str] = []
    while place is not None:
        place, key = place
        parts.append(f"[{key}]" if isinstance(key, int) else f".{key}")
    return "".join(reversed(parts)).removeprefix(".")

"""Access logs of a JSON object a line, and the formats that users give.

What Envoy does: a JSON format may nest objects; each text in it is a format string. One that is a
single command keeps the type of its value, every other one is a text. What is nothing is null, `-`
within a text, or left out.
Checked against Envoy 1.40.0. Not modelled: lists in formats.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import msgspec

from osmscope.errors import UsageError
from osmscope.replay.log_format import LogFormat, TextFormat, is_cut, parts_of
from osmscope.replay.logged import Logged, logged

KeyPath = tuple[str, ...]
_HINT = 'give an object like {"method": "%REQ(:METHOD)%", …}'


class JsonFormat:
    """A JSON object a line.

    Args:
        texts: The format string at each place of the object.
        name: What to call it.

    Raises:
        UsageError: It names nothing of a request.
    """

    def __init__(self, texts: Mapping[KeyPath, str], name: str) -> None:
        self.name = name
        self._fields: list[tuple[KeyPath, str, int]] = []
        self._mixed: list[tuple[KeyPath, TextFormat]] = []
        for path, text in texts.items():
            self._add(path, text)
        if not self._fields and not self._mixed:
            raise UsageError("the format names nothing of a request", hint=_HINT)
        self._decoder = msgspec.json.Decoder(dict[str, object])

    def _add(self, path: KeyPath, text: str) -> None:
        parts = tuple(parts_of(text))
        if len(parts) == 1 and parts[0].is_command:
            if parts[0].text:
                self._fields.append((path, parts[0].text, parts[0].limit))
            return
        # A text that names nothing of a request, or that cannot be turned round, is of no use.
        with contextlib.suppress(UsageError):
            self._mixed.append((path, TextFormat(text, self.name)))

    def read(self, line: bytes) -> Logged | None:
        """Read a line; None where it is not an object with a key of this format."""
        try:
            found = self._decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        values: dict[str, str | None] = {}
        for path, text in self._mixed:
            value = _at(found, path)
            if isinstance(value, str):
                values |= text.values(value) or {}
        for path, field, limit in self._fields:
            value = _at(found, path)
            if value is not _ABSENT and not is_cut(scalar := _scalar(value), limit):
                values[field] = scalar
        return logged(values) if values else None

    def fits(self, line: bytes) -> bool:
        """Whether a line is an object with a key of this format."""
        return self.read(line) is not None


def read_format(text: str) -> LogFormat:
    """Make a reader of a format that a user gives: a format string, or a JSON object of them.

    Raises:
        UsageError: It cannot be read, or names nothing of a request.
    """
    if not text.lstrip().startswith("{"):
        return TextFormat(text, "the given format")
    try:
        given = msgspec.json.decode(text, type=dict[str, object])
    except msgspec.MsgspecError as error:
        raise UsageError(
            f"the format is not a JSON object of format strings: {error}", hint=_HINT
        ) from None
    return JsonFormat(flattened(given), "the given JSON format")


def flattened(keys: Mapping[str, object], above: KeyPath = ()) -> dict[KeyPath, str]:
    """List the texts within nested objects, by their places."""
    return dict(_texts(keys, above))


def _texts(keys: Mapping[str, object], above: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    for key, value in keys.items():
        if isinstance(value, str):
            yield (*above, key), value
        elif isinstance(value, dict):
            yield from _texts(value, (*above, key))


_ABSENT = object()


def _at(value: object, path: KeyPath) -> object:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return _ABSENT
        value = value[key]
    return value


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return "" if value == "-" else value
    return str(value) if isinstance(value, int | float) else ""

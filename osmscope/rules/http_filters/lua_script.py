"""Reads the Lua scripts that change headers in a straight line, and no others.

A script is understood where all its top-level statements define functions and
`envoy_on_request` holds nothing but literal header operations and log lines:
`handle:headers():add("name", "value")`, `replace`, `remove`, `handle:logInfo("text")`. Everything
else is Lua, which is not interpreted: guessing what a script does would be worse than saying so.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

import msgspec

_TOKEN = re.compile(
    r"""(?P<space>\s+|--\[\[.*?\]\]|--(?!\[\[)[^\n]*)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<other>\[\[.*?\]\]|.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\([ntr\\\"'])")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_OPENING = frozenset({"function", "if", "do", "repeat"})
_CLOSING = frozenset({"end", "until"})
_ARITY = {"add": 2, "replace": 2, "remove": 1}
_LOGS = frozenset({"logTrace", "logDebug", "logInfo", "logWarn", "logErr", "logCritical"})
_ENTRY = "envoy_on_request"


class HeaderOperation(msgspec.Struct, frozen=True):
    """One literal operation on the request's headers."""

    kind: str
    """`add`, `replace` or `remove`."""
    name: str
    value: str = ""


class _NotUnderstoodError(Exception):
    """The script does something else."""


class _Tokens:
    """Tokens, and where reading stands."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self._at += 1
        return token

    def expect(self, *wanted: str) -> None:
        for token in wanted:
            if self.take() != token:
                raise _NotUnderstoodError


@functools.lru_cache(maxsize=1024)
def read_script(script: str) -> tuple[HeaderOperation, ...] | None:
    """List what a script does to a request; None where it is not understood."""
    tokens = [t.group() for t in _TOKEN.finditer(script) if t.lastgroup != "space"]
    if _ENTRY not in tokens:
        return ()
    try:
        return _entry_function(_Tokens(tokens))
    except _NotUnderstoodError:
        return None


def _entry_function(tokens: _Tokens) -> tuple[HeaderOperation, ...]:
    operations: tuple[HeaderOperation, ...] = ()
    while tokens.peek():
        if tokens.peek() == ";":
            tokens.take()
            continue
        tokens.expect("function")
        if tokens.peek() == _ENTRY:
            tokens.take()
            operations = _straight_line(tokens)
        else:
            _skip_function(tokens)
    return operations


def _skip_function(tokens: _Tokens) -> None:
    depth = 1
    while depth:
        token = tokens.take()
        if not token or token == _ENTRY:
            raise _NotUnderstoodError
        depth += (token in _OPENING) - (token in _CLOSING)


def _straight_line(tokens: _Tokens) -> tuple[HeaderOperation, ...]:
    tokens.expect("(")
    handle = tokens.take()
    tokens.expect(")")
    operations: list[HeaderOperation] = []
    while (token := tokens.take()) != "end":
        if token == ";":
            continue
        if token != handle:
            raise _NotUnderstoodError
        tokens.expect(":")
        method = tokens.take()
        if method in _LOGS:
            _arguments(tokens, 1)
            continue
        if method != "headers":
            raise _NotUnderstoodError
        tokens.expect("(", ")", ":")
        operations.append(_operation(tokens))
    return tuple(operations)


def _operation(tokens: _Tokens) -> HeaderOperation:
    kind = tokens.take()
    if kind not in _ARITY:
        raise _NotUnderstoodError
    return HeaderOperation(kind, *_arguments(tokens, _ARITY[kind]))


def _arguments(tokens: _Tokens, count: int) -> list[str]:
    tokens.expect("(")
    values: list[str] = []
    for index in range(count):
        if index:
            tokens.expect(",")
        values.append(_literal(tokens.take()))
    tokens.expect(")")
    return values


def _literal(token: str) -> str:
    if token[:1] not in ('"', "'"):
        raise _NotUnderstoodError
    text = _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), token[1:-1])
    if "\\" in _ESCAPE.sub("", token[1:-1]):
        raise _NotUnderstoodError
    return text

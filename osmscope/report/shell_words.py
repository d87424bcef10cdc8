"""Words of a command line, quoted for a shell."""

from __future__ import annotations

import shlex


def quoted(word: str) -> str:
    """Quote a word for a shell; control characters are written as escapes, never as they are."""
    if word.isprintable():
        return shlex.quote(word)
    escapes = {"\\": "\\\\", "'": "\\'"}
    return "$'" + "".join(escapes.get(c) or (c if c.isprintable() else _hex(c)) for c in word) + "'"


def _hex(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))

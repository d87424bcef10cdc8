r"""Regular expressions as Envoy runs them.

Envoy's expressions are RE2; a matcher has to fit the whole value, a rewrite replaces every
occurrence. They are of bytes, not of characters: `.` is one byte, and no letter case is known but
that of ASCII and Latin-1. Python's `re` differs in look-around, `$`, `\d` and more, so RE2 itself
is used.
Checked against Envoy 1.40.0. Not modelled: `google_re2.max_program_size`, which Envoy ignores.
"""

import functools
import re

import re2

from osmscope.errors import DumpError

_REFERENCE = re.compile(rb"\\([0-9\\])")


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> "re2._Regexp":
    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    try:
        return re2.compile(pattern.encode(), options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise DumpError(
            f"RE2 refuses the regular expression {pattern!r}: {words}",
            hint="Envoy would reject it too; check that the dump is unchanged",
        ) from error


def full_match(pattern: str, value: str) -> bool:
    """Tell whether the whole value fits the expression.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    return _compiled(pattern).fullmatch(value.encode()) is not None


def replace_all(pattern: str, substitution: str, value: str) -> str:
    r"""Replace every occurrence, `\0` to `\9` standing for groups and `\\` for a backslash.

    Where an occurrence ends, an empty one is not counted again: `x*` by `-` turns `axb` into
    `-a-b-`. RE2's own `sub` for Python counts it. What is no UTF-8 any more is shown as U+FFFD.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    compiled = _compiled(pattern)
    subject, replacement = value.encode(), substitution.encode()
    parts: list[bytes] = []
    position, last_end = 0, -1
    while position <= len(subject) and (found := compiled.search(subject, position)):
        parts.append(subject[position : found.start()])
        if found.start() == found.end() == last_end:
            parts.append(subject[last_end : last_end + 1])
            position = last_end + 1
            continue
        parts.append(_REFERENCE.sub(lambda token: _referred(token[1], found), replacement))
        position = last_end = found.end()
    parts.append(subject[position:])
    return b"".join(parts).decode(errors="replace")


def _referred(letter: bytes, found: "re2._Match") -> bytes:
    return (found[int(letter)] or b"") if letter.isdigit() else letter

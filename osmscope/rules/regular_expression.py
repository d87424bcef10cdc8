r"""Regular expressions as Envoy runs them.

Envoy's expressions are RE2; a matcher has to fit the whole value, a rewrite replaces every
occurrence. Python's `re` differs in look-around, `$`, `\d` and more, so RE2 itself is used.
Checked against Envoy 1.40.0. Not modelled: `google_re2.max_program_size`, which Envoy ignores.
"""

import functools
import re

import re2

from osmscope.errors import DumpError

_REFERENCE = re.compile(r"\\([0-9\\])")


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> "re2._Regexp":
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
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
    return _compiled(pattern).fullmatch(value) is not None


def replace_all(pattern: str, substitution: str, value: str) -> str:
    r"""Replace every occurrence, `\0` to `\9` standing for groups and `\\` for a backslash.

    Where an occurrence ends, an empty one is not counted again: `x*` by `-` turns `axb` into
    `-a-b-`. RE2's own `sub` for Python counts it.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    compiled = _compiled(pattern)
    parts: list[str] = []
    position, last_end = 0, -1
    while position <= len(value) and (found := compiled.search(value, position)):
        parts.append(value[position : found.start()])
        if found.start() == found.end() == last_end:
            parts.append(value[last_end : last_end + 1])
            position = last_end + 1
            continue
        parts.append(_REFERENCE.sub(lambda token: _referred(token[1], found), substitution))
        position = last_end = found.end()
    parts.append(value[position:])
    return "".join(parts)


def _referred(letter: str, found: "re2._Match") -> str:
    return (found[int(letter)] or "") if letter.isdecimal() else letter

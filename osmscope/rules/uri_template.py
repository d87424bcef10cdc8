"""Path templates (`uri_template`): match a path, and make another of its variables.

What Envoy does: a template is turned into an RE2 expression that has to fit the whole path.
`*` is one segment that is not empty, `**` any text with its slashes, `{name}` is a segment and
`{name=pattern}` what its pattern fits; both are captured. A rewrite puts the captured texts in the
place of the names. Letter case counts, and path parameters stay.
Checked against Envoy 1.40.0. Not modelled: templates that Envoy refuses to load.
"""

from __future__ import annotations

import functools
import re

from osmscope.rules.regular_expression import full_match, replace_all

_SEGMENT_LETTERS = r"a-zA-Z0-9\-._~%!$&'()*+,;:@="
_OPERATORS = {"*": f"[{_SEGMENT_LETTERS}]+", "**": f"[{_SEGMENT_LETTERS}/]*"}
_TOKEN = re.compile(r"\{(?P<name>[^{}=]+)(?:=(?P<pattern>[^{}]*))?\}|\*\*|\*|[^{}*]+")


def fits_template(template: str, path: str) -> bool:
    """Tell whether a path (without its query) fits a template."""
    return full_match(_expression(template)[0], path)


def rewrite_by_template(template: str, rewrite: str, path: str) -> str:
    """Make a new path of the variables that a template finds in a path.

    Args:
        template: The template that the path was matched with.
        rewrite: The new path, with `{name}` for each variable.
        path: The path without its query; it comes back unchanged where it does not fit.
    """
    expression, names = _expression(template)
    if not full_match(expression, path):
        return path
    return replace_all(f"^{expression}$", _substitution(rewrite, names), path)


@functools.lru_cache(maxsize=4096)
def _expression(template: str) -> tuple[str, tuple[str, ...]]:
    names: list[str] = []
    parts: list[str] = []
    for token in _TOKEN.finditer(template):
        if name := token["name"]:
            names.append(name)
            parts.append(f"({_pattern(token['pattern'] or '*')})")
        else:
            parts.append(_pattern(token[0]))
    return "".join(parts), tuple(names)


def _pattern(text: str) -> str:
    return "".join(
        _OPERATORS.get(piece, re.escape(piece)) for piece in re.findall(r"\*\*|\*|[^*]+", text)
    )


@functools.lru_cache(maxsize=4096)
def _substitution(rewrite: str, names: tuple[str, ...]) -> str:
    def group(token: re.Match[str]) -> str:
        return rf"\{names.index(token[1]) + 1}"

    return re.sub(r"\{([^{}]+)\}", group, rewrite.replace("\\", r"\\"))

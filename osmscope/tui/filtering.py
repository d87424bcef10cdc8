"""What a user types behind `/`: a regular expression, `!` for the inverse, `-f` for fuzzy.

Decision: RE2, so that no expression can hang the screen; capital letters in it make it heed case.
What is not an expression (yet) is searched for as it stands, and the caption says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

_SPECIAL = frozenset("\\^$.|?*+()[]{}")


class Filter(msgspec.Struct, frozen=True):
    """What was typed, understood."""

    text: str = ""
    problem: str = ""
    """Why the text is not a regular expression; it is then meant as it stands."""
    matches: Callable[[str], bool] | None = None
    """Whether a row's text fits; None where all do."""

    plain: str = ""
    """The text itself in lower case, where it is looked for as it stands: that is far faster."""

    def choose(self, texts: Sequence[str], folded: Sequence[str] | None = None) -> list[int]:
        """Return the positions of the texts that fit.

        Args:
            texts: The texts.
            folded: The same in lower case, where they are at hand.
        """
        if self.matches is None:
            return list(range(len(texts)))
        if self.plain and folded is not None:
            wanted = self.plain
            return [index for index, text in enumerate(folded) if wanted in text]
        fits = self.matches
        return [index for index, text in enumerate(texts) if fits(text)]


def parse_filter(text: str) -> Filter:
    """Understand what was typed."""
    import re2

    wanted, inverse = (text[1:], True) if text.startswith("!") else (text, False)
    fuzzy = wanted.startswith("-f ") or wanted == "-f"
    wanted = wanted[3:] if fuzzy else wanted
    if not wanted.strip():
        return Filter(text)
    problem = ""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = wanted != wanted.lower()
    pattern = ".*?".join(map(re2.escape, wanted.replace(" ", ""))) if fuzzy else wanted
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        problem = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        pattern = re2.escape(wanted)
    fits = _tester(pattern, options)
    if inverse:
        return Filter(text, problem, lambda row: not fits(row))
    is_plain = not fuzzy and wanted == wanted.lower() and (problem or not _SPECIAL & set(wanted))
    return Filter(text, problem, fits, wanted if is_plain else "")


def _tester(pattern: str, options: object) -> Callable[[str], bool]:
    """Return what tells whether an expression is found in a text.

    A set of expressions says whether one is found and not where, in a quarter of a search's time.
    One that needs more memory than a set has is refused, or found nowhere: not even beside an empty
    one in an empty text.
    """
    import re2

    alone, beside = re2.Set.SearchSet(options), re2.Set.SearchSet(options)
    alone.Add(pattern)
    beside.Add(pattern)
    beside.Add("")
    try:
        alone.Compile()
        beside.Compile()
        is_able = beside.Match("") is not None
    except re2.error:
        is_able = False
    if is_able:
        match = alone.Match
        return lambda text: match(text) is not None
    search = re2.compile(pattern, options).search
    return lambda text: search(text) is not None

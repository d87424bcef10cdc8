"""Texts that fit a matcher.

Decision: Python's parser reads an expression and texts are written from its tree; the rules then
say which of them RE2 takes. What the parser cannot read yields no text, never a wrong one.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from osmscope.resources.matcher import HeaderMatcher, StringMatcher
from osmscope.rules.facts import Headers
from osmscope.rules.header import match_header
from osmscope.rules.regular_expression import full_match
from osmscope.rules.string_matcher import match_string

MOST = 12
"""How many texts are given for one expression."""
_VARIANTS = 48
_FILLERS = ("a", "/", "0", ".", "")
_ALPHABET = "a/0-_. A~:@=bz19\t"
_LONGEST = 64
_ONLY_RE2 = (
    (re.compile(r"\[:(alpha|alnum|word|lower|xdigit):\]"), "a-f"),
    (re.compile(r"\[:digit:\]"), "0-9"),
    (re.compile(r"\[:upper:\]"), "A-Z"),
    (re.compile(r"\[:(space|blank):\]"), " "),
    (re.compile(r"\[:(print|graph|punct|ascii|cntrl):\]"), "!-.:-@"),
    (re.compile(r"\\[pP](\{\^?\w+\}|\w)"), "a"),
    (re.compile(r"\\z"), ""),
    (re.compile(r"\\C"), "."),
    (re.compile(r"(?<!^)\(\?[imsU-]+\)"), ""),
    (re.compile(r"\(\?U\)"), ""),
    (re.compile(r"\\Q(.*?)(\\E|$)"), lambda found: re.escape(found[1])),
)
"""What RE2 knows and Python does not → something like it."""

_OTHERS = ("1", "x", "", "a/b", "0")
"""Values that no matcher asks for, for those that are inverted."""
_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH")


@functools.lru_cache(maxsize=1024)
def regex_samples(pattern: str) -> tuple[str, ...]:
    """List texts that an expression fits in full, the plainest first.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    texts = dict.fromkeys(_written(pattern))
    return tuple(text for text in texts if full_match(pattern, text))[:MOST]


def _written(pattern: str) -> Iterator[str]:
    for of_re2, in_python in _ONLY_RE2:
        pattern = of_re2.sub(in_python, pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return
    for variant in range(_VARIANTS):
        for filler in _FILLERS:
            yield _Writer(variant, filler).text(tree)


class _Writer:
    """Writes one text from an expression's tree.

    Args:
        variant: Which of the possible texts; its digits choose at each fork.
        filler: What is preferred where any letter does.
    """

    def __init__(self, variant: int, filler: str) -> None:
        self._variant = variant
        self._filler = filler

    def text(self, tree: Any) -> str:
        """Write a text from a tree."""
        return "".join(self._one(str(name), argument) for name, argument in tree)[:_LONGEST]

    def _choose(self, count: int) -> int:
        self._variant, choice = divmod(self._variant, count)
        return choice

    def _one(self, name: str, argument: Any) -> str:
        match name:
            case "LITERAL":
                return chr(argument)
            case "NOT_LITERAL":
                return self._letter(lambda letter: letter != chr(argument))
            case "ANY":
                return self._filler or "a"
            case "IN":
                return self._of_class(argument)
            case "BRANCH":
                branches = argument[1]
                return self.text(branches[self._choose(len(branches))])
            case "SUBPATTERN":
                return self.text(argument[-1])
            case "ATOMIC_GROUP":
                return self.text(argument)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeated(*argument)
        return ""

    def _repeated(self, least: int, most: int, tree: Any) -> str:
        wanted = least + (self._choose(2) if self._filler else 0)
        count = min(max(wanted, least), int(most), _LONGEST)
        return "".join(self.text(tree) for _ in range(count))

    def _letter(self, fits: Callable[[str], bool]) -> str:
        return next(
            (letter for letter in (self._filler, *_ALPHABET) if letter and fits(letter)), ""
        )

    def _of_class(self, items: Any) -> str:
        negated = str(items[0][0]) == "NEGATE"
        members = items[1:] if negated else items
        if not negated and all(str(name) == "LITERAL" for name, _ in members):
            return chr(members[self._choose(len(members))][1])
        found = self._letter(lambda letter: _holds(members, letter) is not negated)
        if found:
            return found
        name, argument = members[0]
        return chr(argument[0] if str(name) == "RANGE" else argument) if not negated else ""


def _holds(members: Any, letter: str) -> bool:
    return any(_member_holds(str(name), argument, letter) for name, argument in members)


def _member_holds(name: str, argument: Any, letter: str) -> bool:
    if name == "LITERAL":
        return bool(ord(letter) == argument)
    if name == "RANGE":
        return bool(argument[0] <= ord(letter) <= argument[1])
    tests: dict[str, Callable[[str], bool]] = {
        "CATEGORY_DIGIT": str.isdigit,
        "CATEGORY_SPACE": str.isspace,
        "CATEGORY_WORD": lambda one: one.isalnum() or one == "_",
    }
    category = str(argument)
    test = tests[category.replace("_NOT", "")]
    return test(letter) is not ("_NOT" in category)


def string_samples(matcher: StringMatcher) -> tuple[str, ...]:
    """List texts that a string matcher may fit.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    if matcher.safe_regex is not None:
        return regex_samples(matcher.safe_regex.regex)
    literals = (matcher.exact, matcher.prefix, matcher.suffix, matcher.contains)
    return tuple(literal for literal in literals if literal is not None)


def fitting(matcher: StringMatcher, *, inverted: bool = False) -> tuple[str, ...]:
    """List texts that a string matcher certainly fits; with `inverted`, those that it does not.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    tried = dict.fromkeys((*_OTHERS, *string_samples(matcher)) if inverted else (
        *string_samples(matcher), *_OTHERS))  # fmt: skip
    matches = ((text, match_string(matcher, text, "")) for text in tried)
    return tuple(text for text, match in matches if not match.is_unknown
                 and match.is_match is not inverted)  # fmt: skip


def header_values(
    matcher: HeaderMatcher, *, inverted: bool = False, preferred: Iterable[str] = ()
) -> tuple[str | None, ...]:
    """List values of a header that its matcher fits; None stands for a request without it.

    Args:
        matcher: The matcher.
        inverted: Whether to list those that it does not fit.
        preferred: Values to be listed first, where they fit.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    tried: list[str | None] = [*_header_samples(matcher), None, *_OTHERS]
    if inverted or matcher.invert_match or matcher.present_match is False:
        tried = [None, *_OTHERS, *_header_samples(matcher)]
    if matcher.name.lower() == ":method":
        tried = ["GET", *(one for one in tried if one), *_METHODS]
    tried = [*preferred, *tried]
    fitting_ones = [one for one in dict.fromkeys(tried) if _decides(matcher, one) is not inverted]
    return tuple(sorted(fitting_ones, key=lambda value: value == ""))


def _decides(matcher: HeaderMatcher, value: str | None) -> bool | None:
    pairs = () if value is None else ((matcher.name, value),)
    match = match_header(matcher, Headers.of(pairs))
    return None if match.is_unknown else match.is_match


def _header_samples(matcher: HeaderMatcher) -> Iterator[str]:
    for literal in (
        matcher.exact_match, matcher.prefix_match, matcher.suffix_match, matcher.contains_match,
    ):  # fmt: skip
        if literal is not None:
            yield literal
    if matcher.string_match is not None:
        yield from string_samples(matcher.string_match)
    if matcher.safe_regex_match is not None:
        yield from regex_samples(matcher.safe_regex_match.regex)
    if matcher.range_match is not None:
        yield str(matcher.range_match.start)

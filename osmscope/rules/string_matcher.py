"""String matchers.

What Envoy does: `exact`, `prefix`, `suffix` and `contains` compare literally, with `ignore_case`
after folding ASCII letters on both sides; `safe_regex` is RE2 and has to fit the whole value.
Checked against Envoy 1.40.0. Not modelled: `custom` matchers, and patterns or values that were
redacted (by Envoy, or in a capture), which are unknown.
"""

import string

from osmscope.resources.matcher import StringMatcher
from osmscope.rules.regular_expression import full_match
from osmscope.rules.result import Match, decided, unknown

REDACTED = "[redacted]"
"""What Envoy, and `osmscope capture`, put in the place of a secret."""

_FOLD = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def match_string(matcher: StringMatcher, value: str, subject: str) -> Match:
    """Put a value to a string matcher.

    Args:
        matcher: The matcher.
        value: The value.
        subject: What the value is, for the reason: 'header "x"'.

    Raises:
        DumpError: RE2 refuses the matcher's expression.
    """
    if matcher.custom is not None:
        return unknown("what a custom string matcher decides", "custom")
    if REDACTED in value or any(REDACTED in pattern for _, pattern in _patterns(matcher)):
        return unknown(f"{subject} without the redaction, or what it is held against")
    if matcher.safe_regex is not None:
        fits = full_match(matcher.safe_regex.regex, value)
    else:
        fits = _literal(matcher, value)
    words = describe(matcher)
    verb = "" if fits else "does not "
    return decided(fits, f'{subject} "{value}" {verb}{words if not fits else _third(words)}')


def _literal(matcher: StringMatcher, value: str) -> bool:
    fold = matcher.ignore_case
    text = value.translate(_FOLD) if fold else value
    for wanted, test in (
        (matcher.exact, text.__eq__),
        (matcher.prefix, text.startswith),
        (matcher.suffix, text.endswith),
        (matcher.contains, text.__contains__),
    ):
        if wanted is not None:
            return bool(test(wanted.translate(_FOLD) if fold else wanted))
    return False


def describe(matcher: StringMatcher) -> str:
    """Say what a matcher asks for, as a verb phrase: 'start with "/a"'."""
    case = " (ignoring case)" if matcher.ignore_case else ""
    for verb, wanted in _patterns(matcher):
        return f'{verb} "{wanted}"{case}'
    return "fit a matcher without a pattern"


def _patterns(matcher: StringMatcher) -> list[tuple[str, str]]:
    found = (
        ("equal", matcher.exact),
        ("start with", matcher.prefix),
        ("end with", matcher.suffix),
        ("contain", matcher.contains),
        ("fit the expression", matcher.safe_regex.regex if matcher.safe_regex else None),
    )
    return [(verb, wanted) for verb, wanted in found if wanted is not None]


def _third(words: str) -> str:
    verb, _, rest = words.partition(" ")
    return f"{verb}s {rest}"

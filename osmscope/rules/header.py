"""Header matchers.

What Envoy does: each value of a repeated header is tested by itself and one that fits suffices;
`invert_match` turns the final answer around. A request without the header fails every matcher
that asks for a value, inverted or not, unless `treat_missing_header_as_empty` puts an empty value
in its place. `exact_match: ""`, of before `string_match`, fits any value.
Checked against Envoy 1.40.0. Not modelled: Envoy before 1.38, which joined the values of a
repeated header by commas and tested them once.
"""

import functools
import re
from collections.abc import Callable, Sequence

import msgspec

from osmscope.resources.matcher import HeaderMatcher, Int64Range, RegexMatcher, StringMatcher
from osmscope.rules.facts import Headers
from osmscope.rules.result import Match, all_of, any_of, decided, missed, negated
from osmscope.rules.string_matcher import match_string

_INTEGER = re.compile(r"[ \t\n\v\f\r]*([+-]?)0*([0-9]{1,19})[ \t\n\v\f\r]*")
_NOTHING = missed("the header has no value")

ValueTest = Callable[[str, str], Match]
"""Tests a value; the second argument says what the value is."""


def match_headers(matchers: Sequence[HeaderMatcher], headers: Headers) -> Match:
    """Put the headers to all of these matchers; none is a match.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    return all_of(
        match_header(matcher, headers).within(f"headers[{index}]")
        for index, matcher in enumerate(matchers)
    )


def match_header(matcher: HeaderMatcher, headers: Headers) -> Match:
    """Put the headers to one matcher.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    values = headers.all(matcher.name)
    if not values and matcher.treat_missing_header_as_empty:
        values = ("",)
    field, test = _value_test(matcher)
    if test is None:
        match = _presence(matcher, present=bool(values))
    elif not values:
        return missed(f'header "{matcher.name}" is absent', field)
    else:
        subject = f'header "{matcher.name}"'
        match = any_of((test(value, subject) for value in values), _NOTHING)
    match = Match(match.outcome, match.reason, (field,), match.missing)
    return negated(match) if matcher.invert_match else match


def _presence(matcher: HeaderMatcher, present: bool) -> Match:
    words = f'header "{matcher.name}" is {"present" if present else "absent"}'
    return decided(present is (matcher.present_match is not False), words)


def _value_test(matcher: HeaderMatcher) -> tuple[str, ValueTest | None]:
    """Return the field that says what is asked for, and the test of one value."""
    if matcher.string_match is not None:
        return "string_match", functools.partial(match_string, matcher.string_match)
    if matcher.range_match is not None:
        return "range_match", functools.partial(_in_range, matcher.range_match)
    for kind in ("exact", "prefix", "suffix", "contains"):
        wanted = getattr(matcher, f"{kind}_match")
        if wanted is not None:
            return f"{kind}_match", functools.partial(match_string, _literal(kind, wanted))
    if matcher.safe_regex_match is not None:
        return "safe_regex_match", functools.partial(
            match_string, _expression(matcher.safe_regex_match.regex)
        )
    return "present_match", None


@functools.lru_cache(maxsize=4096)
def _literal(kind: str, wanted: str) -> StringMatcher:
    if not wanted:
        kind = "prefix"  # Envoy takes `exact_match: ""` for "any value".
    return msgspec.convert({kind: wanted}, StringMatcher)


@functools.lru_cache(maxsize=4096)
def _expression(pattern: str) -> StringMatcher:
    return StringMatcher(safe_regex=RegexMatcher(regex=pattern))


def _in_range(wanted: Int64Range, value: str, subject: str) -> Match:
    integer = _INTEGER.fullmatch(value)
    fits = integer is not None and wanted.start <= int(integer[1] + integer[2]) < wanted.end
    words = f"is {'' if fits else 'not '}in [{wanted.start}, {wanted.end})"
    return decided(fits, f'{subject} "{value}" {words}')

"""Query parameter matchers.

What Envoy does: the query is split at `&` and each part at its first `=`; nothing is decoded,
names are case-sensitive, and of a repeated name only the first value counts. A parameter that is
absent fails everything but `present_match: false`.
Checked against Envoy 1.40.0. Not modelled: Envoy before 1.18, which took `present_match: false`
for true.
"""

import functools
from collections.abc import Sequence
from urllib.parse import unquote

from osmscope.resources.matcher import QueryParameterMatcher, RegexMatcher, StringMatcher
from osmscope.rules.result import Match, all_of, decided, missed
from osmscope.rules.string_matcher import match_string


def query_parameter(path: str, name: str) -> str | None:
    """Return the first value of a parameter, as it stands in the path; None without it."""
    for part in path.partition("?")[2].split("&"):
        key, _, value = part.partition("=")
        if key == name:
            return value
    return None


def decoded_parameters(path: str) -> list[tuple[str, str]]:
    """List the names and values of a query, percent escapes decoded, as filters of keys see it."""
    parts = (part.partition("=") for part in path.partition("?")[2].split("&") if part)
    return [(unquote(name), unquote(value)) for name, _, value in parts]


def match_query_parameters(matchers: Sequence[QueryParameterMatcher], path: str) -> Match:
    """Put a path's query to all of these matchers; none is a match.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    return all_of(
        match_query_parameter(matcher, path).within(f"query_parameters[{index}]")
        for index, matcher in enumerate(matchers)
    )


def match_query_parameter(matcher: QueryParameterMatcher, path: str) -> Match:
    """Put a path's query to one matcher.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    value = query_parameter(path, matcher.name)
    subject = f'query parameter "{matcher.name}"'
    field, string_match = _string_match(matcher)
    if string_match is None:
        wanted = matcher.present_match is not False
        words = f"{subject} is {'absent' if value is None else 'present'}"
        return decided((value is not None) is wanted, words, field)
    if value is None:
        return missed(f"{subject} is absent", field)
    match = match_string(string_match, value, subject)
    return Match(match.outcome, match.reason, (field,), match.missing)


def _string_match(matcher: QueryParameterMatcher) -> tuple[str, StringMatcher | None]:
    if matcher.string_match is not None:
        return "string_match", matcher.string_match
    if matcher.value:
        return "value", _legacy(matcher.value, bool(matcher.regex))
    return "present_match", None


@functools.lru_cache(maxsize=4096)
def _legacy(value: str, regex: bool) -> StringMatcher:
    if regex:
        return StringMatcher(safe_regex=RegexMatcher(regex=value))
    return StringMatcher(exact=value)

"""Cookie matchers.

What Envoy does: every `cookie` header is split at `;`; blanks before a name are skipped, all
other blanks count; one pair of double quotes around a value is dropped; of a repeated name the
first value counts. A cookie that is absent fails the matcher, so `invert_match` fits it: the
opposite of header matchers.
Checked against Envoy 1.40.0 (cookie matchers exist since 1.38).
"""

from collections.abc import Sequence

from osmscope.resources.matcher import CookieMatcher, StringMatcher
from osmscope.rules.facts import Headers
from osmscope.rules.result import Match, all_of, missed, negated
from osmscope.rules.string_matcher import match_string

_ANY = StringMatcher(prefix="")


def cookie(headers: Headers, name: str) -> str | None:
    """Return the first value of a cookie; None where the request does not carry it."""
    for header in headers.all("cookie"):
        for part in header.split(";"):
            key, equals, value = part.partition("=")
            if equals and key.lstrip(" ") == name:
                return value[1:-1] if _quoted(value) else value
    return None


def _quoted(value: str) -> bool:
    return len(value) > 1 and value[0] == value[-1] == '"'


def match_cookies(matchers: Sequence[CookieMatcher], headers: Headers) -> Match:
    """Put the cookies to all of these matchers; none is a match.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    return all_of(
        match_cookie(matcher, headers).within(f"cookies[{index}]")
        for index, matcher in enumerate(matchers)
    )


def match_cookie(matcher: CookieMatcher, headers: Headers) -> Match:
    """Put the cookies to one matcher.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    value = cookie(headers, matcher.name)
    subject = f'cookie "{matcher.name}"'
    if value is None:
        match = missed(f"{subject} is absent", "string_match")
    else:
        match = match_string(matcher.string_match or _ANY, value, subject)
        match = Match(match.outcome, match.reason, ("string_match",), match.missing)
    return negated(match) if matcher.invert_match else match

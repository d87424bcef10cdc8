"""Header mutations as a list: remove, append, remove what fits.

What Envoy does: mutations run in order, each on the headers that the one before has left; an
appended header follows the rules of the route's header changes.
Checked against Envoy 1.40.0. Not modelled: format commands that a dump cannot answer; they leave
nothing in the value and are an assumption.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from osmscope.resources.http_filters.header import HeaderMutationRule
from osmscope.resources.matcher import StringMatcher
from osmscope.rules.facts import Headers
from osmscope.rules.header_mutation import HeaderMutations, Mutated, apply
from osmscope.rules.string_matcher import match_string
from osmscope.rules.substitution_format import FormatContext


def mutate(rules: Iterable[HeaderMutationRule], context: FormatContext) -> Mutated:
    """Apply mutations to the headers of the context's request.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    headers = context.request.headers
    missing: tuple[str, ...] = ()
    for rule in rules:
        if rule.remove:
            headers = headers.remove(rule.remove)
        elif rule.append is not None:
            request = context.request.with_headers(headers)
            mutations = HeaderMutations(to_add=(rule.append,))
            mutated = apply((mutations,), msgspec.structs.replace(context, request=request))
            headers, missing = mutated.headers, missing + mutated.missing
        elif rule.remove_on_match is not None:
            headers = headers.remove(*_fitting(rule.remove_on_match.key_matcher, headers))
    return Mutated(headers, missing)


def assumptions(mutated: Mutated) -> tuple[str, ...]:
    """Say which parts of header values are left out."""
    return tuple(
        f"a header is set without {command}, which is not known" for command in mutated.missing
    )


def _fitting(matcher: StringMatcher, headers: Headers) -> list[str]:
    names = [name for name in headers if not name.startswith(":")]
    return [name for name in names if match_string(matcher, name, "header name").is_match]

"""Header mutations as a list: remove, append, remove what fits.

What Envoy does: mutations run in order. An appended value is formatted; an empty one is skipped
unless `keep_empty_value`. `append_action` says what happens where the header is there already;
a second value of a joined header follows a comma.
Checked against Envoy 1.40.0. Not modelled: format commands that a dump cannot answer; they leave
nothing in the value and are an assumption.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from osmscope.resources.http_filters.header import HeaderMutationRule
from osmscope.resources.route import HeaderValueOption
from osmscope.rules.facts import Headers, Request
from osmscope.rules.inline_headers import INLINE
from osmscope.rules.string_matcher import match_string
from osmscope.rules.substitution_format import FormatContext, format_text


class Mutated(msgspec.Struct, frozen=True):
    """Headers after mutations, and what had to be assumed."""

    headers: Headers
    assumptions: tuple[str, ...] = ()


def mutate(rules: Iterable[HeaderMutationRule], context: FormatContext) -> Mutated:
    """Apply mutations to the headers of the context's request.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    request = context.request
    assumptions: list[str] = []
    for rule in rules:
        if rule.remove:
            request = request.with_headers(request.headers.remove(rule.remove))
        elif rule.append is not None:
            context = msgspec.structs.replace(context, request=request)
            request = _appended(rule.append, context, assumptions)
        elif rule.remove_on_match is not None:
            matcher = rule.remove_on_match.key_matcher
            names = [n for n in request.headers if n[:1] != ":"]
            gone = [n for n in names if match_string(matcher, n, "header name").is_match]
            request = request.with_headers(request.headers.remove(*gone))
    return Mutated(request.headers, tuple(assumptions))


def _appended(option: HeaderValueOption, context: FormatContext, assumptions: list[str]) -> Request:
    name = option.header.key
    request = context.request
    formatted = format_text(option.header.value, context)
    if not formatted.complete:
        missing = ", ".join(formatted.missing)
        assumptions.append(f'header "{name}" is set without {missing}, which is not known')
    if not formatted.text and not option.keep_empty_value:
        return request
    return request.with_headers(_set(option, request.headers, formatted.text))


def _set(option: HeaderValueOption, headers: Headers, value: str) -> Headers:
    name = option.header.key.lower()
    present = name in headers
    action = option.append_action
    if option.append is False and action == "APPEND_IF_EXISTS_OR_ADD":
        action = "OVERWRITE_IF_EXISTS_OR_ADD"
    if (action == "ADD_IF_ABSENT" and present) or (action == "OVERWRITE_IF_EXISTS" and not present):
        return headers
    if action != "APPEND_IF_EXISTS_OR_ADD":
        return headers.set(name, value)
    if present and name in INLINE:
        return headers.set(name, f"{headers.first(name)},{value}")
    return headers.add(name, value)

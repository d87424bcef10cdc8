"""Header and query parameter mutations.

What Envoy does: the filter's own mutations run first, then those of all levels, the most specific
first, or last where `most_specific_header_mutations_wins`. Parameters are decoded, changed and
written in the order of their names. The route is not looked up again.
Checked against Envoy 1.40.0. Not modelled: mutations of responses.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Sequence

from osmscope.resources.http_filters.header import (
    HeaderMutation,
    HeaderMutationPerRoute,
    KeyValueMutation,
    Mutations,
)
from osmscope.rules.facts import Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import goes_on
from osmscope.rules.mutation_rules import assumptions, mutate
from osmscope.rules.query_parameter import decoded_parameters
from osmscope.rules.substitution_format import FormatContext, format_text

_Parameters = dict[str, list[str]]


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the header mutation filter.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    own = context.own_config
    if not isinstance(own, HeaderMutation):
        return goes_on(request)
    levels = [x for x in context.levels if isinstance(x, HeaderMutationPerRoute)]
    if not own.most_specific_header_mutations_wins:
        levels.reverse()
    route_name = context.route.name if context.route is not None else ""
    assumed: list[str] = []
    changed = request
    for mutations in (own.mutations, *(level.mutations for level in levels)):
        facts = FormatContext(request=changed, route_name=route_name, cluster=context.cluster or "")
        changed = _mutated(mutations, facts, assumed)
    reason = "request headers are changed" if changed is not request else ""
    return (FilterResult(request=changed, assumptions=tuple(assumed), reason=reason),)


def _mutated(mutations: Mutations, facts: FormatContext, assumed: list[str]) -> Request:
    request = facts.request
    if mutations.request_mutations:
        mutated = mutate(mutations.request_mutations, facts)
        assumed.extend(assumptions(mutated))
        request = request.with_headers(mutated.headers)
    if mutations.query_parameter_mutations and ":path" in request.headers:
        path = _with_parameters(mutations.query_parameter_mutations, facts, request.path)
        request = request.with_headers(request.headers.set(":path", path))
    return request


def _with_parameters(mutations: Sequence[KeyValueMutation], facts: FormatContext, path: str) -> str:
    base = path.partition("?")[0]
    parameters: _Parameters = {}
    for name, value in decoded_parameters(path):
        parameters.setdefault(name, []).append(value)
    for mutation in mutations:
        if mutation.remove:
            parameters.pop(mutation.remove, None)
        else:
            _append(mutation, facts, parameters)
    written = [f"{n}={value}" for n, values in sorted(parameters.items()) for value in values]
    return f"{base}?{'&'.join(written)}" if written else base


def _append(mutation: KeyValueMutation, facts: FormatContext, parameters: _Parameters) -> None:
    append = mutation.append
    entry = (append.record or append.entry) if append is not None else None
    if append is None or entry is None:
        return
    text = format_text(str(entry.value), facts).text
    value = urllib.parse.quote(text, safe="")
    present = entry.key in parameters
    match append.action:
        case "ADD_IF_ABSENT" if present:
            return
        case "OVERWRITE_IF_EXISTS" if not present:
            return
        case "APPEND_IF_EXISTS_OR_ADD":
            parameters.setdefault(entry.key, []).append(value)
        case _:
            parameters[entry.key] = [value]

"""What routes change of a response's headers, in words.

What Envoy does: the weighted cluster's changes come first, then the route's, the virtual host's and
the table's, or these three in reverse with `most_specific_header_mutations_wins`; each level
removes, then replaces, then adds. An empty value changes nothing unless it is to be kept. They
apply to endpoints' responses and to the router's own replies.
Checked against Envoy 1.40.0. Not modelled: what the response holds, so `%COMMANDS%` that read
it are left as they stand; changes by filters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from osmscope.resources.route import ClusterWeight, HeaderValueOption, Route, VirtualHost
from osmscope.rules.facts import Headers
from osmscope.rules.header_mutation import Level, response_mutations
from osmscope.rules.substitution_format import FormatContext, format_text

_ACTIONS = {
    "APPEND_IF_EXISTS_OR_ADD": "adds",
    "ADD_IF_ABSENT": "adds, if absent,",
    "OVERWRITE_IF_EXISTS_OR_ADD": "sets",
    "OVERWRITE_IF_EXISTS": "sets, if present,",
}


def response_changes(levels: Iterable[Level], context: FormatContext) -> Iterator[str]:
    """Say what each level changes: 'the route sets "x-a: b"'.

    Args:
        levels: What can change headers, in the order of application.
        context: The request.
    """
    for level in levels:
        changes = response_mutations(level)
        for name in changes.to_remove:
            yield f'{_name(level)} removes "{name}"'
        # What replaces is done before what adds.
        for option in sorted(changes.to_add, key=lambda option: _verb(option).startswith("adds")):
            value = _value(option, context)
            if value or option.keep_empty_value:
                yield f'{_name(level)} {_verb(option)} "{option.header.key}: {value}"'


def _name(level: Level) -> str:
    if isinstance(level, ClusterWeight):
        return "the weighted cluster"
    if isinstance(level, Route):
        return "the route"
    return "the virtual host" if isinstance(level, VirtualHost) else "the route configuration"


def _verb(option: HeaderValueOption) -> str:
    if option.append is not None:
        return "adds" if option.append else "sets"
    return _ACTIONS.get(option.append_action, "adds")


def _value(option: HeaderValueOption, context: FormatContext) -> str:
    template = option.header.value
    told = msgspec.structs.replace(context, response_headers=Headers())
    formatted = format_text(template, told)
    return formatted.text if formatted.complete and "%RESP" not in template else template

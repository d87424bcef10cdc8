"""What filters put into the filter state.

What Envoy does: it makes an object of each format string, by the factory that is named, else by
that of the object's key; a later one takes the place of an earlier one. What is absent is `-` in
the text, or nothing with `omit_empty_values`; with `skip_if_empty` an empty text leaves no object.
The factory of addresses makes none of what is no address, and its text is `1.2.3.4:0`. A key that
the connection has already keeps its object in a request.
Checked against Envoy 1.40.0. Not modelled: factories other than text and addresses, whose text is
unknown; objects that Envoy itself reads by their keys, but for the cluster of `tcp_proxy`: what
they change is named as an assumption.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from osmscope.resources.address import host_port, parse_ip
from osmscope.resources.filter_state import FilterStateValue
from osmscope.rules.facts import FilterState, StateObject
from osmscope.rules.substitution_format import FormatContext, format_text

CLUSTER = "envoy.tcp_proxy.cluster"
"""Both the key that `tcp_proxy` reads its cluster from, and the factory that makes it."""
ADDRESS = "envoy.network.ip"
STRING = "envoy.string"

_TEXT = frozenset({STRING, "envoy.hashable_string", CLUSTER})
_READ_BY_NOBODY = frozenset({*_TEXT, ADDRESS, "envoy.bool"})


class StateChange(msgspec.Struct, frozen=True):
    """The filter state as it is afterwards."""

    state: FilterState
    assumptions: tuple[str, ...] = ()


def set_objects(values: Iterable[FilterStateValue], context: FormatContext) -> StateChange:
    """Make objects of format strings.

    Args:
        values: The objects to make.
        context: What the format strings speak of; the request holds the filter state before.
    """
    request = context.request
    assumptions: list[str] = []
    for value in values:
        key = value.object_key
        made = _made(value, msgspec.structs.replace(context, request=request))
        if made is None or key in request.connection.filter_state:
            continue
        if key.startswith("envoy.") and key not in _READ_BY_NOBODY:
            assumptions.append(f'the filter state "{key}" changes nothing')
        state = {**request.filter_state, key: made}
        request = msgspec.structs.replace(request, filter_state=state)
    return StateChange(request.filter_state, tuple(assumptions))


def _made(value: FilterStateValue, context: FormatContext) -> StateObject | None:
    factory = value.factory_key or value.object_key
    template, absent = value.format_string.template, "-"
    if value.format_string.omit_empty_values:
        absent = ""
    formatted = None if template is None else format_text(template, context, absent=absent)
    if formatted is None or not formatted.complete:
        return StateObject(None, factory)
    if not formatted.text and value.skip_if_empty:
        return None
    if factory == ADDRESS:
        ip = parse_ip(formatted.text)
        return None if ip is None else StateObject(host_port(str(ip), 0), factory)
    return StateObject(formatted.text if factory in _TEXT else None, factory)

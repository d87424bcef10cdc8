"""The network filter `envoy.filters.network.set_filter_state`, and what sni_cluster does by it.

What Envoy does: it makes objects when the connection is new, when its TLS handshake is done (at
once, where the chain ends no TLS) and when its first bytes come. All of the connection, requests
too, see them. sni_cluster makes the object that `tcp_proxy` reads, out of a detected server name.
Checked against Envoy 1.40.0. Not modelled: what `filter_state_value` does not.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from osmscope.resources.filter_state import FilterStateValue
from osmscope.rules.facts import Connection, Headers, Request, StateObject
from osmscope.rules.filter_state_value import CLUSTER, set_objects
from osmscope.rules.substitution_format import FormatContext


class StatefulConnection(msgspec.Struct, frozen=True):
    """A connection with what is in its filter state now."""

    connection: Connection
    assumptions: tuple[str, ...] = ()


def keep(values: Iterable[FilterStateValue], connection: Connection) -> StatefulConnection:
    """Make objects of format strings that speak of a connection.

    Args:
        values: The objects to make.
        connection: The connection, as it is known at that moment.
    """
    bare = msgspec.structs.replace(connection, filter_state={})
    request = Request(
        connection=bare, headers=Headers(), protocol="", filter_state=connection.filter_state
    )
    change = set_objects(values, FormatContext(request=request))
    changed = msgspec.structs.replace(connection, filter_state=change.state)
    return StatefulConnection(changed, change.assumptions)


def take_server_name(connection: Connection) -> Connection:
    """Do what sni_cluster does: nothing, where no server name was detected."""
    name = connection.detected_server_name
    if not name:
        return connection
    state = {**connection.filter_state, CLUSTER: StateObject(name, CLUSTER)}
    return msgspec.structs.replace(connection, filter_state=state)

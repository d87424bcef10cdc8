"""The unified matcher that chooses a transport socket (`transport_socket_matcher`).

What Envoy does: the action names an entry of `transport_socket_matches`, whose own `match` then
counts nothing; a name that no entry has, and no action, leave the cluster's own transport socket.
Checked against Envoy 1.40.0. Not modelled: filter state that is shared with the connection to the
endpoint, which is unknown, and metadata that is there and empty, which is taken as absent.
"""

import msgspec

from osmscope.resources.extension import decode_extension
from osmscope.resources.matcher import Matcher
from osmscope.resources.matcher_inputs import TransportSocketNameAction
from osmscope.rules.facts import Connection
from osmscope.rules.hosts import Host
from osmscope.rules.matcher_input import EndpointInputs
from osmscope.rules.matcher_tree import MatcherInputs, evaluate

_NOTHING = Connection()


class NamedSocket(msgspec.Struct, frozen=True):
    """What a matcher chooses."""

    name: str = ""
    """The name of an entry; "" where it names none."""
    missing: str = ""
    """The fact without which the choice is not known, as a noun."""


def named_socket(matcher: Matcher, host: Host) -> NamedSocket:
    """Find the name of the transport socket of an endpoint.

    Args:
        matcher: The cluster's `transport_socket_matcher`.
        host: The endpoint.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    endpoint = EndpointInputs(
        metadata=host.metadata if host.is_assigned else None,
        locality_metadata=host.locality_metadata if host.is_assigned else None,
    )
    found = evaluate(matcher, MatcherInputs(connection=_NOTHING, endpoint=endpoint))
    if found.missing:
        return NamedSocket(missing=found.missing)
    action = None if found.action is None else decode_extension(found.action)
    return NamedSocket(action.name if isinstance(action, TransportSocketNameAction) else "")

"""The network filter `envoy.filters.network.rbac`.

What Envoy does: the verdict falls upon the client's first bytes; a denial closes the connection
without an answer, with RBAC's details as the connection's termination details.
Checked against Envoy 1.40.0. Not modelled: `delay_deny` and `enforcement_type`, which change
when the verdict falls; a greeting that a server sends before the client's first bytes.
"""

from osmscope.resources.rbac import NetworkRbac
from osmscope.rules import rbac
from osmscope.rules.facts import Connection
from osmscope.rules.matcher_input import MatcherInputs


def evaluate(config: NetworkRbac, connection: Connection) -> rbac.RbacVerdict:
    """Decide whether a connection may go on.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    return rbac.evaluate(config, MatcherInputs(connection=connection))

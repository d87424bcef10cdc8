"""A route's condition on the client's certificate.

What Envoy does: `presented` and `validated`, where they are given, have to equal what is true of
the connection; a connection without TLS, or one whose client was not asked, counts as neither.
Checked against Envoy 1.40.0.
"""

from osmscope.resources.route import TlsContextMatchOptions
from osmscope.rules.facts import Connection
from osmscope.rules.result import Match, all_of, decided


def match_client_certificate(options: TlsContextMatchOptions, connection: Connection) -> Match:
    """Put a connection to a route's `tls_context`."""
    certificate = connection.peer_certificate
    facts = (
        ("presented", options.presented, certificate is not None),
        ("validated", options.validated, certificate is not None and certificate.trusted),
    )
    return all_of(
        decided(wanted is fact, f"a client certificate was {'' if fact else 'not '}{name}", name)
        for name, wanted, fact in facts
        if wanted is not None
    )

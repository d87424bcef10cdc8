"""A route's `tls_context`, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.route import TlsContextMatchOptions
from osmscope.rules.client_certificate_condition import match_client_certificate
from osmscope.rules.facts import ClientCertificate, Connection
from osmscope.rules.result import Outcome

PLAINTEXT = Connection()
WITHOUT = Connection(tls=True, terminated_tls=True)
TRUSTED = Connection(tls=True, terminated_tls=True, peer_certificate=ClientCertificate())
UNTRUSTED = Connection(
    tls=True, terminated_tls=True, peer_certificate=ClientCertificate(trusted=False)
)


@pytest.mark.parametrize(
    ("presented", "validated", "connection", "fits"),
    [
        (None, None, PLAINTEXT, True),
        (None, None, TRUSTED, True),
        (True, None, PLAINTEXT, False),
        (False, None, PLAINTEXT, True),
        (False, False, PLAINTEXT, True),
        (True, None, WITHOUT, False),
        (True, None, TRUSTED, True),
        (False, None, TRUSTED, False),
        (True, True, TRUSTED, True),
        (True, False, TRUSTED, False),
        (True, True, UNTRUSTED, False),
        (True, False, UNTRUSTED, True),
        (None, True, WITHOUT, False),
    ],
)
def test_client_certificate(
    presented: bool | None, validated: bool | None, connection: Connection, fits: bool
) -> None:
    options = TlsContextMatchOptions(presented=presented, validated=validated)
    match = match_client_certificate(options, connection)
    assert match.outcome is (Outcome.MATCH if fits else Outcome.NO_MATCH)


def test_reason_names_the_fact() -> None:
    match = match_client_certificate(TlsContextMatchOptions(validated=True), WITHOUT)
    assert match.reason == "a client certificate was not validated"
    assert match.consulted == ("validated",)

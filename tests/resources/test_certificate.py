"""What may be shown of a secret."""

import base64
import json

import msgspec
import pytest

from osmscope.dump.entries import Entry
from osmscope.dump.states import State
from osmscope.oracle.throw_away_keys import Authority
from osmscope.resources.certificate import SecretFacts, secret_facts

PEM = Authority("ca").issue("CN=a,O=b", dns=["a.b"], uris=["spiffe://a/b"]).certificate
INLINE = {"inline_bytes": base64.b64encode(PEM.encode()).decode()}


def facts(body: object) -> SecretFacts:
    raw = msgspec.Raw(body if isinstance(body, bytes) else json.dumps(body).encode())
    entry = Entry(
        kind="secret", name="s", state=State.ACTIVE, place="dynamic_active_secrets", index=0,
        body=raw,
    )  # fmt: skip
    return secret_facts(entry)


@pytest.mark.parametrize(
    ("body", "kind", "problem"),
    [
        ({"tls_certificate": {"certificate_chain": {"filename": "/a"}}}, "certificate",
         "in file /a"),
        ({"tls_certificate": {}}, "certificate", ""),
        ({"tls_certificate": {"certificate_chain": {"inline_string": "x"}}}, "certificate",
         "not readable"),
        ({"validation_context": {"trusted_ca": {"inline_bytes": "&"}}}, "validation",
         "not readable"),
        ({"session_ticket_keys": {}}, "session tickets", ""),
        ({"generic_secret": {}}, "generic", ""),
        ({}, "empty", ""),
        (b"", "empty", ""),
        (b'{"tls_certificate": 1}', "not readable", ""),
    ],
)  # fmt: skip
def test_secrets_without_a_certificate(body: object, kind: str, problem: str) -> None:
    assert facts(body) == SecretFacts(kind=kind, problem=problem)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"tls_certificate": {"certificate_chain": INLINE}}, "certificate"),
        ({"tls_certificate": {"certificate_chain": {"inline_string": PEM}}}, "certificate"),
        ({"validation_context": {"trusted_ca": INLINE}}, "validation"),
    ],
)
def test_what_a_certificate_says(body: object, kind: str) -> None:
    found = facts(body)
    assert found.kind == kind
    assert found.certificate is not None
    assert found.certificate.names == ("a.b", "spiffe://a/b")
    assert (found.certificate.subject, found.certificate.issuer) == ("CN=a,O=b", "CN=ca")
    assert found.certificate.not_before < found.certificate.not_after


def test_an_authority_has_no_names() -> None:
    body = {"validation_context": {"trusted_ca": {"inline_string": Authority("ca").root}}}
    certificate = facts(body).certificate
    assert certificate is not None
    assert certificate.names == ()

"""What the certificate of a secret says: its names, its issuer, from when until when it holds.

Decision: only `certificate_chain` and `trusted_ca` are ever decoded. A private key, a password or a
session ticket key is not even looked at.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import warnings
from typing import TYPE_CHECKING

import msgspec

from osmscope.dump.sections import Entry

if TYPE_CHECKING:
    from cryptography import x509


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """The first certificate of a secret."""

    names: tuple[str, ...] = ()
    """Its DNS and URI names."""
    subject: str
    issuer: str
    not_before: datetime.datetime
    """In UTC."""
    not_after: datetime.datetime
    """In UTC."""


class SecretFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What may be shown of a secret."""

    kind: str
    """certificate, validation, session tickets, generic, empty or not readable."""
    certificate: Certificate | None = None
    problem: str = ""
    """Why there is no certificate, where one was to be expected."""


class _Data(msgspec.Struct, frozen=True):
    inline_bytes: str = ""
    inline_string: str = ""
    filename: str = ""


class _TlsCertificate(msgspec.Struct, frozen=True):
    certificate_chain: _Data = _Data()


class _Validation(msgspec.Struct, frozen=True):
    trusted_ca: _Data = _Data()


class _Secret(msgspec.Struct, frozen=True):
    tls_certificate: _TlsCertificate | None = None
    validation_context: _Validation | None = None
    session_ticket_keys: dict[str, msgspec.Raw] | None = None
    generic_secret: dict[str, msgspec.Raw] | None = None


def secret_facts(entry: Entry) -> SecretFacts:
    """Read what is public of a secret in one of its states."""
    try:
        secret = msgspec.json.decode(bytes(entry.body) or b"{}", type=_Secret)
    except msgspec.MsgspecError:
        return SecretFacts(kind="not readable")
    if secret.tls_certificate is not None:
        return _facts("certificate", secret.tls_certificate.certificate_chain)
    if secret.validation_context is not None:
        return _facts("validation", secret.validation_context.trusted_ca)
    if secret.session_ticket_keys is not None:
        return SecretFacts(kind="session tickets")
    return SecretFacts(kind="generic" if secret.generic_secret is not None else "empty")


def _facts(kind: str, data: _Data) -> SecretFacts:
    if data.filename:
        return SecretFacts(kind=kind, problem=f"in file {data.filename}")
    if not data.inline_bytes and not data.inline_string:
        return SecretFacts(kind=kind)
    from cryptography import x509

    try:
        pem = data.inline_string.encode() or base64.b64decode(data.inline_bytes, validate=True)
        found = x509.load_pem_x509_certificate(pem)
    except (ValueError, binascii.Error):
        return SecretFacts(kind=kind, problem="not readable")
    return SecretFacts(kind=kind, certificate=_read(found))


def _read(found: x509.Certificate) -> Certificate:
    # A mesh's names may be longer than X.520 allows, of which the library warns.
    with warnings.catch_warnings(action="ignore"):
        return Certificate(
            names=_names(found),
            subject=found.subject.rfc4514_string(),
            issuer=found.issuer.rfc4514_string(),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
        )


def _names(found: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return (
        *names.get_values_for_type(x509.DNSName),
        *names.get_values_for_type(x509.UniformResourceIdentifier),
    )

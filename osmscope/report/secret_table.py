"""The table of secrets: names, and what their certificates say; never what is private.

Decision: only `certificate_chain` and `trusted_ca` are ever decoded. A private key, a password or a
session ticket key is not even looked at.
"""

from __future__ import annotations

import base64
import binascii
import warnings
from typing import TYPE_CHECKING

import msgspec

from osmscope.dump.sections import Entry
from osmscope.report.table import Row, Table, columns
from osmscope.resources.proxy import Proxy

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


Facts = tuple[tuple[str, ...], str, str, str]
"""Names, the day of expiry, subject, issuer."""


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
    session_ticket_keys: msgspec.Raw | None = None
    generic_secret: msgspec.Raw | None = None


def secret_table(proxy: Proxy) -> Table:
    """List the secrets in all their states."""
    return Table(
        columns(
            "secret", "state", "type", "names", "expires", wide=("subject", "issuer", "updated")
        ),
        tuple(_row(entry) for entry in proxy.dump.entries("secret")),
    )


def _row(entry: Entry) -> Row:
    kind, data = _public(entry)
    certificate, problem = _certificate(data)
    facts: Facts = ((problem,) if problem else (), "", "", "")
    if certificate is not None:
        facts = _facts(certificate)
    return Row((entry.name, entry.state.value, kind, *facts, entry.last_updated), (entry.name,))


def _facts(certificate: Certificate) -> Facts:
    # A mesh's names may be longer than X.520 allows, of which the library warns.
    with warnings.catch_warnings(action="ignore"):
        return (
            _names(certificate),
            certificate.not_valid_after_utc.date().isoformat(),
            certificate.subject.rfc4514_string(),
            certificate.issuer.rfc4514_string(),
        )


def _public(entry: Entry) -> tuple[str, _Data]:
    """Return a secret's type, and the part of it that is public."""
    try:
        secret = msgspec.json.decode(bytes(entry.body) or b"{}", type=_Secret)
    except msgspec.MsgspecError:
        return "not readable", _Data()
    if secret.tls_certificate is not None:
        return "certificate", secret.tls_certificate.certificate_chain
    if secret.validation_context is not None:
        return "validation", secret.validation_context.trusted_ca
    if secret.session_ticket_keys is not None:
        return "session tickets", _Data()
    return ("generic" if secret.generic_secret is not None else "empty"), _Data()


def _certificate(data: _Data) -> tuple[Certificate | None, str]:
    """Read the first certificate of a chain; else say why there is none."""
    if data.filename:
        return None, f"in file {data.filename}"
    if not data.inline_bytes and not data.inline_string:
        return None, ""
    from cryptography import x509

    try:
        pem = data.inline_string.encode() or base64.b64decode(data.inline_bytes, validate=True)
        return x509.load_pem_x509_certificate(pem), ""
    except (ValueError, binascii.Error):
        return None, "not readable"


def _names(certificate: Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return (
        *names.get_values_for_type(x509.DNSName),
        *names.get_values_for_type(x509.UniformResourceIdentifier),
    )

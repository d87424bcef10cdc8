"""Keys and certificates that live as long as one comparison.

Decision: two authorities, one that every listener of the copy trusts and one that none does, so
that a client certificate can be as trusted as the request says it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class KeyPair(msgspec.Struct, frozen=True):
    """A certificate and its private key, as PEM."""

    certificate: str
    private_key: str


class Authority:
    """A certificate authority of a few minutes."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.BasicConstraints(ca=True, path_length=None)
        self._certificate = self._sign(self._name, self._key.public_key(), [(usage, True)])

    @property
    def root(self) -> str:
        """The authority's own certificate, as PEM."""
        return _pem(self._certificate)

    def issue(
        self, subject: str = "", *, dns: Sequence[str] = (), uris: Sequence[str] = ()
    ) -> KeyPair:
        """Sign a certificate for a client or a server.

        Args:
            subject: A distinguished name as RFC 4514 writes it: `CN=a,O=b`.
            dns: Its DNS names.
            uris: Its URIs.

        Raises:
            ValueError: A name cannot stand in a certificate.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        extensions: list[tuple[x509.ExtensionType, bool]] = [(x509.ExtendedKeyUsage(uses), False)]
        names: list[x509.GeneralName] = [x509.DNSName(name) for name in dns]
        names += [x509.UniformResourceIdentifier(uri) for uri in uris]
        if names:
            extensions.append((x509.SubjectAlternativeName(names), False))
        name = x509.Name.from_rfc4514_string(subject)
        certificate = self._sign(name, key.public_key(), extensions)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return KeyPair(_pem(certificate), private.decode())

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        extensions: Sequence[tuple[x509.ExtensionType, bool]],
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())


class ThrowAwayKeys:
    """Everything that TLS in the copy needs."""

    def __init__(self) -> None:
        self.trusted = Authority("osmscope, trusted")
        self.untrusted = Authority("osmscope, untrusted")
        self.server = self.trusted.issue("CN=osmscope", dns=["osmscope.invalid"])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()

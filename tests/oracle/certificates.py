"""A CA, a server's certificate and clients' certificates, made for one run."""

import datetime
import ssl
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Json = dict[str, Any]

CLIENTS: dict[str, Json] = {
    "dns": {"dns_sans": ["bookbuyer.bookbuyer.cluster.local"], "subject": "CN=bookbuyer"},
    "uri": {"uri_sans": ["spiffe://cluster.local/ns/a/sa/b"], "subject": "CN=workload"},
    "both": {
        "uri_sans": ["spiffe://cluster.local/ns/c/sa/d"],
        "dns_sans": ["bookthief.bookthief.cluster.local", "*.example.com"],
        "subject": "CN=both",
    },
    "subject": {"subject": "CN=bookstore.bookstore.cluster.local"},
    "stranger": {"dns_sans": ["bookbuyer.bookbuyer.cluster.local"], "subject": "CN=bookbuyer"},
}
"""What each client's certificate says; that of the stranger is signed by another CA."""


def client_facts(name: str) -> Json:
    """Return a client's certificate as a request line tells it."""
    return CLIENTS[name] | {"trusted": name != "stranger"}


class _Stream(ssl.SSLSocket):
    """Closed when it is forgotten: where the peer resets it at once, nobody gets hold of it."""

    def __del__(self) -> None:
        self.close()


class Certificates:
    """Files in a folder, for Envoy and for clients."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contexts: dict[tuple[str | None, tuple[str, ...]], ssl.SSLContext] = {}
        trusted = _Authority("CN=trusted")
        other = _Authority("CN=other")
        (folder / "ca.pem").write_bytes(trusted.certificate_pem())
        trusted.issue(folder / "server.pem", {"subject": "CN=server", "dns_sans": ["server"]})
        for name, facts in CLIENTS.items():
            issuer = other if name == "stranger" else trusted
            issuer.issue(folder / f"{name}.pem", facts)

    def server_context(self) -> ssl.SSLContext:
        """Return what a server speaks TLS with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / "server.pem")
        return context

    def client_context(self, name: str | None, alpn: list[str] | None) -> ssl.SSLContext:
        """Return what a client speaks TLS with."""
        key = (name, tuple(alpn or ()))
        context = self._contexts.get(key)
        if context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.sslsocket_class = _Stream
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            if alpn:
                context.set_alpn_protocols(alpn)
            if name is not None:
                context.load_cert_chain(self._folder / f"{name}.pem")
            self._contexts[key] = context
        return context


class _Authority:
    def __init__(self, subject: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name.from_rfc4514_string(subject)
        builder = _builder(self._name, self._name, self._key.public_key())
        constraint = x509.BasicConstraints(ca=True, path_length=None)
        builder = builder.add_extension(constraint, critical=True)
        self._certificate = builder.sign(self._key, hashes.SHA256())

    def certificate_pem(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, path: Path, facts: Json) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        common_name = facts["subject"].removeprefix("CN=")
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        builder = _builder(subject, self._name, key.public_key())
        names: list[x509.GeneralName] = [x509.DNSName(name) for name in facts.get("dns_sans", ())]
        names += [x509.UniformResourceIdentifier(name) for name in facts.get("uri_sans", ())]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )

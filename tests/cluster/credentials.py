"""The cluster's certificate authority, and the tokens of its service accounts.

Decision: tokens are those that the API server itself would give for a service account, signed with
its key, so that one can be expired from the start.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER = "https://kubernetes.default.svc.cluster.local"

_DAY = timedelta(days=1)


class CertificateAuthority:
    """Signs the API server's certificate and those of its users."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("kubernetes")
        self.root = folder / "ca.crt"
        key_usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        certificate = (
            self._builder(self._name, self._key.public_key(), expires=_DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(key_usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self._certificate = certificate
        self.root.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(
        self, name: str, *, group: str = "", is_server: bool = False, expires: timedelta = _DAY
    ) -> tuple[Path, Path]:
        """A certificate and its key, as files.

        Args:
            name: The user's name.
            group: The user's group.
            is_server: Whether it is for who answers on the loopback.
            expires: From now on; below zero for one that has expired.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if is_server else ExtendedKeyUsageOID.CLIENT_AUTH
        addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
        builder = self._builder(_name(name, group), key.public_key(), expires=expires)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        if is_server:
            builder = builder.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        stem = f"{name}-{certificate.serial_number:x}"
        certificate_file = self._folder / f"{stem}.crt"
        certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return certificate_file, write_key(self._folder / f"{stem}.key", key)

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, expires: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 2 * _DAY)
            .not_valid_after(now + expires)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(own, critical=False)
        )


class TokenSigner:
    """Signs tokens of service accounts."""

    def __init__(self, folder: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.key_file = write_key(folder / "service-accounts.key", self._key)

    def sign(self, namespace: str, name: str, uid: str, *, expires: float = 86400.0) -> str:
        """A token of a service account.

        Args:
            namespace: Its namespace.
            name: Its name.
            uid: Its uid.
            expires: In how many seconds; below zero for one that has expired.
        """
        now = time.time()
        account = {"name": name, "uid": uid}
        claims = {
            "iss": ISSUER,
            "aud": [ISSUER],
            "sub": f"system:serviceaccount:{namespace}:{name}",
            "kubernetes.io": {"namespace": namespace, "serviceaccount": account},
            "iat": int(now - 86400),
            "nbf": int(now - 86400),
            "exp": int(now + expires),
        }
        text = f"{_segment({'alg': 'ES256', 'typ': 'JWT'})}.{_segment(claims)}"
        signature = self._key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(signature)
        return f"{text}.{_base64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    """Write a private key where only its owner can read it."""
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,  # kube-apiserver reads no PKCS #8
        serialization.NoEncryption(),
    )
    path.touch(0o600)
    path.write_bytes(pem)
    return path


def _name(name: str, group: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if group:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(attributes)


def _segment(content: object) -> str:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

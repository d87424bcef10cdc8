"""What becomes of `x-forwarded-client-cert`.

What Envoy does: `ALWAYS_FORWARD_ONLY` leaves the header as it came. `SANITIZE`, and every other
mode on a connection without a client certificate, removes it; `FORWARD_ONLY` leaves it, with
`APPEND_FORWARD` an element for the client is appended, with `SANITIZE_SET` it is the only one.
Checked against Envoy 1.40.0. Not modelled: the certificate's hash and text, and Envoy's own name
(`By`), which a request's description does not hold: their absence is an assumption; nor
`forward_client_cert_matcher`, which is assumed to leave the mode as it is.
"""

from __future__ import annotations

from osmscope.resources.http_connection_manager import (
    HttpConnectionManager,
    SetCurrentClientCertDetails,
)
from osmscope.rules.facts import ClientCertificate, Connection, Headers

NAME = "x-forwarded-client-cert"
_MATCHER = f"no entry of forward_client_cert_matcher says otherwise of {NAME}"
INCOMPLETE = f"{NAME} has By, Hash and certificate texts too, which are not known"


def forward_client_cert(
    hcm: HttpConnectionManager, connection: Connection, headers: Headers
) -> tuple[Headers, tuple[str, ...]]:
    """Return the headers, and what had to be assumed."""
    if hcm.forward_client_cert_matcher is not None:
        return _by_details(hcm, connection, headers, (_MATCHER,))
    return _by_details(hcm, connection, headers, ())


def _by_details(
    hcm: HttpConnectionManager, connection: Connection, headers: Headers, assumed: tuple[str, ...]
) -> tuple[Headers, tuple[str, ...]]:
    mode = hcm.forward_client_cert_details
    if mode == "ALWAYS_FORWARD_ONLY":
        return headers, assumed
    certificate = connection.peer_certificate if connection.terminated_tls else None
    if mode == "SANITIZE" or certificate is None:
        return headers.remove(NAME), assumed
    if mode == "FORWARD_ONLY":
        return headers, assumed
    element = _element(certificate, hcm.set_current_client_cert_details)
    before = headers.first(NAME) if mode == "APPEND_FORWARD" else None
    value = ",".join(part for part in (before, element) if part)
    return headers.set(NAME, value), (*assumed, INCOMPLETE)


def _element(certificate: ClientCertificate, details: SetCurrentClientCertDetails | None) -> str:
    details = details or SetCurrentClientCertDetails()
    pairs: list[str] = []
    if details.subject:
        escaped = certificate.subject.replace("\\", "\\\\").replace('"', '\\"')
        pairs.append(f'Subject="{escaped}"')
    if details.uri:
        # Unlike the others, it is there without a value where the certificate has none.
        pairs.extend(f"URI={san}" for san in certificate.uri_sans or ("",))
    if details.dns:
        pairs.extend(f"DNS={san}" for san in certificate.dns_sans)
    return ";".join(pairs)

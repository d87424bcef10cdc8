"""What becomes of `x-forwarded-client-cert`.

What Envoy does: `ALWAYS_FORWARD_ONLY` leaves the header as it came. `SANITIZE`, and every other
mode on a connection without a client certificate, removes it; `FORWARD_ONLY` leaves it, with
`APPEND_FORWARD` an element for the client is appended, with `SANITIZE_SET` it is the only one.
What `forward_client_cert_matcher` leads to, by the request as it is then, takes the place of the
mode and of what an element holds; without an action these are the connection manager's.
Checked against Envoy 1.40.0. Not modelled: the certificate's hash and text, its issuer and Envoy's
own name (`By`), which a request's description does not hold: their absence is an assumption.
"""

from __future__ import annotations

from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import (
    ForwardClientCertConfig,
    HttpConnectionManager,
    SetCurrentClientCertDetails,
)
from osmscope.rules.facts import ClientCertificate, Headers, Request
from osmscope.rules.matcher_tree import MatcherInputs, evaluate

NAME = "x-forwarded-client-cert"
_MATCHER = f"no entry of forward_client_cert_matcher says otherwise of {NAME}"
INCOMPLETE = f"{NAME} has By, Hash and certificate texts too, which are not known"


def forward_client_cert(
    hcm: HttpConnectionManager, request: Request
) -> tuple[Headers, tuple[str, ...]]:
    """Return the headers, and what had to be assumed.

    Args:
        hcm: The connection manager.
        request: The request as it is after all else was sanitized and added.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    details = ForwardClientCertConfig(
        forward_client_cert_details=hcm.forward_client_cert_details,
        set_current_client_cert_details=hcm.set_current_client_cert_details,
    )
    if hcm.forward_client_cert_matcher is None:
        return _by_details(details, request, ())
    inputs = MatcherInputs(connection=request.connection, request=request)
    found = evaluate(hcm.forward_client_cert_matcher, inputs)
    if found.missing:
        return _by_details(details, request, (f"{_MATCHER} ({found.missing} is not known)",))
    if found.action is None:
        return _by_details(details, request, ())
    action = decode_extension(found.action)
    if not isinstance(action, ForwardClientCertConfig):
        return _by_details(details, request, (_MATCHER,))
    return _by_details(action, request, ())


def _by_details(
    config: ForwardClientCertConfig, request: Request, assumed: tuple[str, ...]
) -> tuple[Headers, tuple[str, ...]]:
    mode, headers, connection = (
        config.forward_client_cert_details,
        request.headers,
        request.connection,
    )
    if mode == "ALWAYS_FORWARD_ONLY":
        return headers, assumed
    certificate = connection.peer_certificate if connection.terminated_tls else None
    if mode == "SANITIZE" or certificate is None:
        return headers.remove(NAME), assumed
    if mode == "FORWARD_ONLY":
        return headers, assumed
    element = _element(certificate, config.set_current_client_cert_details)
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

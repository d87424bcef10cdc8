"""The TLS handshake between a client and the filter chain that was chosen for it.

What Envoy does: a chain without a transport socket passes bytes on as they are, TLS included. A
chain with TLS refuses plaintext. ALPN takes the first of its own protocols that the client
offers, and none in common is no failure. What is asked of the client's certificate is
`validation_context`'s matter: signed by a trusted CA, for an accepted name, one of the accepted
hashes; with `ACCEPT_UNTRUSTED` any certificate does.
Checked against Envoy 1.40.0. Not modelled: protocol versions and ciphers, CRLs, expiry; transport
sockets of other types, which are assumed to pass bytes on.
"""

from collections.abc import Iterator

import msgspec

from osmscope.resources.extension import Unsupported, decode_extension
from osmscope.resources.listener import FilterChain
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.resource import Resource
from osmscope.resources.transport_socket import (
    CertificateValidationContext,
    CommonTlsContext,
    DownstreamTlsContext,
    RawBuffer,
)
from osmscope.rules.facts import ClientCertificate, Connection
from osmscope.rules.result import Outcome
from osmscope.rules.subject_alt_name import match_subject_alt_names
from osmscope.rules.validation_context import (
    SecretLookup,
    accepts_untrusted,
    asks_for_certificate,
    has_authority,
    requires_certificate,
    validation_context,
)


class HandshakeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a connection after its filter chain was chosen."""

    connection: Connection
    """With `terminated_tls` and `peer_certificate`."""
    alpn: str = ""
    """The protocol that was negotiated; "" where none was."""
    failed: str | None = None
    """Why the handshake failed, as a clause; Envoy then closes."""
    assumptions: tuple[str, ...] = ()
    relied_on_trust: bool = False
    """Whether it only succeeded because the client's certificate is taken to be trusted."""


def handshake(chain: FilterChain, connection: Connection, secrets: SecretLookup) -> HandshakeResult:
    """Put a connection to the transport socket of its filter chain.

    Args:
        chain: The chain that takes the connection.
        connection: The connection.
        secrets: Finds a secret of the dump by name.

    Raises:
        DumpError: The chain's TLS context cannot be read, or RE2 refuses an expression in it.
    """
    socket = _transport_socket(chain)
    if socket is None or isinstance(socket, RawBuffer):
        return HandshakeResult(connection=connection)
    if not isinstance(socket, DownstreamTlsContext):
        kind = socket.type_name if isinstance(socket, Unsupported) else type(socket).__name__
        assumption = f"the transport socket {kind} passes bytes on as they are"
        return HandshakeResult(connection=connection, assumptions=(assumption,))
    if not connection.tls:
        reason = "the client speaks plaintext, and the filter chain expects TLS"
        return HandshakeResult(connection=connection, failed=reason)
    if socket.require_sni and not connection.server_name:
        reason = "the client sends no server name, and the filter chain requires one"
        return HandshakeResult(connection=connection, failed=reason)
    return _authenticate(socket, connection, secrets)


def _transport_socket(chain: FilterChain) -> Resource | None:
    socket = chain.transport_socket
    if socket is None:
        return chain.tls_context
    return decode_extension(
        TypedExtensionConfig(name=socket.name, typed_config=socket.typed_config)
    )


def _authenticate(
    tls: DownstreamTlsContext, connection: Connection, secrets: SecretLookup
) -> HandshakeResult:
    common = tls.common_tls_context
    context = validation_context(common, secrets)
    certificate = connection.certificate
    assumptions = list(_missing_secrets(common, secrets))
    relied_on_trust = False
    if not asks_for_certificate(context):
        certificate = None
    elif certificate is None:
        if requires_certificate(context, tls.require_client_certificate):
            reason = "the client presents no certificate, and the filter chain requires one"
            return HandshakeResult(connection=connection, failed=reason)
    elif not accepts_untrusted(context):
        refusal = _refusal(context, certificate)
        if refusal is not None:
            return HandshakeResult(connection=connection, failed=refusal)
        assumptions += _unverifiable(context, certificate)
        relied_on_trust = has_authority(context)
    elif _refusal(context, certificate) is not None:
        # It is accepted all the same, but not as a validated one.
        certificate = msgspec.structs.replace(certificate, trusted=False)
    alpn = _negotiate(common.alpn_protocols, connection.alpn)
    return HandshakeResult(
        connection=msgspec.structs.replace(
            connection,
            terminated_tls=True,
            peer_certificate=certificate,
            negotiated_protocol=alpn,
        ),
        alpn=alpn,
        assumptions=tuple(assumptions),
        relied_on_trust=relied_on_trust,
    )


def _refusal(context: CertificateValidationContext, certificate: ClientCertificate) -> str | None:
    if has_authority(context) and not certificate.trusted:
        return "the client's certificate is not signed by a CA that the filter chain trusts"
    names = match_subject_alt_names(context, certificate)
    if names.outcome is Outcome.NO_MATCH:
        return f"the client's certificate is not for an accepted name: {names.reason}"
    return None


def _unverifiable(
    context: CertificateValidationContext, certificate: ClientCertificate
) -> Iterator[str]:
    if match_subject_alt_names(context, certificate).outcome is Outcome.UNKNOWN:
        yield "the client's certificate is for an accepted name"
    if context.verify_certificate_hash or context.verify_certificate_spki:
        yield "the client's certificate has one of the accepted hashes"
    if context.custom_validator_config is not None:
        yield "the custom certificate validator accepts the client's certificate"


def _missing_secrets(common: CommonTlsContext, secrets: SecretLookup) -> Iterator[str]:
    for reference in common.tls_certificate_sds_secret_configs:
        if secrets(reference.name) is None:
            yield f'the secret "{reference.name}", which the dump lacks, holds a certificate'
    validation = common.validation_secret()
    if validation and secrets(validation) is None:
        yield f'the secret "{validation}", which the dump lacks, accepts the client'


def _negotiate(preferred: tuple[str, ...], offered: tuple[str, ...]) -> str:
    return next((protocol for protocol in preferred if protocol in offered), "")

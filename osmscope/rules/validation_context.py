"""The validation context of a TLS context: where it stands, and what it asks of a peer.

What Envoy does: it stands inline, in a secret, or in both; then the secret is merged over the
inline default as protobuf merges: lists are appended, what the secret sets wins.
Towards a client: a certificate is asked for where there is a CA, a list of accepted names or
hashes, or `ACCEPT_UNTRUSTED`; it is required with `require_client_certificate` and a CA, and, even
without that flag, by a list of names or hashes (unless `ACCEPT_UNTRUSTED`).
Checked against Envoy 1.40.0. Not modelled: CRLs; `system_root_certs`, which asks nothing of
clients.
"""

from collections.abc import Callable

import msgspec

from osmscope.resources.transport_socket import (
    CertificateValidationContext,
    CommonTlsContext,
    Secret,
)

SecretLookup = Callable[[str], Secret | None]
"""Returns the secret of a name; None where the dump has none."""

_ANY_CA = CertificateValidationContext(trusted_ca={})


def validation_context(
    common: CommonTlsContext, secrets: SecretLookup
) -> CertificateValidationContext:
    """Return what holds for a peer; a secret that the dump lacks is taken to hold a CA alone."""
    name = common.validation_secret()
    combined = common.combined_validation_context
    inline = common.validation_context
    if inline is None and combined is not None:
        inline = combined.default_validation_context
    if not name:
        return inline or CertificateValidationContext()
    secret = secrets(name)
    delivered = _ANY_CA if secret is None else secret.validation_context
    if inline is None or delivered is None:
        return inline or delivered or CertificateValidationContext()
    return _merge(inline, delivered)


def _merge(
    default: CertificateValidationContext, secret: CertificateValidationContext
) -> CertificateValidationContext:
    changes: dict[str, object] = {}
    for field in msgspec.structs.fields(CertificateValidationContext):
        value = getattr(secret, field.name)
        if isinstance(value, tuple):
            changes[field.name] = (*getattr(default, field.name), *value)
        elif value != field.default:
            changes[field.name] = value
    return msgspec.structs.replace(default, **changes)


def accepts_untrusted(context: CertificateValidationContext) -> bool:
    """Whether any certificate is accepted, whoever signed it and whatever it is for."""
    return context.trust_chain_verification == "ACCEPT_UNTRUSTED"


def has_authority(context: CertificateValidationContext) -> bool:
    """Whether certificates are verified against a CA, or by a validator of another kind."""
    return (
        context.trusted_ca is not None
        or context.ca_certificate_provider_instance is not None
        or context.custom_validator_config is not None
    )


def asks_for_certificate(context: CertificateValidationContext) -> bool:
    """Whether Envoy asks a client for its certificate."""
    return has_authority(context) or accepts_untrusted(context) or _has_lists(context)


def requires_certificate(context: CertificateValidationContext, flag: bool | None) -> bool:
    """Whether a client without certificate is refused.

    Args:
        context: What is asked of the peer.
        flag: `require_client_certificate`.
    """
    if flag and has_authority(context):
        return True
    return _has_lists(context) and not accepts_untrusted(context)


def _has_lists(context: CertificateValidationContext) -> bool:
    return bool(
        context.match_typed_subject_alt_names
        or context.match_subject_alt_names
        or context.verify_certificate_hash
        or context.verify_certificate_spki
    )

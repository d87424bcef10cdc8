"""TLS on either side of a proxy, and the secrets it refers to by name."""

import msgspec

from osmscope.resources.extension import decode_extension, extension
from osmscope.resources.matcher import StringMatcher, TypedExtensionConfig
from osmscope.resources.resource import Opaque, Resource

_TLS = "envoy.extensions.transport_sockets.tls.v3"


class TransportSocket(Resource, frozen=True):
    """`envoy.config.core.v3.TransportSocket`; its type decides, its name is a label."""

    name: str = ""
    typed_config: msgspec.Raw = msgspec.Raw(b"")


class SdsSecretConfig(Resource, frozen=True):
    """A reference to a secret by name; without `sds_config` a static secret of the bootstrap."""

    inert = frozenset({"sds_config"})

    name: str = ""


class SubjectAltNameMatcher(Resource, frozen=True):
    """One accepted name of the peer."""

    inert = frozenset({"oid"})

    san_type: str = "SAN_TYPE_UNSPECIFIED"
    matcher: StringMatcher = StringMatcher()


class CertificateValidationContext(Resource, frozen=True):
    """What a peer's certificate has to satisfy."""

    inert = frozenset({"watched_directory", "crl", "max_verify_depth", "system_root_certs"})

    trusted_ca: object = None
    ca_certificate_provider_instance: object = None
    verify_certificate_hash: tuple[str, ...] = ()
    verify_certificate_spki: tuple[str, ...] = ()
    match_typed_subject_alt_names: tuple[SubjectAltNameMatcher, ...] = ()
    match_subject_alt_names: tuple[StringMatcher, ...] = ()
    allow_expired_certificate: bool = False
    trust_chain_verification: str = "VERIFY_TRUST_CHAIN"
    only_verify_leaf_cert_crl: bool = False
    require_signed_certificate_timestamp: bool | None = None
    custom_validator_config: object = None
    auto_sni_san_match: bool = False


class CombinedValidationContext(Resource, frozen=True):
    """A default context over which the secret's own is merged."""

    default_validation_context: CertificateValidationContext = CertificateValidationContext()
    validation_context_sds_secret_config: SdsSecretConfig | None = None


class CommonTlsContext(Resource, frozen=True):
    """What both directions of TLS share."""

    inert = frozenset({"tls_params", "key_log", "tls_certificate_certificate_provider_instance"})

    tls_certificates: tuple[Opaque, ...] = ()
    tls_certificate_sds_secret_configs: tuple[SdsSecretConfig, ...] = ()
    validation_context: CertificateValidationContext | None = None
    validation_context_sds_secret_config: SdsSecretConfig | None = None
    combined_validation_context: CombinedValidationContext | None = None
    alpn_protocols: tuple[str, ...] = ()

    def validation_secret(self) -> str:
        """Return the name of the secret that holds the validation context, or ""."""
        if self.validation_context_sds_secret_config is not None:
            return self.validation_context_sds_secret_config.name
        combined = self.combined_validation_context
        if combined is not None and combined.validation_context_sds_secret_config is not None:
            return combined.validation_context_sds_secret_config.name
        return ""


@extension(
    f"{_TLS}.DownstreamTlsContext", "envoy.api.v2.auth.DownstreamTlsContext", name="downstream_tls"
)
class DownstreamTlsContext(Resource, frozen=True):
    """TLS towards the client."""

    inert = frozenset({
        "session_ticket_keys", "session_ticket_keys_sds_secret_config",
        "disable_stateless_session_resumption", "disable_stateful_session_resumption",
        "session_timeout", "ocsp_staple_policy", "full_scan_certs_on_sni_mismatch",
        "prefer_client_ciphers",
    })  # fmt: skip

    common_tls_context: CommonTlsContext = CommonTlsContext()
    require_client_certificate: bool | None = None
    require_sni: bool | None = None


@extension(f"{_TLS}.UpstreamTlsContext", "envoy.api.v2.auth.UpstreamTlsContext")
class UpstreamTlsContext(Resource, frozen=True):
    """TLS towards the endpoint."""

    inert = frozenset({"allow_renegotiation", "max_session_keys", "enforce_rsa_key_usage"})

    common_tls_context: CommonTlsContext = CommonTlsContext()
    sni: str = ""
    auto_host_sni: bool = False
    auto_sni_san_validation: bool = False


@extension(
    "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
    name="envoy.transport_sockets.raw_buffer raw_buffer",
)
class RawBuffer(Opaque, frozen=True):
    """No transport security."""


@extension("envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport")
class InternalUpstreamTransport(Resource, frozen=True):
    """Passes metadata to an internal listener, then another transport socket."""

    inert = frozenset({"passthrough_metadata"})

    transport_socket: TransportSocket = TransportSocket()


@extension(
    "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
    "envoy.extensions.transport_sockets.tcp_stats.v3.Config",
    "envoy.extensions.transport_sockets.tap.v3.Tap",
)
class WrappingTransport(Resource, frozen=True):
    """Says something before, counts or records; another transport socket connects."""

    inert = frozenset({
        "config", "allow_unspecified_address", "tlv_as_pool_key", "update_period", "common_config",
        "socket_tap_config",
    })  # fmt: skip

    transport_socket: TransportSocket = TransportSocket()


def innermost(socket: TransportSocket) -> Resource:
    """Decode a transport socket; where it wraps another one, that one.

    Raises:
        DumpError: A configuration has a type that Envoy never writes.
    """
    found = decode_extension(
        TypedExtensionConfig(name=socket.name, typed_config=socket.typed_config)
    )
    if isinstance(found, InternalUpstreamTransport | WrappingTransport):
        return innermost(found.transport_socket)
    return found


class Secret(Resource, frozen=True):
    """A secret of the dump; private keys are redacted by Envoy itself."""

    name: str = ""
    tls_certificate: object = None
    validation_context: CertificateValidationContext | None = None
    session_ticket_keys: object = None
    generic_secret: object = None

"""Filters that ask who the client is."""

from osmscope.resources.extension import extension
from osmscope.resources.http_filters.limits import HttpStatus
from osmscope.resources.matcher import (
    HeaderMatcher,
    MetadataMatcher,
    RuntimeFeatureFlag,
    RuntimeFractionalPercent,
    StringMatcher,
)
from osmscope.resources.network_filters import DataSource
from osmscope.resources.resource import Opaque, Resource
from osmscope.resources.route import RouteMatch

_HTTP = "envoy.extensions.filters.http"


@extension(f"{_HTTP}.basic_auth.v3.BasicAuth", name="envoy.filters.http.basic_auth")
class BasicAuth(Resource, frozen=True):
    """`envoy.extensions.filters.http.basic_auth.v3.BasicAuth`."""

    inert = frozenset({"emit_dynamic_metadata"})

    users: DataSource | None = None
    forward_username_header: str = ""
    authentication_header: str = ""


@extension(f"{_HTTP}.basic_auth.v3.BasicAuthPerRoute")
class BasicAuthPerRoute(Resource, frozen=True):
    """`envoy.extensions.filters.http.basic_auth.v3.BasicAuthPerRoute`."""

    users: DataSource | None = None


class ApiKeySource(Resource, frozen=True):
    """Where an API key is looked for."""

    header: str = ""
    query: str = ""
    cookie: str = ""


class ApiKeyForwarding(Resource, frozen=True):
    """What the upstream gets of an API key."""

    header: str = ""
    hide_credentials: bool = False


class ApiKeyCredential(Resource, frozen=True):
    """A known client."""

    key: str = ""
    client: str = ""


@extension(f"{_HTTP}.api_key_auth.v3.ApiKeyAuth", name="envoy.filters.http.api_key_auth")
class ApiKeyAuth(Resource, frozen=True):
    """`envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth`."""

    credentials: tuple[ApiKeyCredential, ...] = ()
    key_sources: tuple[ApiKeySource, ...] = ()
    forwarding: ApiKeyForwarding | None = None


@extension(f"{_HTTP}.api_key_auth.v3.ApiKeyAuthPerRoute")
class ApiKeyAuthPerRoute(Resource, frozen=True):
    """`envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuthPerRoute`."""

    credentials: tuple[ApiKeyCredential, ...] = ()
    key_sources: tuple[ApiKeySource, ...] = ()
    forwarding: ApiKeyForwarding | None = None
    allowed_clients: tuple[str, ...] = ()


class JwtHeader(Resource, frozen=True):
    """A header that may hold a token, after a prefix."""

    name: str = ""
    value_prefix: str = ""


class JwtClaimToHeader(Resource, frozen=True):
    """A claim that is told to the upstream in a header."""

    header_name: str = ""
    claim_name: str = ""


class JwtNormalizedPayload(Resource, frozen=True):
    """The claims whose text becomes a list of its words in the metadata."""

    space_delimited_claims: tuple[str, ...] = ()


class ServiceUri(Resource, frozen=True):
    """A service behind a cluster."""

    inert = frozenset({"uri", "timeout"})

    cluster: str = ""


class RemoteJwks(Resource, frozen=True):
    """Keys that Envoy fetches."""

    inert = frozenset({"cache_duration", "async_fetch", "retry_policy"})

    http_uri: ServiceUri = ServiceUri()


class JwtProvider(Resource, frozen=True):
    """One issuer of tokens."""

    inert = frozenset({"jwt_cache_config"})

    issuer: str = ""
    audiences: tuple[str, ...] = ()
    subjects: StringMatcher | None = None
    require_expiration: bool = False
    max_lifetime: str | None = None
    clock_skew_seconds: int | None = None
    remote_jwks: RemoteJwks | None = None
    local_jwks: DataSource | None = None
    forward: bool = False
    from_headers: tuple[JwtHeader, ...] = ()
    from_params: tuple[str, ...] = ()
    from_cookies: tuple[str, ...] = ()
    forward_payload_header: str = ""
    pad_forward_payload_header: bool = False
    payload_in_metadata: str = ""
    header_in_metadata: str = ""
    failed_status_in_metadata: str = ""
    normalize_payload_in_metadata: JwtNormalizedPayload | None = None
    claim_to_headers: tuple[JwtClaimToHeader, ...] = ()
    clear_route_cache: bool = False


class ProviderWithAudiences(Resource, frozen=True):
    """A provider, and the audiences that take the place of its own."""

    provider_name: str = ""
    audiences: tuple[str, ...] = ()


class JwtRequirementList(Resource, frozen=True):
    """Requirements joined by and / or."""

    requirements: tuple["JwtRequirement", ...] = ()


class JwtRequirement(Resource, frozen=True):
    """`JwtRequirement`: exactly one of its kinds is set; none means nothing is required."""

    provider_name: str = ""
    provider_and_audiences: ProviderWithAudiences | None = None
    requires_any: JwtRequirementList | None = None
    requires_all: JwtRequirementList | None = None
    allow_missing_or_failed: Opaque | None = None
    allow_missing: Opaque | None = None
    extract_only_without_validation: Opaque | None = None


class JwtRequirementRule(Resource, frozen=True):
    """Which requests need which tokens."""

    match: RouteMatch = RouteMatch()
    requires: JwtRequirement | None = None
    requirement_name: str = ""


class JwtFilterStateRule(Resource, frozen=True):
    """Requirements by a filter state object."""

    name: str = ""
    requires: dict[str, JwtRequirement] = {}


@extension(
    f"{_HTTP}.jwt_authn.v3.JwtAuthentication",
    "envoy.config.filter.http.jwt_authn.v2alpha.JwtAuthentication",
    name="envoy.filters.http.jwt_authn",
)
class JwtAuthentication(Resource, frozen=True):
    """`envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication`."""

    inert = frozenset({"stat_prefix", "strip_failure_response"})

    providers: dict[str, JwtProvider] = {}
    rules: tuple[JwtRequirementRule, ...] = ()
    filter_state_rules: JwtFilterStateRule | None = None
    bypass_cors_preflight: bool = False
    requirement_map: dict[str, JwtRequirement] = {}


@extension(f"{_HTTP}.jwt_authn.v3.PerRouteConfig")
class JwtPerRouteConfig(Resource, frozen=True):
    """`envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig`."""

    disabled: bool = False
    requirement_name: str = ""


class OAuth2Config(Resource, frozen=True):
    """What of the OAuth2 filter decides without a session."""

    inert = frozenset({"*"})

    pass_through_matcher: tuple[HeaderMatcher, ...] = ()


@extension(f"{_HTTP}.oauth2.v3.OAuth2", name="envoy.filters.http.oauth2")
class OAuth2(Resource, frozen=True):
    """`envoy.extensions.filters.http.oauth2.v3.OAuth2`: asks an authorization server."""

    config: OAuth2Config | None = None


@extension(
    f"{_HTTP}.credential_injector.v3.CredentialInjector",
    name="envoy.filters.http.credential_injector",
)
class CredentialInjector(Opaque, frozen=True):
    """`envoy.extensions.filters.http.credential_injector.v3.CredentialInjector`."""


class EnvoyGrpc(Resource, frozen=True):
    """A gRPC service behind a cluster."""

    inert = frozenset({
        "authority", "retry_policy", "max_receive_message_length", "skip_envoy_headers",
    })  # fmt: skip

    cluster_name: str = ""


class AuthorizationGrpcService(Resource, frozen=True):
    """A gRPC service that is asked."""

    inert = frozenset({"timeout", "initial_metadata", "google_grpc", "retry_policy"})

    envoy_grpc: EnvoyGrpc | None = None


class AuthorizationHttpService(Resource, frozen=True):
    """An HTTP service that is asked."""

    inert = frozenset({
        "path_prefix", "authorization_request", "authorization_response", "retry_policy",
        "path_override",
    })  # fmt: skip

    server_uri: ServiceUri = ServiceUri()


class ExtAuthzCheckSettings(Resource, frozen=True):
    """What is asked differently for a route."""

    inert = frozenset({"context_extensions", "disable_request_body_buffering", "with_request_body"})

    grpc_service: AuthorizationGrpcService | None = None
    http_service: AuthorizationHttpService | None = None


@extension(
    f"{_HTTP}.ext_authz.v3.ExtAuthz",
    "envoy.config.filter.http.ext_authz.v2.ExtAuthz",
    name="envoy.filters.http.ext_authz envoy.ext_authz",
)
class ExtAuthz(Resource, frozen=True):
    """`envoy.extensions.filters.http.ext_authz.v3.ExtAuthz`: asks an authorization service."""

    inert = frozenset({
        "transport_api_version", "with_request_body", "clear_route_cache",
        "metadata_context_namespaces", "typed_metadata_context_namespaces",
        "route_metadata_context_namespaces", "route_typed_metadata_context_namespaces",
        "include_peer_certificate", "stat_prefix", "bootstrap_metadata_labels_key",
        "allowed_headers", "disallowed_headers", "include_tls_session",
        "charge_cluster_response_stats", "encode_raw_headers",
        "decoder_header_mutation_rules", "enable_dynamic_metadata_ingestion",
        "filter_metadata", "emit_filter_state_stats", "validate_mutations",
        "max_denied_response_body_bytes",
    })  # fmt: skip

    grpc_service: AuthorizationGrpcService | None = None
    http_service: AuthorizationHttpService | None = None
    failure_mode_allow: bool = False
    failure_mode_allow_header_add: bool = False
    status_on_error: HttpStatus | None = None
    filter_enabled: RuntimeFractionalPercent | None = None
    filter_enabled_metadata: MetadataMatcher | None = None
    deny_at_disable: RuntimeFeatureFlag | None = None


@extension(
    f"{_HTTP}.ext_authz.v3.ExtAuthzPerRoute",
    "envoy.config.filter.http.ext_authz.v2.ExtAuthzPerRoute",
)
class ExtAuthzPerRoute(Resource, frozen=True):
    """`envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute`."""

    disabled: bool = False
    check_settings: ExtAuthzCheckSettings | None = None

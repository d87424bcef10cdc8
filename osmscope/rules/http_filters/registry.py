"""Which rule evaluates which HTTP filter, by the type of its configuration."""

from __future__ import annotations

from osmscope.resources.extension import Unsupported
from osmscope.resources.http_filters.authentication import (
    ApiKeyAuth,
    BasicAuth,
    CredentialInjector,
    ExtAuthz,
    JwtAuthentication,
    OAuth2,
)
from osmscope.resources.http_filters.custom_code import (
    DynamicForwardProxy,
    DynamicModuleFilter,
    ExternalProcessor,
    Golang,
    GrpcFieldExtraction,
    GrpcJsonTranscoder,
    OnDemand,
    Wasm,
)
from osmscope.resources.http_filters.gateway import (
    Geoip,
    GrpcHttp1Bridge,
    GrpcWeb,
    IpTagging,
    JsonToMetadata,
    PeerMetadata,
    SetFilterState,
)
from osmscope.resources.http_filters.header import (
    HeaderMutation,
    HeaderToMetadata,
    Lua,
    SetMetadata,
)
from osmscope.resources.http_filters.limits import (
    AdaptiveConcurrency,
    AdmissionControl,
    LocalRateLimit,
    RateLimit,
    RateLimitQuota,
)
from osmscope.resources.http_filters.response import (
    Compressor,
    ConnectGrpcBridge,
    CustomResponse,
    Decompressor,
    ResponseOnly,
)
from osmscope.resources.http_filters.router import (
    Composite,
    ExtensionWithMatcher,
    FilterChainConfig,
)
from osmscope.resources.http_filters.traffic import (
    Buffer,
    CdnLoop,
    Cors,
    CsrfPolicy,
    HealthCheck,
    HttpFault,
    StatefulSession,
)
from osmscope.resources.rbac import HttpRbac
from osmscope.resources.resource import Resource
from osmscope.rules.http_filters import (
    api_key_auth,
    basic_auth,
    buffer,
    cdn_loop,
    composite,
    compressor,
    connect_grpc_bridge,
    cors,
    csrf,
    decompressor,
    dynamic_forward_proxy,
    ext_authz,
    fault,
    filter_chain,
    grpc_http1_bridge,
    grpc_web,
    header_mutation,
    health_check,
    ip_tagging,
    jwt_authn,
    local_ratelimit,
    lua,
    match_delegate,
    oauth2,
    opaque,
    ratelimit,
    rbac,
    request_metadata,
    set_filter_state,
    stateful_session,
)
from osmscope.rules.http_filters.filter_result import HttpFilterRule, HttpFilterRules

RULES: HttpFilterRules = {
    AdaptiveConcurrency: opaque.named("the concurrency limit"),
    AdmissionControl: opaque.named("the admission control"),
    ApiKeyAuth: api_key_auth.evaluate,
    BasicAuth: basic_auth.evaluate,
    Buffer: buffer.evaluate,
    CdnLoop: cdn_loop.evaluate,
    Composite: composite.choosing(lambda config: rule_of(config)),
    Compressor: compressor.evaluate,
    ConnectGrpcBridge: connect_grpc_bridge.evaluate,
    Cors: cors.evaluate,
    CredentialInjector: opaque.named("the credential injection"),
    CsrfPolicy: csrf.evaluate,
    CustomResponse: opaque.harmless,
    Decompressor: decompressor.evaluate,
    DynamicForwardProxy: dynamic_forward_proxy.evaluate,
    DynamicModuleFilter: opaque.named("the dynamic module"),
    ExtAuthz: ext_authz.evaluate,
    ExtensionWithMatcher: match_delegate.delegating(lambda config: rule_of(config)),
    ExternalProcessor: opaque.named("the external processing service"),
    FilterChainConfig: filter_chain.running(lambda config: rule_of(config)),
    Geoip: opaque.labelling("geographic headers"),
    Golang: opaque.named("the Go plugin"),
    GrpcFieldExtraction: opaque.named("the extraction of gRPC fields"),
    GrpcHttp1Bridge: grpc_http1_bridge.evaluate,
    GrpcJsonTranscoder: opaque.named("the gRPC transcoding"),
    GrpcWeb: grpc_web.evaluate,
    HeaderMutation: header_mutation.evaluate,
    HeaderToMetadata: request_metadata.header_to_metadata,
    HealthCheck: health_check.evaluate,
    HttpFault: fault.evaluate,
    HttpRbac: rbac.evaluate,
    IpTagging: ip_tagging.evaluate,
    JsonToMetadata: opaque.labelling("metadata from the body"),
    JwtAuthentication: jwt_authn.evaluate,
    LocalRateLimit: local_ratelimit.evaluate,
    Lua: lua.evaluate,
    OAuth2: oauth2.evaluate,
    OnDemand: opaque.harmless,
    PeerMetadata: opaque.labelling("metadata of the peer"),
    RateLimit: ratelimit.evaluate,
    RateLimitQuota: opaque.named("the rate limit quota service"),
    ResponseOnly: opaque.harmless,
    SetFilterState: set_filter_state.evaluate,
    SetMetadata: request_metadata.set_metadata,
    StatefulSession: stateful_session.evaluate,
    Unsupported: opaque.evaluate,
    Wasm: opaque.named("the Wasm code"),
}
"""The router is not among them: it ends the chain."""


def rule_of(config: Resource) -> HttpFilterRule:
    """Return the rule for a configuration; that of an unknown filter where there is none."""
    return RULES.get(type(config), opaque.evaluate)

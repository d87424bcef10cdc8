"""Which rule evaluates which HTTP filter, by the type of its configuration."""

from __future__ import annotations

from osmscope.resources.extension import Unsupported
from osmscope.resources.http_filters import (
    authentication,
    custom_code,
    gateway,
    header,
    limits,
    response,
    router,
    traffic,
)
from osmscope.resources.rbac import HttpRbac
from osmscope.resources.resource import Resource
from osmscope.rules.http_filters import (
    api_key_auth,
    basic_auth,
    cdn_loop,
    cors,
    csrf,
    fault,
    grpc_web,
    header_mutation,
    health_check,
    jwt_authn,
    local_ratelimit,
    lua,
    opaque,
    rbac,
    request_metadata,
    stateful_session,
)
from osmscope.rules.http_filters.filter_result import HttpFilterRule, HttpFilterRules

_ASKING: HttpFilterRules = {
    authentication.CredentialInjector: opaque.named("the credential"),
    authentication.ExtAuthz: opaque.named("the external authorization service"),
    authentication.OAuth2: opaque.named("the session"),
    custom_code.DynamicForwardProxy: opaque.named("the name lookup"),
    custom_code.DynamicModuleFilter: opaque.named("the module"),
    custom_code.ExternalProcessor: opaque.named("the external processor"),
    custom_code.Golang: opaque.named("the Go plugin"),
    custom_code.GrpcJsonTranscoder: opaque.named("the transcoder"),
    custom_code.OnDemand: opaque.named("the discovery"),
    custom_code.Wasm: opaque.named("the Wasm module"),
    limits.AdaptiveConcurrency: opaque.named("the concurrency limit"),
    limits.AdmissionControl: opaque.named("the admission control"),
    limits.RateLimit: opaque.named("the rate limit service"),
    limits.RateLimitQuota: opaque.named("the rate limit quota"),
    router.Composite: opaque.named("the filter that is chosen by a matcher"),
    router.ExtensionWithMatcher: opaque.named("the filter that a matcher may skip"),
}

_LABELLING: HttpFilterRules = {
    gateway.Geoip: opaque.labelling("geography headers"),
    gateway.IpTagging: opaque.labelling("the header x-envoy-ip-tags"),
    gateway.JsonToMetadata: opaque.labelling("metadata out of a body"),
    gateway.PeerMetadata: opaque.labelling("the header x-envoy-peer-metadata"),
    gateway.SetFilterState: opaque.labelling("a filter state object that a rule consults"),
}

_HARMLESS: HttpFilterRules = {
    gateway.GrpcHttp1Bridge: opaque.harmless,
    response.ResponseOnly: opaque.harmless,
    traffic.Buffer: opaque.harmless,
}

RULES: HttpFilterRules = {
    **_ASKING,
    **_LABELLING,
    **_HARMLESS,
    HttpRbac: rbac.evaluate,
    Unsupported: opaque.evaluate,
    authentication.ApiKeyAuth: api_key_auth.evaluate,
    authentication.BasicAuth: basic_auth.evaluate,
    authentication.JwtAuthentication: jwt_authn.evaluate,
    gateway.GrpcWeb: grpc_web.evaluate,
    header.HeaderMutation: header_mutation.evaluate,
    header.HeaderToMetadata: request_metadata.header_to_metadata,
    header.Lua: lua.evaluate,
    header.SetMetadata: request_metadata.set_metadata,
    limits.LocalRateLimit: local_ratelimit.evaluate,
    traffic.CdnLoop: cdn_loop.evaluate,
    traffic.Cors: cors.evaluate,
    traffic.CsrfPolicy: csrf.evaluate,
    traffic.HealthCheck: health_check.evaluate,
    traffic.HttpFault: fault.evaluate,
    traffic.StatefulSession: stateful_session.evaluate,
}
"""Configuration type → rule. The router is not here: it ends the chain."""


def rule_for(config: Resource) -> HttpFilterRule:
    """Return the rule of a filter with this configuration; unknown types are opaque."""
    return RULES.get(type(config), opaque.evaluate)

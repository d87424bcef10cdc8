"""Route tables: virtual hosts, routes, their matches and actions."""

import msgspec

from osmscope.resources.endpoint import MetadataHolder
from osmscope.resources.extension import extension
from osmscope.resources.matcher import (
    CookieMatcher,
    FilterStateMatcher,
    HeaderMatcher,
    Matcher,
    MetadataMatcher,
    QueryParameterMatcher,
    RegexMatchAndSubstitute,
    RegexMatcher,
    RuntimeFractionalPercent,
    StringMatcher,
    TypedExtensionConfig,
)
from osmscope.resources.network_filters import DataSource
from osmscope.resources.rate_limit import RateLimitPolicy
from osmscope.resources.resource import Opaque, Resource
from osmscope.resources.route_policies import (
    HedgePolicy,
    InternalRedirectPolicy,
    MaxStreamDuration,
    RequestMirrorPolicy,
    RetryPolicy,
)

PerFilterConfig = dict[str, msgspec.Raw]
"""Filter name → the `Any` that overrides the filter's configuration at this level."""


class HeaderValue(Resource, frozen=True):
    """A header; the value may hold `%COMMANDS%`."""

    key: str = ""
    value: str = ""
    raw_value: str = ""


class HeaderValueOption(Resource, frozen=True):
    """A header to add, and what to do where it is there already."""

    header: HeaderValue = HeaderValue()
    append: bool | None = None
    append_action: str = "APPEND_IF_EXISTS_OR_ADD"
    keep_empty_value: bool = False


class TlsContextMatchOptions(Resource, frozen=True):
    """What a route asks of the client's certificate."""

    presented: bool | None = None
    validated: bool | None = None


class RouteMatch(Resource, frozen=True):
    """The conditions of a route; all of them have to hold."""

    prefix: str | None = None
    path: str | None = None
    safe_regex: RegexMatcher | None = None
    connect_matcher: Opaque | None = None
    path_separated_prefix: str | None = None
    path_match_policy: TypedExtensionConfig | None = None
    case_sensitive: bool | None = None
    runtime_fraction: RuntimeFractionalPercent | None = None
    headers: tuple[HeaderMatcher, ...] = ()
    query_parameters: tuple[QueryParameterMatcher, ...] = ()
    cookies: tuple[CookieMatcher, ...] = ()
    grpc: Opaque | None = None
    tls_context: TlsContextMatchOptions | None = None
    dynamic_metadata: tuple[MetadataMatcher, ...] = ()
    filter_state: tuple[FilterStateMatcher, ...] = ()


class ClusterWeight(Resource, frozen=True):
    """One of several clusters of a route."""

    name: str = ""
    cluster_header: str = ""
    weight: int = 0
    metadata_match: MetadataHolder | None = None
    request_headers_to_add: tuple[HeaderValueOption, ...] = ()
    request_headers_to_remove: tuple[str, ...] = ()
    response_headers_to_add: tuple[HeaderValueOption, ...] = ()
    response_headers_to_remove: tuple[str, ...] = ()
    typed_per_filter_config: PerFilterConfig = {}
    host_rewrite_literal: str = ""


class WeightedCluster(Resource, frozen=True):
    """The clusters that a route draws from; `total_weight` is ignored by Envoy 1.25 and later."""

    inert = frozenset({"total_weight"})

    clusters: tuple[ClusterWeight, ...] = ()
    runtime_key_prefix: str = ""
    header_name: str = ""
    use_hash_policy: bool | None = None


class HashPolicyHeader(Resource, frozen=True):
    """Hashes a header."""

    header_name: str = ""
    regex_rewrite: RegexMatchAndSubstitute | None = None


class HashPolicyCookie(Resource, frozen=True):
    """Hashes a cookie, or makes one."""

    inert = frozenset({"attributes"})

    name: str = ""
    ttl: str | None = None
    path: str = ""


class HashPolicyConnectionProperties(Resource, frozen=True):
    """Hashes the client's address."""

    source_ip: bool = False


class HashPolicyQueryParameter(Resource, frozen=True):
    """Hashes a query parameter."""

    name: str = ""


class HashPolicyFilterState(Resource, frozen=True):
    """Hashes an object that a filter left."""

    key: str = ""


class HashPolicy(Resource, frozen=True):
    """One thing that the hash of a request is made of."""

    header: HashPolicyHeader | None = None
    cookie: HashPolicyCookie | None = None
    connection_properties: HashPolicyConnectionProperties | None = None
    query_parameter: HashPolicyQueryParameter | None = None
    filter_state: HashPolicyFilterState | None = None
    terminal: bool = False


class ConnectConfig(Resource, frozen=True):
    """How a CONNECT is ended: the endpoint gets its bytes alone."""

    inert = frozenset({"proxy_protocol_config"})

    allow_post: bool = False


class RouteUpgradeConfig(Resource, frozen=True):
    """Whether a route allows an upgrade."""

    upgrade_type: str = ""
    enabled: bool | None = None
    connect_config: ConnectConfig | None = None


class CorsPolicyRoute(Resource, frozen=True):
    """The CORS policy of before 2022, in a field of its own."""

    inert = frozenset({"shadow_enabled"})

    allow_origin: tuple[str, ...] = ()
    allow_origin_string_match: tuple[StringMatcher, ...] = ()
    allow_methods: str = ""
    allow_headers: str = ""
    expose_headers: str = ""
    max_age: str = ""
    allow_credentials: bool | None = None
    filter_enabled: RuntimeFractionalPercent | None = None
    allow_private_network_access: bool | None = None
    forward_not_matching_preflights: bool | None = None


class ClusterSpecifierPlugin(Resource, frozen=True):
    """An extension that chooses the cluster."""

    extension: TypedExtensionConfig = TypedExtensionConfig()
    is_optional: bool = False


class RouteAction(Resource, frozen=True):
    """Forwards to a cluster."""

    inert = frozenset({"request_body_buffer_limit", "flush_timeout", "early_data_policy"})

    cluster: str | None = None
    cluster_header: str | None = None
    weighted_clusters: WeightedCluster | None = None
    cluster_specifier_plugin: str | None = None
    inline_cluster_specifier_plugin: ClusterSpecifierPlugin | None = None
    cluster_not_found_response_code: str = "SERVICE_UNAVAILABLE"
    metadata_match: MetadataHolder | None = None
    prefix_rewrite: str = ""
    regex_rewrite: RegexMatchAndSubstitute | None = None
    path_rewrite_policy: TypedExtensionConfig | None = None
    path_rewrite: str = ""
    host_rewrite: str = ""
    host_rewrite_literal: str = ""
    auto_host_rewrite: bool | None = None
    host_rewrite_header: str = ""
    host_rewrite_path_regex: RegexMatchAndSubstitute | None = None
    append_x_forwarded_host: bool = False
    timeout: str | None = None
    max_grpc_timeout: str | None = None
    grpc_timeout_offset: str | None = None
    max_stream_duration: MaxStreamDuration | None = None
    retry_policy: RetryPolicy | None = None
    hedge_policy: HedgePolicy | None = None
    hash_policy: tuple[HashPolicy, ...] = ()
    cors: CorsPolicyRoute | None = None
    upgrade_configs: tuple[RouteUpgradeConfig, ...] = ()
    request_mirror_policies: tuple[RequestMirrorPolicy, ...] = ()
    internal_redirect_policy: InternalRedirectPolicy | None = None
    internal_redirect_action: str = "PASS_THROUGH_INTERNAL_REDIRECT"
    max_internal_redirects: int | None = None
    idle_timeout: str | None = None
    priority: str = "DEFAULT"
    rate_limits: tuple[RateLimitPolicy, ...] = ()
    include_vh_rate_limits: bool | None = None


class RedirectAction(Resource, frozen=True):
    """Answers with another address."""

    https_redirect: bool | None = None
    scheme_redirect: str = ""
    host_redirect: str = ""
    port_redirect: int = 0
    path_redirect: str = ""
    prefix_rewrite: str = ""
    regex_rewrite: RegexMatchAndSubstitute | None = None
    path_rewrite: str = ""
    response_code: str = "MOVED_PERMANENTLY"
    strip_query: bool = False


class DirectResponseAction(Resource, frozen=True):
    """Answers with a fixed response."""

    inert = frozenset({"body_format"})

    status: int = 0
    body: DataSource | None = None


@extension("envoy.config.route.v3.Route")
class Route(Resource, frozen=True):
    """`envoy.config.route.v3.Route`."""

    inert = frozenset({
        "decorator", "tracing", "per_request_buffer_limit_bytes", "stat_prefix",
        "request_body_buffer_limit",
    })  # fmt: skip

    name: str = ""
    match: RouteMatch = RouteMatch()
    metadata: MetadataHolder = MetadataHolder()
    route: RouteAction | None = None
    redirect: RedirectAction | None = None
    direct_response: DirectResponseAction | None = None
    non_forwarding_action: Opaque | None = None
    filter_action: object = None
    typed_per_filter_config: PerFilterConfig = {}
    request_headers_to_add: tuple[HeaderValueOption, ...] = ()
    request_headers_to_remove: tuple[str, ...] = ()
    response_headers_to_add: tuple[HeaderValueOption, ...] = ()
    response_headers_to_remove: tuple[str, ...] = ()


class VirtualCluster(Resource, frozen=True):
    """A label for statistics, and the requests that get it."""

    inert = frozenset({"*"})

    name: str = ""
    headers: tuple[HeaderMatcher, ...] = ()


class VirtualHost(Resource, frozen=True):
    """`envoy.config.route.v3.VirtualHost`."""

    inert = frozenset({
        "include_attempt_count_in_response",
        "per_request_buffer_limit_bytes", "request_body_buffer_limit", "metadata",
    })  # fmt: skip

    name: str = ""
    domains: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    rate_limits: tuple[RateLimitPolicy, ...] = ()
    matcher: Matcher | None = None
    virtual_clusters: tuple[VirtualCluster, ...] = ()
    require_tls: str = "NONE"
    request_headers_to_add: tuple[HeaderValueOption, ...] = ()
    request_headers_to_remove: tuple[str, ...] = ()
    response_headers_to_add: tuple[HeaderValueOption, ...] = ()
    response_headers_to_remove: tuple[str, ...] = ()
    cors: CorsPolicyRoute | None = None
    typed_per_filter_config: PerFilterConfig = {}
    include_request_attempt_count: bool = False
    include_is_timeout_retry_header: bool = False
    retry_policy: RetryPolicy | None = None
    hedge_policy: HedgePolicy | None = None
    request_mirror_policies: tuple[RequestMirrorPolicy, ...] = ()


class RouteConfiguration(Resource, frozen=True):
    """`envoy.config.route.v3.RouteConfiguration`."""

    inert = frozenset({
        "validate_clusters", "max_direct_response_body_size_bytes", "metadata",
    })  # fmt: skip

    name: str = ""
    virtual_hosts: tuple[VirtualHost, ...] = ()
    vhds: object = None
    internal_only_headers: tuple[str, ...] = ()
    response_headers_to_add: tuple[HeaderValueOption, ...] = ()
    response_headers_to_remove: tuple[str, ...] = ()
    request_headers_to_add: tuple[HeaderValueOption, ...] = ()
    request_headers_to_remove: tuple[str, ...] = ()
    most_specific_header_mutations_wins: bool = False
    cluster_specifier_plugins: tuple[ClusterSpecifierPlugin, ...] = ()
    request_mirror_policies: tuple[RequestMirrorPolicy, ...] = ()
    ignore_port_in_host_matching: bool = False
    ignore_path_parameters_in_path_matching: bool = False
    typed_per_filter_config: PerFilterConfig = {}
    vhost_header: str = ""


@extension("envoy.config.route.v3.RouteList")
class RouteList(Resource, frozen=True):
    """Routes that a virtual host's matcher leads to."""

    routes: tuple[Route, ...] = ()

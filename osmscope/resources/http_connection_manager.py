"""The HTTP connection manager."""

from osmscope.resources.address import CidrRange
from osmscope.resources.extension import extension
from osmscope.resources.matcher import HeaderMatcher, Matcher, StringMatcher, TypedExtensionConfig
from osmscope.resources.network_filters import DataSource
from osmscope.resources.resource import Opaque, Resource
from osmscope.resources.route import HeaderValueOption, RouteConfiguration

_HCM = "envoy.extensions.filters.network.http_connection_manager.v3"


class Rds(Resource, frozen=True):
    """A route table by name."""

    inert = frozenset({"config_source"})

    route_config_name: str = ""


class KvElement(Resource, frozen=True):
    """An element of the form key-separator-value."""

    separator: str = ""
    key: str = ""


class HeaderValueExtractor(Resource, frozen=True):
    """How a part of a scope's key is cut out of a header."""

    name: str = ""
    element_separator: str = ""
    index: int | None = None
    element: KvElement | None = None


class ScopeKeyFragmentBuilder(Resource, frozen=True):
    """One part of a scope's key."""

    header_value_extractor: HeaderValueExtractor = HeaderValueExtractor()


class ScopeKeyBuilder(Resource, frozen=True):
    """All parts of a scope's key, in order."""

    fragments: tuple[ScopeKeyFragmentBuilder, ...] = ()


class ScopeKeyFragment(Resource, frozen=True):
    """One part of the key that a scope is found by."""

    string_key: str = ""


class ScopeKey(Resource, frozen=True):
    """The key that a scope is found by."""

    fragments: tuple[ScopeKeyFragment, ...] = ()


class ScopedRouteConfiguration(Resource, frozen=True):
    """A key and the route table that it leads to."""

    on_demand: bool = False
    name: str = ""
    route_configuration_name: str = ""
    route_configuration: RouteConfiguration | None = None
    key: ScopeKey = ScopeKey()


class ScopedRouteConfigurationsList(Resource, frozen=True):
    """Scopes that stand in the connection manager itself."""

    scoped_route_configurations: tuple[ScopedRouteConfiguration, ...] = ()


class ScopedRds(Resource, frozen=True):
    """Scopes that are delivered."""

    inert = frozenset({"scoped_rds_config_source", "srds_resources_locator"})


class ScopedRoutes(Resource, frozen=True):
    """A route table that depends on the request's headers."""

    inert = frozenset({"rds_config_source"})

    name: str = ""
    scope_key_builder: ScopeKeyBuilder = ScopeKeyBuilder()
    scoped_route_configurations_list: ScopedRouteConfigurationsList | None = None
    scoped_rds: ScopedRds | None = None


class HttpFilter(TypedExtensionConfig, frozen=True):
    """One filter of the connection manager."""

    config_discovery: object = None
    is_optional: bool = False
    disabled: bool = False


class UpgradeConfig(Resource, frozen=True):
    """Whether an upgrade is allowed, and through which filters it goes."""

    upgrade_type: str = ""
    filters: tuple[HttpFilter, ...] = ()
    enabled: bool | None = None


class InternalAddressConfig(Resource, frozen=True):
    """Whose requests are internal."""

    unix_sockets: bool = False
    cidr_ranges: tuple[CidrRange, ...] = ()


class Http1ProtocolOptions(Resource, frozen=True):
    """Options of the HTTP/1 codec that decide something."""

    inert = frozenset({
        "header_key_format", "enable_trailers", "override_stream_error_on_invalid_http_message",
        "send_fully_qualified_url", "use_balsa_parser",
    })  # fmt: skip

    allow_absolute_url: bool | None = None
    accept_http_10: bool = False
    default_host_for_http_10: str = ""
    allow_custom_methods: bool = False
    allow_chunked_length: bool = False
    ignore_http_11_upgrade: tuple[StringMatcher, ...] = ()


class Http2ProtocolOptions(Resource, frozen=True):
    """Options of the HTTP/2 codec that decide something."""

    inert = frozenset({
        "hpack_table_size", "max_concurrent_streams", "initial_stream_window_size",
        "initial_connection_window_size", "allow_metadata", "max_outbound_frames",
        "max_outbound_control_frames", "max_consecutive_inbound_frames_with_empty_payload",
        "max_inbound_priority_frames_per_stream",
        "max_inbound_window_update_frames_per_data_frame_sent",
        "stream_error_on_invalid_http_messaging", "override_stream_error_on_invalid_http_message",
        "custom_settings_parameters", "connection_keepalive", "use_oghttp2_codec",
        "max_metadata_size", "enable_huffman_encoding", "stream_reset_burst", "stream_reset_rate",
    })  # fmt: skip

    allow_connect: bool = False


class CommonHttpProtocolOptions(Resource, frozen=True):
    """Options of every codec that decide something."""

    inert = frozenset({
        "idle_timeout", "max_connection_duration", "max_response_headers_kb",
        "max_requests_per_connection",
    })  # fmt: skip

    max_headers_count: int | None = None
    headers_with_underscores_action: str = "ALLOW"
    max_stream_duration: str | None = None


class SchemeHeaderTransformation(Resource, frozen=True):
    """What `:scheme` is overwritten with."""

    scheme_to_overwrite: str = ""
    match_upstream: bool = False


class SetCurrentClientCertDetails(Resource, frozen=True):
    """What of the client's certificate is put into `x-forwarded-client-cert`."""

    subject: bool | None = None
    cert: bool = False
    chain: bool = False
    dns: bool = False
    uri: bool = False


@extension(f"{_HCM}.HttpConnectionManager.ForwardClientCertConfig")
class ForwardClientCertConfig(Resource, frozen=True):
    """What a matcher says of `x-forwarded-client-cert`, in the connection manager's place."""

    forward_client_cert_details: str = "SANITIZE"
    set_current_client_cert_details: SetCurrentClientCertDetails | None = None


class ComparisonValue(Resource, frozen=True):
    """A number that a runtime key may override."""

    default_value: int = 0
    runtime_key: str = ""


class ComparisonFilter(Resource, frozen=True):
    """A comparison with a number."""

    op: str = "EQ"
    value: ComparisonValue = ComparisonValue()


class StatusCodeFilter(Resource, frozen=True):
    """Looks at the response code."""

    comparison: ComparisonFilter = ComparisonFilter()


class HeaderFilter(Resource, frozen=True):
    """Looks at a request header."""

    header: HeaderMatcher = HeaderMatcher()


class ResponseFlagFilter(Resource, frozen=True):
    """Looks at the response flags; an empty list fits any flag."""

    flags: tuple[str, ...] = ()


class AccessLogFilterSet(Resource, frozen=True):
    """Access log filters joined by and / or."""

    filters: tuple["AccessLogFilter", ...] = ()


class AccessLogFilter(Resource, frozen=True):
    """`envoy.config.accesslog.v3.AccessLogFilter`, as far as local reply mappers use it."""

    status_code_filter: StatusCodeFilter | None = None
    header_filter: HeaderFilter | None = None
    response_flag_filter: ResponseFlagFilter | None = None
    and_filter: AccessLogFilterSet | None = None
    or_filter: AccessLogFilterSet | None = None
    not_health_check_filter: Opaque | None = None
    traceable_filter: Opaque | None = None
    duration_filter: object = None
    runtime_filter: object = None
    grpc_status_filter: object = None
    extension_filter: object = None
    metadata_filter: object = None
    log_type_filter: object = None


class ResponseMapper(Resource, frozen=True):
    """Changes a reply that Envoy makes by itself."""

    inert = frozenset({"body_format_override"})

    filter: AccessLogFilter | None = None
    status_code: int | None = None
    body: DataSource | None = None
    headers_to_add: tuple[HeaderValueOption, ...] = ()


class LocalReplyConfig(Resource, frozen=True):
    """All changes to replies that Envoy makes by itself."""

    inert = frozenset({"body_format"})

    mappers: tuple[ResponseMapper, ...] = ()


@extension(
    f"{_HCM}.HttpConnectionManager",
    "envoy.config.filter.network.http_connection_manager.v2.HttpConnectionManager",
    name="envoy.filters.network.http_connection_manager envoy.http_connection_manager"
    " http_connection_manager",
)
class HttpConnectionManager(Resource, frozen=True):
    """`envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`."""

    inert = frozenset({
        "tracing",
        "http3_protocol_options", "server_header_transformation",
        "request_timeout", "request_headers_timeout", "drain_timeout",
        "delayed_close_timeout", "access_log", "access_log_flush_interval", "access_log_options",
        "flush_access_log_on_new_request", "proxy_100_continue", "server_name",
        "stream_error_on_invalid_http_message",
        "always_set_request_id_in_response", "request_id_extension", "generate_request_id",
        "preserve_external_request_id", "proxy_status_config",
        "append_local_overload", "stream_flush_timeout",
        "represent_ipv4_remote_address_as_ipv4_mapped_ipv6",
        "http1_safe_max_connection_duration",
        "idle_timeout",
    })  # fmt: skip

    stat_prefix: str = ""
    codec_type: str = "AUTO"
    stream_idle_timeout: str | None = None
    rds: Rds | None = None
    route_config: RouteConfiguration | None = None
    scoped_routes: ScopedRoutes | None = None
    http_filters: tuple[HttpFilter, ...] = ()
    common_http_protocol_options: CommonHttpProtocolOptions = CommonHttpProtocolOptions()
    http_protocol_options: Http1ProtocolOptions = Http1ProtocolOptions()
    http2_protocol_options: Http2ProtocolOptions | None = None
    max_request_headers_kb: int | None = None
    scheme_header_transformation: SchemeHeaderTransformation | None = None
    add_user_agent: bool | None = None
    use_remote_address: bool | None = None
    xff_num_trusted_hops: int = 0
    original_ip_detection_extensions: tuple[TypedExtensionConfig, ...] = ()
    early_header_mutation_extensions: tuple[TypedExtensionConfig, ...] = ()
    internal_address_config: InternalAddressConfig | None = None
    skip_xff_append: bool = False
    forward_client_cert_details: str = "SANITIZE"
    set_current_client_cert_details: SetCurrentClientCertDetails | None = None
    upgrade_configs: tuple[UpgradeConfig, ...] = ()
    normalize_path: bool | None = None
    merge_slashes: bool = False
    path_with_escaped_slashes_action: str = "IMPLEMENTATION_SPECIFIC_DEFAULT"
    strip_matching_host_port: bool = False
    strip_any_host_port: bool | None = None
    strip_trailing_host_dot: bool = False
    local_reply_config: LocalReplyConfig | None = None
    append_x_forwarded_port: bool = False
    via: str = ""
    add_proxy_protocol_connection_state: bool | None = None
    forward_client_cert_matcher: Matcher | None = None
    path_normalization_options: object = None

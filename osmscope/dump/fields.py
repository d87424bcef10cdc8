"""What has to be known of Envoy's fields to write a foreign JSON form as Envoy writes it.

Decision: only fields whose JSON form depends on their type are listed; all others follow from their
name. The lists were drawn from the descriptors in the binary of Envoy 1.40.0, all messages of them.
A qualified name, "node.metadata", holds only below that parent.
"""

MAPS = frozenset(
    {
        "allowed_capabilities",
        "bucket_id_builder.bucket_id_builder",
        "certificate_provider_instances",
        "channel_args.args",
        "cluster_min_healthy_percentages",
        "extraction_by_method",
        "extractions_by_method",
        "field_restrictions",
        "filter_state_objects",
        "filter_state_rules.requires",
        "generic_secret.secrets",
        "map",
        "message_restrictions",
        "method_configs",
        "method_restrictions",
        "named_endpoints",
        "named_filter_chains",
        "params_match",
        "per_filter_config",
        "policies",
        "providers",
        "request_field_extractions",
        "request_field_restrictions",
        "requirement_map",
        "response_field_restrictions",
        "route_action_overrides",
        "secret_configs",
        "source_codes",
        "tenant_configs",
        "typed_dynamic_metadata",
        "typed_extension_protocol_options",
        "typed_filter_metadata",
        "typed_per_filter_config",
    }
)
"""Maps to messages: their keys are names that somebody gave, their values are Envoy's."""

OPAQUE = frozenset(
    {
        "aws",
        "base",
        "bucket",
        "content_types",
        "context_extensions",
        "default_subset",
        "dynamic_parameters",
        "filter_context",
        "filter_metadata",
        "google_grpc.config",
        "health_metadata",
        "json_format",
        "key_values",
        "labels",
        "layer",
        "mapped_request_attributes",
        "mapped_response_attributes",
        "node.metadata",
        "request_extraction_by_field",
        "response_extraction_by_field",
        "static_layer",
        "transport_socket_match_criteria",
        "transport_socket_matches.match",
        "typed_json_format",
        "typed_metadata",
        "user_agent_build_version.metadata",
        "version.metadata",
    }
)
"""Structs and maps to plain values: nothing in them is Envoy's."""

IRREGULAR = {
    "acceptHttp10": "accept_http_10",
    "consecutive5xx": "consecutive_5xx",
    "defaultHostForHttp10": "default_host_for_http_10",
    "enforcingConsecutive5xx": "enforcing_consecutive_5xx",
    "ignoreHttp11Upgrade": "ignore_http_11_upgrade",
    "normalizePathRfc3986": "normalize_path_rfc_3986",
    "proxy100Continue": "proxy_100_continue",
    "traceId128bit": "trace_id_128bit",
}
"""The names whose capitals do not tell all their underscores."""

TIMESTAMPS = frozenset(
    {"last_updated", "last_update_attempt", "expiration_time", "valid_from", "not_before"}
)
"""Points in time; every other {seconds, nanos} is a duration."""

_HEALTH = ("UNKNOWN", "HEALTHY", "UNHEALTHY", "DRAINING", "TIMEOUT", "DEGRADED")
_DISCOVERY = ("STATIC", "STRICT_DNS", "LOGICAL_DNS", "EDS", "ORIGINAL_DST")
_RBAC_ACTION = ("ALLOW", "DENY", "LOG")
_TLS = ("TLS_AUTO", "TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3")
_UNDERSCORES = ("ALLOW", "REJECT_REQUEST", "DROP_HEADER")

ENUMS: dict[str, tuple[str, ...]] = {
    "append_action": (
        "APPEND_IF_EXISTS_OR_ADD",
        "ADD_IF_ABSENT",
        "OVERWRITE_IF_EXISTS_OR_ADD",
        "OVERWRITE_IF_EXISTS",
    ),
    "client_status": (
        "UNKNOWN",
        "REQUESTED",
        "DOES_NOT_EXIST",
        "ACKED",
        "NACKED",
        "RECEIVED_ERROR",
        "TIMEOUT",
    ),
    "cluster.type": _DISCOVERY,
    "clusters.type": _DISCOVERY,
    "cluster_not_found_response_code": (
        "SERVICE_UNAVAILABLE",
        "NOT_FOUND",
        "INTERNAL_SERVER_ERROR",
    ),
    "codec_type": ("AUTO", "HTTP1", "HTTP2", "HTTP3"),
    "denominator": ("HUNDRED", "TEN_THOUSAND", "MILLION"),
    "dns_lookup_family": ("AUTO", "V4_ONLY", "V6_ONLY", "V4_PREFERRED", "ALL"),
    "eds_health_status": _HEALTH,
    "enable_x_ratelimit_headers": ("OFF", "DRAFT_VERSION_03"),
    "enforcement_type": ("ONE_TIME_ON_FIRST_BYTE", "CONTINUOUS"),
    "forward_client_cert_details": (
        "SANITIZE",
        "FORWARD_ONLY",
        "APPEND_FORWARD",
        "SANITIZE_SET",
        "ALWAYS_FORWARD_ONLY",
    ),
    "headers_with_underscores_action": _UNDERSCORES,
    "health_status": _HEALTH,
    "lb_policy": (
        "ROUND_ROBIN",
        "LEAST_REQUEST",
        "RING_HASH",
        "RANDOM",
        "ORIGINAL_DST_LB",
        "MAGLEV",
        "CLUSTER_PROVIDED",
        "LOAD_BALANCING_POLICY_CONFIG",
    ),
    "lb_subset_config.fallback_policy": ("NO_FALLBACK", "ANY_ENDPOINT", "DEFAULT_SUBSET"),
    "metadata_fallback_policy": ("METADATA_NO_FALLBACK", "FALLBACK_LIST"),
    "path_with_escaped_slashes_action": (
        "IMPLEMENTATION_SPECIFIC_DEFAULT",
        "KEEP_UNCHANGED",
        "REJECT_REQUEST",
        "UNESCAPE_AND_REDIRECT",
        "UNESCAPE_AND_FORWARD",
    ),
    "redirect.response_code": (
        "MOVED_PERMANENTLY",
        "FOUND",
        "SEE_OTHER",
        "TEMPORARY_REDIRECT",
        "PERMANENT_REDIRECT",
    ),
    "require_tls": ("NONE", "EXTERNAL_ONLY", "ALL"),
    "ring_hash_lb_config.hash_function": ("XX_HASH", "MURMUR_HASH_2"),
    "resource_api_version": ("AUTO", "V2", "V3"),
    "route.priority": ("DEFAULT", "HIGH"),
    "rules.action": _RBAC_ACTION,
    "san_type": ("SAN_TYPE_UNSPECIFIED", "EMAIL", "DNS", "URI", "IP_ADDRESS", "OTHER_NAME"),
    "server_header_transformation": ("OVERWRITE", "APPEND_IF_ABSENT", "PASS_THROUGH"),
    "shadow_rules.action": _RBAC_ACTION,
    "socket_address.protocol": ("TCP", "UDP"),
    "source_type": ("ANY", "SAME_IP_OR_LOOPBACK", "EXTERNAL"),
    "statuses": _HEALTH,
    "subset_selectors.fallback_policy": (
        "NOT_DEFINED",
        "NO_FALLBACK",
        "ANY_ENDPOINT",
        "DEFAULT_SUBSET",
        "KEYS_SUBSET",
    ),
    "thresholds.priority": ("DEFAULT", "HIGH"),
    "tls_maximum_protocol_version": _TLS,
    "tls_minimum_protocol_version": _TLS,
    "transport_api_version": ("AUTO", "V2", "V3"),
    "traffic_direction": ("UNSPECIFIED", "INBOUND", "OUTBOUND"),
    "trust_chain_verification": ("VERIFY_TRUST_CHAIN", "ACCEPT_UNTRUSTED"),
    "typed_config.action": _RBAC_ACTION,
}
"""The names of enum numbers, for the enums that decide where a request goes."""

MARKS = (
    "activeState",
    "addedViaApi",
    "clusterName",
    "clusterStatuses",
    "configDump",
    "connectTimeout",
    "dynamicActiveClusters",
    "dynamicActiveSecrets",
    "dynamicEndpointConfigs",
    "dynamicListeners",
    "dynamicResources",
    "dynamicRouteConfigs",
    "dynamicWarmingClusters",
    "dynamicWarmingSecrets",
    "ecdsFilters",
    "edsClusterConfig",
    "endpointConfig",
    "filterChainMatch",
    "filterChains",
    "genericXdsConfigs",
    "hostStatuses",
    "lastUpdated",
    "lbEndpoints",
    "lbPolicy",
    "loadAssignment",
    "localityLbEndpoints",
    "portValue",
    "routeConfig",
    "routeConfigName",
    "socketAddress",
    "staticClusters",
    "staticEndpointConfigs",
    "staticListeners",
    "staticResources",
    "staticRouteConfigs",
    "staticSecrets",
    "tlsCertificate",
    "typedConfig",
    "validationContext",
    "versionInfo",
    "virtualHosts",
)
"""Names that every text in camelCase has some of, and that Envoy never writes."""

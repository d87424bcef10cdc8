"""What a route says of a request that is under way: retries, time, copies, redirects it follows."""

from osmscope.resources.matcher import (
    HeaderMatcher,
    RuntimeFractionalPercent,
    TypedExtensionConfig,
)
from osmscope.resources.resource import Resource


class RetryBackOff(Resource, frozen=True):
    """How long to wait before a retry."""

    base_interval: str | None = None
    max_interval: str | None = None


class RetryPriority(Resource, frozen=True):
    """An extension that changes the loads of priorities for retries."""

    name: str = ""
    typed_config: object = None


class RetryPolicy(Resource, frozen=True):
    """When another attempt is made; it does not change the first one but for its timeout."""

    inert = frozenset({"rate_limited_retry_back_off", "retry_options_predicates"})

    retry_on: str = ""
    num_retries: int | None = None
    per_try_timeout: str | None = None
    per_try_idle_timeout: str | None = None
    retry_priority: RetryPriority | None = None
    retry_host_predicate: tuple[TypedExtensionConfig, ...] = ()
    host_selection_retry_max_attempts: int | None = None
    retriable_status_codes: tuple[int, ...] = ()
    retry_back_off: RetryBackOff | None = None
    retriable_headers: tuple[HeaderMatcher, ...] = ()
    retriable_request_headers: tuple[HeaderMatcher, ...] = ()
    refresh_cluster_on_retry: bool = False


class HedgePolicy(Resource, frozen=True):
    """Whether a second attempt runs beside the first."""

    inert = frozenset({"initial_requests", "additional_request_chance"})

    hedge_on_per_try_timeout: bool = False


class MaxStreamDuration(Resource, frozen=True):
    """A limit to the whole stream; its presence switches the route's timeout off."""

    max_stream_duration: str | None = None
    grpc_timeout_header_max: str | None = None
    grpc_timeout_header_offset: str | None = None


class RequestMirrorPolicy(Resource, frozen=True):
    """Where copies of requests are sent: a side effect."""

    inert = frozenset({"trace_sampled"})

    cluster: str = ""
    cluster_header: str = ""
    runtime_fraction: RuntimeFractionalPercent | None = None
    disable_shadow_host_suffix_append: bool = False
    host_rewrite_literal: str = ""
    request_headers_mutations: object = None


class InternalRedirectPolicy(Resource, frozen=True):
    """Which redirects of an endpoint Envoy follows by itself."""

    max_internal_redirects: int | None = None
    redirect_response_codes: tuple[int, ...] = ()
    predicates: tuple[TypedExtensionConfig, ...] = ()
    allow_cross_scheme_redirect: bool = False
    response_headers_to_copy: tuple[str, ...] = ()

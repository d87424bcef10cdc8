"""Rate limits of routes and virtual hosts: the descriptors that a request gets."""

from osmscope.resources.matcher import HeaderMatcher, PathSegment, QueryParameterMatcher
from osmscope.resources.resource import Opaque, Resource


class RequestHeadersAction(Resource, frozen=True):
    """A header's value."""

    header_name: str = ""
    descriptor_key: str = ""
    skip_if_absent: bool = False


class QueryParametersAction(Resource, frozen=True):
    """A query parameter's value."""

    query_parameter_name: str = ""
    descriptor_key: str = ""
    skip_if_absent: bool = False


class GenericKeyAction(Resource, frozen=True):
    """A fixed value."""

    descriptor_value: str = ""
    descriptor_key: str = ""


class HeaderValueMatchAction(Resource, frozen=True):
    """A fixed value for requests with certain headers."""

    descriptor_key: str = ""
    descriptor_value: str = ""
    expect_match: bool = True
    headers: tuple[HeaderMatcher, ...] = ()


class QueryParameterValueMatchAction(Resource, frozen=True):
    """A fixed value for requests with certain query parameters."""

    descriptor_key: str = ""
    descriptor_value: str = ""
    expect_match: bool = True
    query_parameters: tuple[QueryParameterMatcher, ...] = ()


class MaskedRemoteAddressAction(Resource, frozen=True):
    """The client's network."""

    v4_prefix_mask_len: int = 32
    v6_prefix_mask_len: int = 128


class MetadataKey(Resource, frozen=True):
    """Where a value stands in metadata."""

    key: str = ""
    path: tuple[PathSegment, ...] = ()


class MetadataAction(Resource, frozen=True):
    """A text in metadata."""

    descriptor_key: str = ""
    metadata_key: MetadataKey = MetadataKey()
    default_value: str = ""
    source: str = "DYNAMIC"
    skip_if_absent: bool = False


class RateLimitAction(Resource, frozen=True):
    """One entry of a descriptor: exactly one of its kinds is set."""

    source_cluster: Opaque | None = None
    destination_cluster: Opaque | None = None
    request_headers: RequestHeadersAction | None = None
    query_parameters: QueryParametersAction | None = None
    remote_address: Opaque | None = None
    generic_key: GenericKeyAction | None = None
    header_value_match: HeaderValueMatchAction | None = None
    query_parameter_value_match: QueryParameterValueMatchAction | None = None
    masked_remote_address: MaskedRemoteAddressAction | None = None
    dynamic_metadata: MetadataAction | None = None
    metadata: MetadataAction | None = None
    extension: object = None


class RateLimitPolicy(Resource, frozen=True):
    """`envoy.config.route.v3.RateLimit`: one descriptor."""

    inert = frozenset({"disable_key", "limit", "hits_addend"})

    stage: int = 0
    actions: tuple[RateLimitAction, ...] = ()
    apply_on_stream_done: bool = False

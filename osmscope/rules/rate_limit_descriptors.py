"""The descriptors that a request gets for rate limiting.

What Envoy does: each rate limit of the route whose stage is that of the filter makes one descriptor
of its actions. An action that finds nothing drops the whole descriptor, or with `skip_if_absent`
only its own entry; one that then has no entry is a descriptor still, which the global service is
asked about. The virtual host's rate limits count where the route has none, or are included.
Checked against Envoy 1.40.0. Not modelled: actions by extension, typed metadata; they are named.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator

import msgspec

from osmscope.resources.rate_limit import (
    GenericKeyAction,
    HeaderValueMatchAction,
    MaskedRemoteAddressAction,
    MetadataAction,
    QueryParametersAction,
    QueryParameterValueMatchAction,
    RateLimitAction,
    RateLimitPolicy,
    RequestHeadersAction,
)
from osmscope.resources.resource import Resource
from osmscope.resources.route import Route, VirtualHost
from osmscope.rules.facts import Request
from osmscope.rules.header import match_headers
from osmscope.rules.http_filters.filter_result import FilterContext
from osmscope.rules.metadata import metadata_value
from osmscope.rules.query_parameter import match_query_parameters, query_parameter

Entry = tuple[str, str]
Descriptor = tuple[Entry, ...]


class Descriptors(msgspec.Struct, frozen=True):
    """The descriptors of a request."""

    listed: tuple[Descriptor, ...] = ()
    missing: tuple[str, ...] = ()
    """What further descriptors need and nobody said, as nouns."""


class _Skipped(Exception):  # noqa: N818
    """An entry is left out."""


class _Dropped(Exception):  # noqa: N818
    """The descriptor is left out."""


class _UnknownError(Exception):
    """A fact is not known."""


def policies_of(
    own: tuple[RateLimitPolicy, ...], virtual_host_option: str, context: FilterContext
) -> tuple[RateLimitPolicy, ...]:
    """Return the rate limits that count for a request.

    Args:
        own: Those of the filter's configuration, which take the place of the route's.
        virtual_host_option: What the filter's `vh_rate_limits` says.
        context: The route and the virtual host.
    """
    if own:
        return own
    action = (context.route or Route()).route
    of_route = action.rate_limits if action is not None else ()
    of_host = (context.virtual_host or VirtualHost()).rate_limits
    included = action is not None and bool(action.include_vh_rate_limits)
    if virtual_host_option == "INCLUDE" or included:
        return of_route + of_host
    if virtual_host_option == "IGNORE" or of_route:
        return of_route
    return of_host


def descriptors_of(
    policies: tuple[RateLimitPolicy, ...],
    stage: int | None,
    request: Request,
    context: FilterContext,
) -> Descriptors:
    """Make the descriptors of a request.

    Args:
        policies: The rate limits that count.
        stage: The filter's; None where the rate limits are its own, whose stage does not matter.
        request: The request.
        context: The route and the virtual host.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    listed: list[Descriptor] = []
    missing: dict[str, None] = {}
    for policy in policies:
        if stage not in (None, policy.stage) or policy.apply_on_stream_done:
            continue
        try:
            descriptor = tuple(_entries(policy, request, context))
        except _Dropped:
            continue
        except _UnknownError as error:
            missing[str(error)] = None
        else:
            listed.append(descriptor)
    return Descriptors(tuple(listed), tuple(missing))


def text_of(descriptor: Descriptor) -> str:
    """Write a descriptor for people."""
    listed = ", ".join(f'{key}="{value}"' for key, value in descriptor)
    return listed or "a descriptor without entries"


def _entries(policy: RateLimitPolicy, request: Request, context: FilterContext) -> Iterator[Entry]:
    for action in policy.actions:
        try:
            yield _entry(action, request, context)
        except _Skipped:
            continue


def _entry(action: RateLimitAction, request: Request, context: FilterContext) -> Entry:
    for field, read in _READERS:
        config = getattr(action, field)
        if config is not None:
            return read(config, request, context)
    raise _UnknownError("what an action of a rate limit gives")


def _source_cluster(config: Resource, request: Request, context: FilterContext) -> Entry:
    if context.node_cluster is None:
        raise _UnknownError("the cluster of the node")
    return "source_cluster", context.node_cluster


def _destination_cluster(config: Resource, request: Request, context: FilterContext) -> Entry:
    return "destination_cluster", context.cluster or ""


def _request_header(config: RequestHeadersAction, request: Request, _: FilterContext) -> Entry:
    value = request.headers.first(config.header_name)
    return _found(config, value)


def _query_parameter(config: QueryParametersAction, request: Request, _: FilterContext) -> Entry:
    return _found(config, query_parameter(request.path, config.query_parameter_name))


def _found(config: RequestHeadersAction | QueryParametersAction, value: str | None) -> Entry:
    if value is None:
        raise _Skipped if config.skip_if_absent else _Dropped
    return config.descriptor_key, value


def _remote_address(config: Resource, request: Request, context: FilterContext) -> Entry:
    return "remote_address", _client(request)


def _client(request: Request) -> str:
    if request.remote_ip is None:
        raise _UnknownError("the remote address")
    return request.remote_ip


def _masked(config: MaskedRemoteAddressAction, request: Request, _: FilterContext) -> Entry:
    ip = _client(request)
    is_v4 = ipaddress.ip_address(ip).version == 4
    length = config.v4_prefix_mask_len if is_v4 else config.v6_prefix_mask_len
    network = ipaddress.ip_network(f"{ip}/{length}", strict=False)
    return "masked_remote_address", str(network)


def _generic_key(config: GenericKeyAction, request: Request, context: FilterContext) -> Entry:
    return config.descriptor_key or "generic_key", config.descriptor_value


def _header_match(config: HeaderValueMatchAction, request: Request, _: FilterContext) -> Entry:
    match = match_headers(config.headers, request.headers)
    if match.is_match is not config.expect_match:
        raise _Dropped
    return config.descriptor_key or "header_match", config.descriptor_value


def _query_match(
    config: QueryParameterValueMatchAction, request: Request, _: FilterContext
) -> Entry:
    match = match_query_parameters(config.query_parameters, request.path)
    if match.is_match is not config.expect_match:
        raise _Dropped
    return config.descriptor_key or "query_match", config.descriptor_value


def _metadata(config: MetadataAction, request: Request, context: FilterContext) -> Entry:
    source, opaque = request.metadata, bool(request.opaque_filters)
    if config.source == "ROUTE_ENTRY":
        source, opaque = (context.route or Route()).metadata.filter_metadata, False
    value = metadata_value(source, config.metadata_key.key, config.metadata_key.path)
    if isinstance(value, str) and value:
        return config.descriptor_key, value
    if opaque:
        raise _UnknownError(f'the metadata "{config.metadata_key.key}"')
    if config.default_value:
        return config.descriptor_key, config.default_value
    raise _Skipped if config.skip_if_absent else _Dropped


_READERS: tuple[tuple[str, Callable[..., Entry]], ...] = (
    ("source_cluster", _source_cluster),
    ("destination_cluster", _destination_cluster),
    ("request_headers", _request_header),
    ("query_parameters", _query_parameter),
    ("remote_address", _remote_address),
    ("masked_remote_address", _masked),
    ("generic_key", _generic_key),
    ("header_value_match", _header_match),
    ("query_parameter_value_match", _query_match),
    ("metadata", _metadata),
    ("dynamic_metadata", _metadata),
)

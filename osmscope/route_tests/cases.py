"""What a file of tests holds: requests, and what is expected of each.

A table case is Envoy's own, of its route table check tool: it looks a request up in one route
table. A listener case starts where the connection does, with the fields of a request line, and
expects fields of an outcome. Decision: in both, "" expects that there is none.
"""

from typing import Literal

import msgspec

from osmscope.resources.matcher import HeaderMatcher
from osmscope.trace.answer import Verdict
from osmscope.trace.request import TraceRequest


class HeaderField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A header and its value."""

    key: str
    value: str = ""


class DynamicMetadata(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a filter before the router would have left in a namespace."""

    metadata_namespace: str
    value: dict[str, object] = {}
    allow_overwrite: bool = False
    typed_value: dict[str, object] | None = None
    """Typed metadata: no matcher of a route reads it, so that it decides nothing."""


class RouteMetadata(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value of the route's own metadata."""

    namespace: str
    key: str
    value: str = ""


class TableInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The request of a table case."""

    authority: str
    path: str
    method: str = "GET"
    random_value: int = 0
    """Fixes every weighted choice; it is 0, not random, where it is not said."""
    ssl: bool = False
    internal: bool = False
    runtime: str = ""
    """The one runtime key that is on: routes with another `runtime_key` do not match."""
    additional_request_headers: tuple[HeaderField, ...] = ()
    additional_response_headers: tuple[HeaderField, ...] = ()
    dynamic_metadata: tuple[DynamicMetadata, ...] = ()


class TableExpectation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a table case expects; None and () where it expects nothing."""

    cluster_name: str | None = None
    virtual_cluster_name: str | None = None
    virtual_host_name: str | None = None
    host_rewrite: str | None = None
    path_rewrite: str | None = None
    path_redirect: str | None = None
    code_redirect: int | None = None
    timeout: str | None = None
    route_metadata: tuple[RouteMetadata, ...] = ()
    request_header_fields: tuple[HeaderField, ...] = ()
    response_header_fields: tuple[HeaderField, ...] = ()
    request_header_matches: tuple[HeaderMatcher, ...] = ()
    response_header_matches: tuple[HeaderMatcher, ...] = ()


class UpstreamExpectation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the endpoint receives; of headers, those that are named."""

    method: str | None = None
    host: str | None = None
    path: str | None = None
    headers: dict[str, str | tuple[str, ...]] = {}


class ListenerExpectation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a listener case expects of every outcome, or of a share of them."""

    verdict: Verdict | None = None
    listener: str | None = None
    filter_chain: str | None = None
    route_config: str | None = None
    virtual_host: str | None = None
    route: str | None = None
    route_index: int | None = None
    cluster: str | None = None
    endpoint: str | None = None
    code: int | None = None
    """0 for a request that Envoy does not answer by itself."""
    flags: tuple[str, ...] | None = None
    details: str | None = None
    location: str | None = None
    upstream_request: UpstreamExpectation | None = None
    probability: float | None = None
    """How likely an outcome with all of the other fields is; certain where it is not said."""
    exact: Literal[True] | None = None
    """That the answer rests on no assumption."""


class TableCase(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is looked up in a route table."""

    name: str
    input: TableInput
    expected: TableExpectation
    route_config: str | None = None
    """The route table, where there are several."""


class ListenerCase(msgspec.Struct, frozen=True, kw_only=True):
    """A request that starts at a listener."""

    name: str
    input: TraceRequest
    expected: ListenerExpectation


Case = TableCase | ListenerCase


class CaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of tests."""

    cases: tuple[Case, ...]
    runtime: dict[str, object] = {}
    """Runtime values that hold for all of them."""
    text: bytes = b""
    """The file as it was read."""

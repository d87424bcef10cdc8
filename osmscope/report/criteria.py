"""The conditions of filter chains and routes in words, one line each.

Decision: no condition is left out. What has no words of its own here is shown as the dump's field
and its JSON.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from osmscope.resources.listener import FilterChainMatch
from osmscope.resources.matcher import (
    CookieMatcher,
    HeaderMatcher,
    QueryParameterMatcher,
    RuntimeFractionalPercent,
)
from osmscope.resources.resource import Resource
from osmscope.resources.route import RouteMatch
from osmscope.rules.string_matcher import describe

_PER = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}


def chain_criteria(match: FilterChainMatch) -> tuple[str, ...]:
    """List what a filter chain asks for, in Envoy's order; ("any",) where it asks for nothing."""
    return tuple(_chain_criteria(match)) or ("any",)


def _chain_criteria(match: FilterChainMatch) -> Iterator[str]:
    if match.destination_port is not None:
        yield f"port {match.destination_port}"
    for name, values in (
        ("prefix", tuple(entry.text() for entry in match.prefix_ranges)),
        ("SNI", match.server_names),
        ("transport", (match.transport_protocol,) if match.transport_protocol else ()),
        ("ALPN", match.application_protocols),
        ("direct source", tuple(entry.text() for entry in match.direct_source_prefix_ranges)),
        ("source type", () if match.source_type == "ANY" else (match.source_type,)),
        ("source prefix", tuple(entry.text() for entry in match.source_prefix_ranges)),
        ("source port", tuple(map(str, match.source_ports))),
    ):
        if values:
            yield f"{name} {', '.join(values)}"
    if match.address_suffix or match.suffix_len is not None:
        yield f"suffix {match.address_suffix}/{match.suffix_len} (Envoy ignores it)"


def route_criteria(match: RouteMatch) -> tuple[str, ...]:
    """List what a route asks for."""
    return tuple(_route_criteria(match)) or ("any",)


def _route_criteria(match: RouteMatch) -> Iterator[str]:
    yield from _path(match)
    for header in match.headers:
        yield header_criterion(header)
    for parameter in match.query_parameters:
        yield _parameter(parameter)
    for cookie in match.cookies:
        yield _cookie(cookie)
    if match.grpc is not None:
        yield "gRPC"
    if match.runtime_fraction is not None:
        yield _fraction(match.runtime_fraction)
    for field in ("tls_context", "dynamic_metadata", "filter_state"):
        value = getattr(match, field)
        if value:
            yield f"{field} {plain_json(value)}"


def _path(match: RouteMatch) -> Iterator[str]:
    case = " (ignoring case)" if match.case_sensitive is False else ""
    if match.path is not None:
        yield f"path = {match.path}{case}"
    if match.prefix is not None:
        yield f"path {match.prefix}*{case}"
    if match.path_separated_prefix is not None:
        yield f"path {match.path_separated_prefix} or below{case}"
    if match.safe_regex is not None:
        yield f"path ~ {match.safe_regex.regex}{case}"
    if match.path_match_policy is not None:
        yield f"path policy {plain_json(match.path_match_policy)}"
    if match.connect_matcher is not None:
        yield "CONNECT"


def header_criterion(header: HeaderMatcher) -> str:
    """Say what a header has to be."""
    inverted = "not: " if header.invert_match else ""
    empty = " (absent counts as empty)" if header.treat_missing_header_as_empty else ""
    name = "method" if header.name == ":method" else f"header {header.name}"
    return f"{inverted}{name} {_header_value(header)}{empty}"


def _header_value(header: HeaderMatcher) -> str:
    if header.string_match is not None:
        return f"has to {describe(header.string_match)}"
    if header.safe_regex_match is not None:
        return f"~ {header.safe_regex_match.regex}"
    for value, sign in (
        (header.exact_match, "= {}"),
        (header.prefix_match, "{}*"),
        (header.suffix_match, "*{}"),
        (header.contains_match, "*{}*"),
    ):
        if value is not None:
            return sign.format(value)
    if header.range_match is not None:
        return f"from {header.range_match.start} to below {header.range_match.end}"
    return "absent" if header.present_match is False else "present"


def _parameter(parameter: QueryParameterMatcher) -> str:
    if parameter.string_match is not None:
        return f"query {parameter.name} has to {describe(parameter.string_match)}"
    if parameter.value is not None:
        sign = "~" if parameter.regex else "="
        return f"query {parameter.name} {sign} {parameter.value}"
    return f"query {parameter.name} {'absent' if parameter.present_match is False else 'present'}"


def _cookie(cookie: CookieMatcher) -> str:
    inverted = "not: " if cookie.invert_match else ""
    words = describe(cookie.string_match) if cookie.string_match is not None else "be present"
    return f"{inverted}cookie {cookie.name} has to {words}"


def _fraction(fraction: RuntimeFractionalPercent) -> str:
    value = fraction.default_value
    key = f" (runtime {fraction.runtime_key})" if fraction.runtime_key else ""
    return f"{100 * value.numerator / _PER.get(value.denominator, 100):g} % of requests{key}"


def plain_json(value: Resource | tuple[Resource, ...]) -> str:
    """Write a resource as JSON, without the fields that the dump left out."""
    return msgspec.json.encode(_plain(value)).decode()


def _plain(value: object) -> object:
    """Turn resources into what the dump had: without the fields that it left out."""
    if isinstance(value, msgspec.Raw):
        return msgspec.json.decode(value) if bytes(value) else None
    if isinstance(value, msgspec.Struct):
        fields = {name: _plain(inner) for name, inner in msgspec.structs.asdict(value).items()}
        return {name: inner for name, inner in fields.items() if inner not in (None, "", [], {})}
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, tuple | list) else value

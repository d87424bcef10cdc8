"""The permissions of an RBAC policy: what a client may do.

What Envoy does: destinations are the connection's restored address; `requested_server_name` sees
the SNI that a listener filter read, "" without one, even where Envoy itself ends TLS; `url_path`
is false where there is no path, so always in a network filter; `destination_port_range` excludes
its end. Metadata of the route is false without a route, inverted or not.
Checked against Envoy 1.40.0. Not modelled: the upstream address that an earlier filter resolved,
which is absent unless a filter that cannot be evaluated may have set it.
"""

from collections.abc import Callable

from osmscope.resources.address import CidrRange
from osmscope.resources.extension import Unsupported, decode_extension
from osmscope.resources.matcher import (
    HeaderMatcher,
    MetadataMatcher,
    PathMatcher,
    StringMatcher,
    TypedExtensionConfig,
)
from osmscope.resources.matcher_inputs import UpstreamIpPortMatcher
from osmscope.resources.rbac import Int32Range, Permission, PermissionSet, SourcedMetadata
from osmscope.resources.uri_template import UriTemplateMatchConfig
from osmscope.rules.filter_state import filter_state_object
from osmscope.rules.header import match_header
from osmscope.rules.ip_range import match_ip_range
from osmscope.rules.matcher_input import MatcherInputs
from osmscope.rules.metadata import match_metadata
from osmscope.rules.result import Match, all_of, any_of, decided, matched, missed, negated, unknown
from osmscope.rules.string_matcher import match_string
from osmscope.rules.uri_template import fits_template
from osmscope.rules.url_path import match_url_path

_ANY = matched("anything is permitted", "any")
_EMPTY = missed("the permission is empty")


def match_permission(permission: Permission, inputs: MatcherInputs) -> Match:
    """Put a connection, and perhaps a request, to a permission.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    if permission.any:
        return _ANY
    for field, rule in _RULES:
        asked = getattr(permission, field)
        if asked is not None:
            return rule(asked, inputs).within(field)
    return _EMPTY


def _and(rules: PermissionSet, inputs: MatcherInputs) -> Match:
    return all_of(
        match_permission(rule, inputs).within(f"rules[{index}]")
        for index, rule in enumerate(rules.rules)
    )


def _or(rules: PermissionSet, inputs: MatcherInputs) -> Match:
    alternatives = (
        match_permission(rule, inputs).within(f"rules[{index}]")
        for index, rule in enumerate(rules.rules)
    )
    return any_of(alternatives, _EMPTY)


def _not(rule: Permission, inputs: MatcherInputs) -> Match:
    return negated(match_permission(rule, inputs))


def _destination_ip(cidr_range: CidrRange, inputs: MatcherInputs) -> Match:
    connection = inputs.connection
    if not connection.is_ip:
        return missed("the destination has no IP")
    return match_ip_range(cidr_range, connection.destination_ip, "destination IP")


def _destination_port(wanted: int, inputs: MatcherInputs) -> Match:
    return _port(Int32Range(start=wanted, end=wanted + 1), inputs)


def _port(ports: Int32Range, inputs: MatcherInputs) -> Match:
    port = inputs.connection.destination_port
    if not inputs.connection.is_ip:
        return missed("the destination has no port")
    if port is None:
        return unknown("the destination port")
    fits = ports.start <= port < ports.end
    many = ports.end - ports.start > 1
    asked = f"in [{ports.start}, {ports.end})" if many else str(ports.start)
    return decided(fits, f"destination port {port} is {'' if fits else 'not '}{asked}")


def _requested_server_name(matcher: StringMatcher, inputs: MatcherInputs) -> Match:
    return match_string(matcher, inputs.connection.detected_server_name, "server name")


def match_request_header(matcher: HeaderMatcher, inputs: MatcherInputs) -> Match:
    """Put the request's headers to a matcher; a network filter sees none."""
    if inputs.request is None:
        return missed("a network filter sees no headers")
    return match_header(matcher, inputs.request.headers)


def match_request_path(matcher: PathMatcher, inputs: MatcherInputs) -> Match:
    """Put the request's path to a matcher; a network filter sees none."""
    if inputs.request is None:
        return missed("a network filter sees no path")
    return match_url_path(
        matcher, inputs.request, ignore_path_parameters=inputs.ignore_path_parameters
    )


def match_dynamic_metadata(matcher: MetadataMatcher, inputs: MatcherInputs) -> Match:
    """Put the dynamic metadata to a matcher."""
    return match_metadata(matcher, inputs.metadata, inputs.opaque_filters)


def match_sourced_metadata(sourced: SourcedMetadata, inputs: MatcherInputs) -> Match:
    """Put the metadata of the request, or of its route, to a matcher."""
    if sourced.metadata_source != "ROUTE":
        return match_dynamic_metadata(sourced.metadata_matcher, inputs)
    if inputs.route_metadata is None:
        return missed("there is no route whose metadata could match")
    return match_metadata(sourced.metadata_matcher, inputs.route_metadata, ())


def _uri_template(config: TypedExtensionConfig, inputs: MatcherInputs) -> Match:
    template = decode_extension(config)
    if inputs.request is None:
        return missed("a network filter sees no path")
    if not isinstance(template, UriTemplateMatchConfig):
        return _opaque(template)
    path = inputs.request.path_without_query
    fits = fits_template(template.path_template, path)
    words = "fits" if fits else "does not fit"
    return decided(fits, f'path "{path}" {words} the template "{template.path_template}"')


def _matcher(config: TypedExtensionConfig, inputs: MatcherInputs) -> Match:
    matcher = decode_extension(config)
    if isinstance(matcher, UpstreamIpPortMatcher):
        return filter_state_object("envoy.stream.upstream_address", inputs.opaque_filters)
    return _opaque(matcher)


def _opaque(matcher: object) -> Match:
    name = matcher.type_name if isinstance(matcher, Unsupported) else type(matcher).__name__
    return unknown(f"what the matcher {name} decides")


_RULES: tuple[tuple[str, Callable[..., Match]], ...] = (
    ("destination_port", _destination_port),
    ("header", match_request_header),
    ("url_path", match_request_path),
    ("and_rules", _and),
    ("or_rules", _or),
    ("not_rule", _not),
    ("destination_ip", _destination_ip),
    ("destination_port_range", _port),
    ("requested_server_name", _requested_server_name),
    ("metadata", match_dynamic_metadata),
    ("sourced_metadata", match_sourced_metadata),
    ("uri_template", _uri_template),
    ("matcher", _matcher),
)

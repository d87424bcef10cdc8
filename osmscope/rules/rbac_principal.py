"""The principals of an RBAC policy: who a client is.

What Envoy does: `authenticated` asks for a connection on which Envoy itself ended TLS; a name in it
is put to each URI, then to each DNS name, then to the subject of the client's certificate, and
without a certificate to "" alone. `source_ip` is the connection's remote address,
`direct_remote_ip` the TCP peer, `remote_ip` the client as x-forwarded-for tells it, which in a
network filter is the connection's remote address again.
Checked against Envoy 1.40.0. Not modelled: custom principals other than `mtls_authenticated`,
which are unknown.
"""

from collections.abc import Callable

from osmscope.resources.address import CidrRange
from osmscope.resources.extension import Unsupported, decode_extension
from osmscope.resources.matcher import FilterStateMatcher, StringMatcher, TypedExtensionConfig
from osmscope.resources.matcher_inputs import MtlsAuthenticated
from osmscope.resources.rbac import Authenticated, Principal, PrincipalSet
from osmscope.resources.transport_socket import CertificateValidationContext
from osmscope.rules.facts import ClientCertificate
from osmscope.rules.filter_state import match_filter_state
from osmscope.rules.ip_range import match_ip_range
from osmscope.rules.matcher_input import MatcherInputs
from osmscope.rules.rbac_permission import (
    match_dynamic_metadata,
    match_request_header,
    match_request_path,
    match_sourced_metadata,
)
from osmscope.rules.result import Match, all_of, any_of, matched, missed, negated, unknown
from osmscope.rules.string_matcher import match_string
from osmscope.rules.subject_alt_name import match_subject_alt_names

_ANY = matched("anyone is meant", "any")
_EMPTY = missed("the principal is empty")
_NO_CERTIFICATE = ClientCertificate()


def match_principal(principal: Principal, inputs: MatcherInputs) -> Match:
    """Put a connection, and perhaps a request, to a principal.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    if principal.any:
        return _ANY
    for field, rule in _RULES:
        asked = getattr(principal, field)
        if asked is not None:
            return rule(asked, inputs).within(field)
    return _EMPTY


def _and(ids: PrincipalSet, inputs: MatcherInputs) -> Match:
    return all_of(
        match_principal(principal, inputs).within(f"ids[{index}]")
        for index, principal in enumerate(ids.ids)
    )


def _or(ids: PrincipalSet, inputs: MatcherInputs) -> Match:
    alternatives = (
        match_principal(principal, inputs).within(f"ids[{index}]")
        for index, principal in enumerate(ids.ids)
    )
    return any_of(alternatives, _EMPTY)


def _not(principal: Principal, inputs: MatcherInputs) -> Match:
    return negated(match_principal(principal, inputs))


def _authenticated(authenticated: Authenticated, inputs: MatcherInputs) -> Match:
    connection = inputs.connection
    if not connection.terminated_tls:
        return missed("the connection is not TLS")
    if authenticated.principal_name is None:
        return matched("the connection is TLS")
    return _name(authenticated.principal_name, connection.peer_certificate or _NO_CERTIFICATE)


def _name(matcher: StringMatcher, certificate: ClientCertificate) -> Match:
    names = (
        *(("URI", uri) for uri in certificate.uri_sans),
        *(("DNS name", name) for name in certificate.dns_sans),
        ("subject", certificate.subject),
    )
    return any_of(
        (match_string(matcher, name, f"client certificate's {kind}") for kind, name in names),
        _EMPTY,
    )


def _source_ip(cidr_range: CidrRange, inputs: MatcherInputs) -> Match:
    return _address(cidr_range, inputs.connection.source_ip, "source IP", inputs)


def _direct_remote_ip(cidr_range: CidrRange, inputs: MatcherInputs) -> Match:
    return _address(cidr_range, inputs.connection.direct_source_ip, "direct source IP", inputs)


def _remote_ip(cidr_range: CidrRange, inputs: MatcherInputs) -> Match:
    if inputs.request is None:
        return _source_ip(cidr_range, inputs)
    return match_ip_range(cidr_range, inputs.request.remote_ip, "remote IP")


def _address(cidr_range: CidrRange, ip: str | None, subject: str, inputs: MatcherInputs) -> Match:
    if not inputs.connection.is_ip:
        return missed(f"the connection has no {subject}")
    return match_ip_range(cidr_range, ip, subject)


def _filter_state(matcher: FilterStateMatcher, inputs: MatcherInputs) -> Match:
    return match_filter_state(matcher, inputs.filter_state, inputs.opaque_filters)


def _custom(config: TypedExtensionConfig, inputs: MatcherInputs) -> Match:
    principal = decode_extension(config)
    if isinstance(principal, MtlsAuthenticated):
        certificate = inputs.connection.peer_certificate
        if certificate is None or not certificate.trusted:
            return missed("no client certificate was validated")
        if principal.san_matcher is None:
            return matched("a client certificate was validated")
        asked = CertificateValidationContext(match_typed_subject_alt_names=(principal.san_matcher,))
        return match_subject_alt_names(asked, certificate)
    name = principal.type_name if isinstance(principal, Unsupported) else type(principal).__name__
    return unknown(f"what the principal {name} decides")


_RULES: tuple[tuple[str, Callable[..., Match]], ...] = (
    ("authenticated", _authenticated),
    ("source_ip", _source_ip),
    ("and_ids", _and),
    ("or_ids", _or),
    ("not_id", _not),
    ("header", match_request_header),
    ("direct_remote_ip", _direct_remote_ip),
    ("remote_ip", _remote_ip),
    ("url_path", match_request_path),
    ("metadata", match_dynamic_metadata),
    ("sourced_metadata", match_sourced_metadata),
    ("filter_state", _filter_state),
    ("custom", _custom),
)

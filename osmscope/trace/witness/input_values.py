"""Values of a matcher's input, as fields of a request: those that a matcher fits, and others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from osmscope.resources.address import CidrRange
from osmscope.resources.extension import decode_extension
from osmscope.resources.matcher import SinglePredicate
from osmscope.resources.matcher_inputs import (
    ApplicationProtocolInput,
    DestinationIPInput,
    DestinationPortInput,
    DirectSourceIPInput,
    DnsSanInput,
    HttpRequestHeaderMatchInput,
    HttpRequestQueryParamMatchInput,
    IpInputMatcher,
    ServerNameInput,
    SourceIPInput,
    SourcePortInput,
    SourceTypeInput,
    SubjectInput,
    TransportProtocolInput,
    UriSanInput,
)
from osmscope.resources.resource import Resource
from osmscope.rules.string_matcher import match_string
from osmscope.trace.request import CertificateFacts
from osmscope.trace.witness.fields import Fields
from osmscope.trace.witness.samples import string_samples

Choice = list[Fields]
"""Alternatives, in the order of preference."""

_ADDRESSES: dict[type[Resource], str] = {
    DestinationIPInput: "dst_ip",
    SourceIPInput: "src_ip",
    DirectSourceIPInput: "direct_src_ip",
}
_PORTS: dict[type[Resource], str] = {DestinationPortInput: "dst_port", SourcePortInput: "src_port"}
_CERTIFICATES: dict[type[Resource], Callable[[str], CertificateFacts]] = {
    UriSanInput: lambda text: CertificateFacts(uri_sans=(text,)),
    DnsSanInput: lambda text: CertificateFacts(dns_sans=(text,)),
    SubjectInput: lambda text: CertificateFacts(subject=text),
}
_PSEUDO = {":method": "method", ":authority": "host", "host": "host"}
_SOME_ADDRESSES = ("198.51.100.99", "203.0.113.7", "10.255.255.254", "127.0.0.1")
_SOME_PORTS = ("80", "443", "8080", "65001")
_SOME_TEXTS: dict[type[Resource], tuple[str, ...]] = {
    ServerNameInput: ("witness.example",),
    TransportProtocolInput: ("raw_buffer", "tls"),
    ApplicationProtocolInput: ("'http/1.1'", "'h2c'", "'h2'", "'witness'"),
    SourceTypeInput: ("local",),
    UriSanInput: ("spiffe://witness/w",),
}
_METHODS = ("GET", "POST", "PUT")
_EXTERNAL = "198.51.100.99"
_MOST = 6


def values(single: SinglePredicate) -> Choice:
    """List fields whose input a predicate fits; nothing to say where they are not known."""
    return _proposed(single, fits=True) or [{}]


def unfit(single: SinglePredicate) -> Choice:
    """List fields whose input a predicate does not fit, without the input first."""
    source = decode_extension(single.input)
    return [*_absent(source), *_proposed(single, fits=False)] or [{}]


def others(source: Resource) -> Choice:
    """List fields with any value of an input, without it first."""
    some = [fields for text in _some(source) for fields in fields_of(source, text)]
    return [*_absent(source), *some] or [{}]


def in_ranges(source: Resource, ranges: Iterable[CidrRange]) -> Choice:
    """List fields whose input is an address within ranges: the second, the last, the middle."""
    found: Choice = []
    for cidr_range in ranges:
        try:
            network = cidr_range.network()
        except ValueError:
            continue
        size = network.num_addresses
        for offset in dict.fromkeys((min(1, size - 1), size - 1, size // 2)):
            found += fields_of(source, str(network[offset]))
    return found


def _proposed(single: SinglePredicate, *, fits: bool) -> Choice:
    source = decode_extension(single.input)
    custom = None if single.custom_match is None else decode_extension(single.custom_match)
    if isinstance(custom, IpInputMatcher):
        own = in_ranges(source, custom.cidr_ranges)
        return own if fits else others(source)
    wanted = single.value_match
    if wanted is None:
        return []
    texts = dict.fromkeys((*string_samples(wanted), *_some(source)))
    found = [text for text in texts if match_string(wanted, text, "").is_match is fits]
    return [fields for text in found for fields in fields_of(source, text)][:_MOST]


def _some(source: Resource) -> tuple[str, ...]:
    if type(source) in _ADDRESSES:
        return _SOME_ADDRESSES
    if type(source) in _PORTS:
        return _SOME_PORTS
    if isinstance(source, HttpRequestHeaderMatchInput) and source.header_name == ":method":
        return _METHODS
    return _SOME_TEXTS.get(type(source), ("witness", "/witness", "1"))


def _absent(source: Resource) -> Choice:
    """Give what a request is without an input; nothing where it always has one."""
    if isinstance(source, HttpRequestHeaderMatchInput) and not source.header_name.startswith(":"):
        return [{"headers": {source.header_name.lower(): None}}]
    if isinstance(source, ServerNameInput | ApplicationProtocolInput):
        return [{"tls": False}, {"tls": True}]
    return [{"src_ip": _EXTERNAL}] if isinstance(source, SourceTypeInput) else []


def fields_of(source: Resource, text: str) -> Choice:
    """List fields that give an input a text; [] where none do."""
    kind = type(source)
    if kind in _ADDRESSES:
        return [{_ADDRESSES[kind]: text}] if text[:1].isalnum() or ":" in text else []
    if kind in _PORTS:
        return [{_PORTS[kind]: int(text)}] if text.isdecimal() else []
    if isinstance(source, HttpRequestHeaderMatchInput):
        return _header(source.header_name.lower(), text)
    if isinstance(source, HttpRequestQueryParamMatchInput):
        return [{"query": {source.query_param: text}}]
    if kind in _CERTIFICATES:
        return [{"tls": True, "client_certificate": _CERTIFICATES[kind](text)}]
    return _of_connection(source, text)


def _header(name: str, text: str) -> Choice:
    if name in _PSEUDO:
        return [{_PSEUDO[name]: text}]
    if name == ":path":
        return [{"path": text}] if text.startswith("/") else []
    return [{"headers": {"x-forwarded-proto" if name == ":scheme" else name: text}}]


def _of_connection(source: Resource, text: str) -> Choice:
    if isinstance(source, ServerNameInput):
        return [{"sni": f"w{text[1:]}" if text.startswith("*.") else text, "tls": True}]
    if isinstance(source, TransportProtocolInput):
        return [{"tls": text == "tls"}] if text in ("tls", "raw_buffer") else []
    if isinstance(source, ApplicationProtocolInput):
        plain: Choice = [{"tls": False}] if "http/1." in text else []
        plain += [{"tls": False, "protocol": "h2"}] if "h2c" in text else []
        return [*plain, {"alpn": tuple(text.replace("'", "").split(",")), "tls": True}]
    if isinstance(source, SourceTypeInput):
        return [{"src_ip": "127.0.0.1"}] if text == "local" else []
    return []

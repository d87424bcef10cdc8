"""What a matcher tree of a listener speaks of: values that its inputs are compared with.

Decision: the tree is not solved; each value is proposed for its input, and the tracer decides.
"""

from __future__ import annotations

from collections.abc import Iterator

from osmscope.resources.address import CidrRange
from osmscope.resources.extension import decode_extension
from osmscope.resources.matcher import Matcher, OnMatch, Predicate, TypedExtensionConfig
from osmscope.resources.matcher_inputs import (
    ApplicationProtocolInput,
    DestinationIPInput,
    DestinationPortInput,
    DirectSourceIPInput,
    IpInputMatcher,
    IPMatcher,
    ServerNameInput,
    ServerNameMatcher,
    SourceIPInput,
    SourcePortInput,
    SourceTypeInput,
    TransportProtocolInput,
)
from osmscope.resources.resource import Resource
from osmscope.trace.witness.fields import Fields
from osmscope.trace.witness.samples import string_samples

_ADDRESSES: dict[type[Resource], str] = {
    DestinationIPInput: "dst_ip",
    SourceIPInput: "src_ip",
    DirectSourceIPInput: "direct_src_ip",
}
_PORTS: dict[type[Resource], str] = {DestinationPortInput: "dst_port", SourcePortInput: "src_port"}
_LOCAL = {"src_ip": "127.0.0.1"}
_MOST = 8
"""How many values of one field are proposed."""


def values_of(matcher: Matcher | None) -> list[list[Fields]]:
    """List, for each field that a matcher tree looks at, nothing and the values it knows.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    found: dict[str, list[Fields]] = {}
    for fields in _of_matcher(matcher):
        listed = found.setdefault(next(iter(fields)), [{}])
        if fields not in listed and len(listed) <= _MOST:
            listed.append(fields)
    return list(found.values())


def _of_matcher(matcher: Matcher | None) -> Iterator[Fields]:
    if matcher is None:
        return
    if matcher.matcher_list is not None:
        for one in matcher.matcher_list.matchers:
            yield from _of_predicate(one.predicate)
            yield from _of_action(one.on_match)
    tree = matcher.matcher_tree
    if tree is not None:
        source = decode_extension(tree.input)
        for values in (tree.exact_match_map, tree.prefix_match_map):
            for text, action in values.map.items() if values is not None else ():
                yield from _value(source, text)
                yield from _of_action(action)
        if tree.custom_match is not None:
            yield from _of_custom(source, tree.custom_match)
    yield from _of_action(matcher.on_no_match)


def _of_action(action: OnMatch | None) -> Iterator[Fields]:
    if action is not None:
        yield from _of_matcher(action.matcher)


def _of_predicate(predicate: Predicate) -> Iterator[Fields]:
    single = predicate.single_predicate
    if single is not None:
        source = decode_extension(single.input)
        if single.value_match is not None:
            for text in string_samples(single.value_match)[:2]:
                yield from _value(source, text)
        if single.custom_match is not None:
            yield from _of_custom(source, single.custom_match)
    for listed in (predicate.or_matcher, predicate.and_matcher):
        for inner in listed.predicate if listed is not None else ():
            yield from _of_predicate(inner)
    if predicate.not_matcher is not None:
        yield from _of_predicate(predicate.not_matcher)


def _of_custom(source: Resource, custom: TypedExtensionConfig) -> Iterator[Fields]:
    config = decode_extension(custom)
    if isinstance(config, IpInputMatcher):
        for cidr_range in config.cidr_ranges:
            yield from _value(source, _address(cidr_range))
    elif isinstance(config, IPMatcher):
        for entry in config.range_matchers:
            for cidr_range in entry.ranges:
                yield from _value(source, _address(cidr_range))
            yield from _of_action(entry.on_match)
    elif isinstance(config, ServerNameMatcher):
        for domain in config.domain_matchers:
            for name in domain.domains:
                yield from _value(source, name)
            yield from _of_action(domain.on_match)


def _address(cidr_range: CidrRange) -> str:
    try:
        network = cidr_range.network()
    except ValueError:
        return ""
    return str(network[min(1, network.num_addresses - 1)])


def _value(source: Resource, text: str) -> Iterator[Fields]:
    address, port = _ADDRESSES.get(type(source)), _PORTS.get(type(source))
    if address is not None and text:
        yield {address: text}
    elif port is not None and text.isdecimal():
        yield {port: int(text)}
    elif isinstance(source, ServerNameInput):
        yield {"sni": f"w{text[1:]}" if text.startswith("*.") else text, "tls": True}
    elif isinstance(source, TransportProtocolInput):
        yield {"tls": text == "tls"}
    elif isinstance(source, ApplicationProtocolInput):
        yield {"alpn": tuple(text.replace("'", "").split(",")), "tls": True}
    elif isinstance(source, SourceTypeInput):
        yield dict(_LOCAL)

"""The predicates of a unified matcher.

What Envoy does: a single predicate puts an input to a string matcher or to a matcher of its own;
an absent input fits none, so its negation fits. An absent value of metadata, though, is put to
the metadata matcher, whose `invert` then fits. Hash matchers take xxHash64 of the input.
Checked against Envoy 1.40.0. Not modelled: dynamic modules, which are unknown.
"""

import xxhash

from osmscope.resources.cel import CelMatcher
from osmscope.resources.extension import Unsupported, decode_extension
from osmscope.resources.matcher import MetadataMatcher, Predicate, SinglePredicate
from osmscope.resources.matcher_inputs import (
    ConsistentHashing,
    DynamicMetadataInput,
    IpInputMatcher,
    MetadataInputMatcher,
    RuntimeFraction,
)
from osmscope.resources.resource import Resource
from osmscope.rules.cel import match_expression
from osmscope.rules.ip_range import match_any_range
from osmscope.rules.matcher_input import InputValue, MatcherInputs, read_input
from osmscope.rules.metadata import match_metadata
from osmscope.rules.result import Match, all_of, any_of, decided, missed, negated, unknown
from osmscope.rules.runtime_fraction import fits
from osmscope.rules.string_matcher import match_string

_EMPTY = missed("the predicate is empty")


def match_predicate(predicate: Predicate, inputs: MatcherInputs) -> Match:
    """Put the facts to a predicate.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    if predicate.single_predicate is not None:
        return _single(predicate.single_predicate, inputs)
    if predicate.or_matcher is not None:
        return any_of((match_predicate(p, inputs) for p in predicate.or_matcher.predicate), _EMPTY)
    if predicate.and_matcher is not None:
        return all_of(match_predicate(p, inputs) for p in predicate.and_matcher.predicate)
    if predicate.not_matcher is not None:
        return negated(match_predicate(predicate.not_matcher, inputs))
    return _EMPTY


def _single(predicate: SinglePredicate, inputs: MatcherInputs) -> Match:
    source = decode_extension(predicate.input)
    custom = decode_extension(predicate.custom_match) if predicate.custom_match else None
    if isinstance(source, DynamicMetadataInput):
        return _metadata(source, custom, inputs)
    if isinstance(custom, CelMatcher):
        return match_expression(custom.expr_match, inputs)
    found = read_input(source, inputs)
    if found.missing:
        return unknown(found.missing)
    if found.value is None:
        return missed(f"{found.subject} is absent")
    if predicate.value_match is not None:
        return match_string(predicate.value_match, found.value, found.subject)
    return _EMPTY if custom is None else _custom(custom, found, found.value, inputs)


def _metadata(
    source: DynamicMetadataInput, custom: Resource | None, inputs: MatcherInputs
) -> Match:
    if not isinstance(custom, MetadataInputMatcher):
        return missed("metadata can be put to a metadata matcher only")
    matcher = MetadataMatcher(
        filter=source.filter, path=source.path, value=custom.value, invert=custom.invert
    )
    return match_metadata(matcher, inputs.metadata, inputs.opaque_filters)


def _custom(matcher: Resource, found: InputValue, value: str, inputs: MatcherInputs) -> Match:
    if isinstance(matcher, IpInputMatcher):
        return match_any_range(matcher.cidr_ranges, value, found.subject)
    if isinstance(matcher, ConsistentHashing):
        reached = _hash(value, matcher.seed) % matcher.modulo >= matcher.threshold
        return decided(reached, f'{found.subject} "{value}" is {"" if reached else "not "}selected')
    if isinstance(matcher, RuntimeFraction):
        drawn = fits(matcher.runtime_fraction, inputs.runtime, _hash(value, matcher.seed))
        return decided(drawn, f'{found.subject} "{value}" is {"" if drawn else "not "}selected')
    name = matcher.type_name if isinstance(matcher, Unsupported) else type(matcher).__name__
    return unknown(f"what the matcher {name} decides")


def _hash(value: str, seed: int) -> int:
    return xxhash.xxh64_intdigest(value.encode(), seed)

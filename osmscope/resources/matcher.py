"""Matchers that many messages share: strings, headers, query parameters, metadata, fractions."""

import msgspec

from osmscope.resources.address import CidrRange
from osmscope.resources.resource import Resource


class RegexMatcher(Resource, frozen=True):
    """An RE2 expression."""

    inert = frozenset({"google_re2"})

    regex: str = ""


class RegexMatchAndSubstitute(Resource, frozen=True):
    """An RE2 expression and what replaces each of its matches."""

    pattern: RegexMatcher = RegexMatcher()
    substitution: str = ""


class StringMatcher(Resource, frozen=True):
    """`envoy.type.matcher.v3.StringMatcher`: exactly one of its kinds is set."""

    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    contains: str | None = None
    safe_regex: RegexMatcher | None = None
    custom: object = None
    ignore_case: bool = False


class Int64Range(Resource, frozen=True):
    """A half-open range of integers."""

    start: int = 0
    end: int = 0


class HeaderMatcher(Resource, frozen=True):
    """`envoy.config.route.v3.HeaderMatcher`; the kinds of before 2022 stand by `string_match`."""

    name: str = ""
    exact_match: str | None = None
    safe_regex_match: RegexMatcher | None = None
    prefix_match: str | None = None
    suffix_match: str | None = None
    contains_match: str | None = None
    range_match: Int64Range | None = None
    present_match: bool | None = None
    string_match: StringMatcher | None = None
    invert_match: bool = False
    treat_missing_header_as_empty: bool = False


class QueryParameterMatcher(Resource, frozen=True):
    """`envoy.config.route.v3.QueryParameterMatcher`."""

    name: str = ""
    string_match: StringMatcher | None = None
    present_match: bool | None = None
    value: str | None = None
    regex: bool | None = None


class CookieMatcher(Resource, frozen=True):
    """`envoy.config.route.v3.CookieMatcher`."""

    name: str = ""
    string_match: StringMatcher | None = None
    invert_match: bool = False


class PathMatcher(Resource, frozen=True):
    """`envoy.type.matcher.v3.PathMatcher`: a string matcher on the path without its query."""

    path: StringMatcher | None = None


class DoubleRange(Resource, frozen=True):
    """A half-open range of numbers."""

    start: float = 0.0
    end: float = 0.0


class DoubleMatcher(Resource, frozen=True):
    """`envoy.type.matcher.v3.DoubleMatcher`."""

    range: DoubleRange | None = None
    exact: float | None = None


class ListMatcher(Resource, frozen=True):
    """`envoy.type.matcher.v3.ListMatcher`."""

    one_of: "ValueMatcher | None" = None


class OrMatcher(Resource, frozen=True):
    """`envoy.type.matcher.v3.OrMatcher`."""

    value_matchers: tuple["ValueMatcher", ...] = ()


class ValueMatcher(Resource, frozen=True):
    """`envoy.type.matcher.v3.ValueMatcher`: exactly one of its kinds is set."""

    null_match: object | None = None
    double_match: DoubleMatcher | None = None
    string_match: StringMatcher | None = None
    bool_match: bool | None = None
    present_match: bool | None = None
    list_match: ListMatcher | None = None
    or_match: OrMatcher | None = None


class PathSegment(Resource, frozen=True):
    """One step into a Struct."""

    key: str = ""


class MetadataMatcher(Resource, frozen=True):
    """`envoy.type.matcher.v3.MetadataMatcher`."""

    filter: str = ""
    path: tuple[PathSegment, ...] = ()
    value: ValueMatcher | None = None
    invert: bool = False


class AddressMatcher(Resource, frozen=True):
    """`envoy.type.matcher.v3.AddressMatcher`."""

    ranges: tuple[CidrRange, ...] = ()
    invert_match: bool = False


class FilterStateMatcher(Resource, frozen=True):
    """`envoy.type.matcher.v3.FilterStateMatcher`."""

    key: str = ""
    string_match: StringMatcher | None = None
    address_match: AddressMatcher | None = None


class FractionalPercent(Resource, frozen=True):
    """`envoy.type.v3.FractionalPercent`."""

    numerator: int = 0
    denominator: str = "HUNDRED"


class RuntimeFractionalPercent(Resource, frozen=True):
    """A fraction that a runtime key may override."""

    default_value: FractionalPercent = FractionalPercent()
    runtime_key: str = ""


class RuntimeFeatureFlag(Resource, frozen=True):
    """A switch that a runtime key may override."""

    default_value: bool = False
    runtime_key: str = ""


class TypedExtensionConfig(Resource, frozen=True):
    """`envoy.config.core.v3.TypedExtensionConfig`: a name and an `Any`."""

    inert = frozenset({"hidden_envoy_deprecated_config"})

    name: str = ""
    typed_config: msgspec.Raw = msgspec.Raw(b"")
    config: msgspec.Raw = msgspec.Raw(b"")


class SinglePredicate(Resource, frozen=True):
    """One input put to one matcher."""

    input: TypedExtensionConfig = TypedExtensionConfig()
    value_match: StringMatcher | None = None
    custom_match: TypedExtensionConfig | None = None


class PredicateList(Resource, frozen=True):
    """Predicates joined by and / or."""

    predicate: tuple["Predicate", ...] = ()


class Predicate(Resource, frozen=True):
    """`xds.type.matcher.v3.Matcher.MatcherList.Predicate`."""

    single_predicate: SinglePredicate | None = None
    or_matcher: PredicateList | None = None
    and_matcher: PredicateList | None = None
    not_matcher: "Predicate | None" = None


class OnMatch(Resource, frozen=True):
    """What a matcher leads to: an action, or another matcher."""

    matcher: "Matcher | None" = None
    action: TypedExtensionConfig | None = None
    keep_matching: bool = False


class FieldMatcher(Resource, frozen=True):
    """A predicate of a matcher list and what it leads to."""

    predicate: Predicate = Predicate()
    on_match: OnMatch = OnMatch()


class MatcherList(Resource, frozen=True):
    """Predicates that are tried in order."""

    matchers: tuple[FieldMatcher, ...] = ()


class MatchMap(Resource, frozen=True):
    """Values, or prefixes of values, and what each leads to."""

    map: dict[str, OnMatch] = {}


class MatcherTree(Resource, frozen=True):
    """One input looked up in a map or put to a custom matcher."""

    input: TypedExtensionConfig = TypedExtensionConfig()
    exact_match_map: MatchMap | None = None
    prefix_match_map: MatchMap | None = None
    custom_match: TypedExtensionConfig | None = None


class Matcher(Resource, frozen=True):
    """`xds.type.matcher.v3.Matcher`, the unified matcher."""

    matcher_list: MatcherList | None = None
    matcher_tree: MatcherTree | None = None
    on_no_match: OnMatch | None = None

"""The unified matcher, as a table of what Envoy 1.40.0 does."""

import json

import pytest

from osmscope.resources.matcher import Matcher, TypedExtensionConfig
from osmscope.resources.resource import decode
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.matcher_tree import MatcherInputs, MatcherResult, evaluate

TYPE = "type.googleapis.com/"
CONNECTION = Connection()


def action(name: str) -> dict[str, object]:
    return {"action": {"name": name, "typed_config": {"@type": f"{TYPE}a.Action"}}}


def header(name: str) -> dict[str, object]:
    type_ = f"{TYPE}envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
    return {"name": "h", "typed_config": {"@type": type_, "header_name": name}}


SOURCE_IP = {
    "typed_config": {
        "@type": f"{TYPE}envoy.extensions.matching.common_inputs.network.v3.SourceIPInput"
    }
}


def entry(name: str, value: str, on_match: dict[str, object]) -> dict[str, object]:
    single = {"input": header(name), "value_match": {"exact": value}}
    return {"predicate": {"single_predicate": single}, "on_match": on_match}


def listed(*entries: dict[str, object]) -> dict[str, object]:
    return {"matcher_list": {"matchers": list(entries)}}


def nested(name: str) -> dict[str, object]:
    """Lead to an action where header y is 1, else to nothing."""
    return {"matcher": listed(entry("y", "1", action(name)))}


def tree(kind: str, on: object = None, **keys: object) -> dict[str, object]:
    return {"matcher_tree": {"input": on or header("x"), kind: {"map": keys}}}


def custom(type_: str, on: object = None, **config: object) -> dict[str, object]:
    typed = {"@type": f"{TYPE}{type_}", **config}
    matcher = {"input": on or header("x"), "custom_match": {"name": "c", "typed_config": typed}}
    return {"matcher_tree": matcher}


def ranges(*entries: tuple[str, dict[str, object], bool], on: object = None) -> dict[str, object]:
    matchers = []
    for cidr, on_match, exclusive in entries:
        prefix, _, length = cidr.partition("/")
        span = {"address_prefix": prefix, "prefix_len": int(length)}
        matchers.append({"ranges": [span], "on_match": on_match, "exclusive": exclusive})
    return custom("xds.type.matcher.v3.IPMatcher", on, range_matchers=matchers)


def domains(on: object = None, **entries: dict[str, object]) -> dict[str, object]:
    matchers = [{"domains": [name], "on_match": to} for name, to in entries.items()]
    return custom("xds.type.matcher.v3.ServerNameMatcher", on, domain_matchers=matchers)


def ask(config: dict[str, object], **headers: str) -> MatcherResult:
    request = Request(connection=CONNECTION, headers=Headers.of(headers.items()))
    matcher = decode(Matcher, json.dumps(config).encode(), "test")
    return evaluate(matcher, MatcherInputs(connection=CONNECTION, request=request))


def name_of(config: TypedExtensionConfig | None) -> str | None:
    return config.name if config is not None else None


ELSE = {"on_no_match": action("else")}
IN_ORDER = listed(entry("x", "1", nested("first")), entry("x", "1", action("second")))
EXACT = tree("exact_match_map", **{"1": nested("one"), "": action("empty"), "2": action("two")})
PREFIX = tree("prefix_match_map", a=action("a"), ab=nested("ab"))
KEEPING = listed(entry("x", "1", {**action("kept"), "keep_matching": True}))
WIDE = ("10.0.0.0/8", action("wide"), False)
NARROW = ("10.1.0.0/16", nested("narrow"), False)
EXCLUSIVE = ("10.0.0.0/8", action("exclusive"), True)
NAMES = domains(
    **{
        "a.example.com": nested("exact"),
        "*.example.com": action("suffix"),
        "*.com": action("com"),
        "*": action("star"),
    }
)


@pytest.mark.parametrize(
    ("config", "headers", "found"),
    [
        ({}, {}, None),
        (ELSE, {}, "else"),
        (IN_ORDER, {"x": "1", "y": "1"}, "first"),
        (IN_ORDER, {"x": "1"}, "second"),
        (IN_ORDER, {"x": "2"}, None),
        ({**IN_ORDER, **ELSE}, {"x": "2"}, "else"),
        ({**listed(entry("x", "1", nested("n"))), **ELSE}, {"x": "1"}, "else"),
        (KEEPING, {"x": "1"}, None),
        ({**KEEPING, **ELSE}, {"x": "1"}, "else"),
        (listed({"predicate": {}, "on_match": action("a")}), {}, None),
        (listed({"predicate": {"and_matcher": {}}, "on_match": action("a")}), {}, "a"),
        ({**EXACT, **ELSE}, {"x": "2"}, "two"),
        ({**EXACT, **ELSE}, {"x": "1", "y": "1"}, "one"),
        ({**EXACT, **ELSE}, {"x": "1"}, "else"),
        ({**EXACT, **ELSE}, {"x": "3"}, "else"),
        ({**EXACT, **ELSE}, {}, "else"),
        (EXACT, {"x": ""}, "empty"),
        (EXACT, {"x": "3"}, None),
        (PREFIX, {"x": "abc", "y": "1"}, "ab"),
        (PREFIX, {"x": "abc"}, "a"),
        (PREFIX, {"x": "ab", "y": "1"}, "ab"),
        (PREFIX, {"x": "b"}, None),
        ({**PREFIX, **ELSE}, {"x": "b"}, "else"),
        ({**PREFIX, **ELSE}, {"x": ""}, "else"),
        ({**PREFIX, **ELSE}, {}, "else"),
        (tree("prefix_match_map", **{"": action("any")}), {"x": "b"}, "any"),
        (ranges(WIDE, NARROW), {"x": "10.1.2.3", "y": "1"}, "narrow"),
        (ranges(WIDE, NARROW), {"x": "10.1.2.3"}, "wide"),
        (ranges(WIDE, NARROW), {"x": "10.2.2.3"}, "wide"),
        (ranges(WIDE, NARROW), {"x": "::1"}, None),
        (ranges(WIDE, NARROW), {"x": "junk"}, None),
        (ranges(WIDE, NARROW), {"x": "10.1.2.3:80"}, None),
        (ranges(EXCLUSIVE, NARROW), {"x": "10.1.2.3"}, None),
        (ranges(EXCLUSIVE, NARROW), {"x": "10.2.2.3"}, "exclusive"),
        (ranges(WIDE, EXCLUSIVE), {"x": "10.1.2.3"}, "wide"),
        (ranges(EXCLUSIVE, WIDE), {"x": "10.1.2.3"}, "exclusive"),
        ({**ranges(WIDE), **ELSE}, {"x": "11.0.0.1"}, "else"),
        (NAMES, {"x": "a.example.com", "y": "1"}, "exact"),
        (NAMES, {"x": "a.example.com"}, "suffix"),
        (NAMES, {"x": "A.example.com"}, "suffix"),
        (NAMES, {"x": "a.b.example.com"}, "suffix"),
        (NAMES, {"x": ".example.com"}, "suffix"),
        (NAMES, {"x": "example.com"}, "com"),
        (NAMES, {"x": "z"}, "star"),
        (NAMES, {"x": ""}, None),
        (NAMES, {}, None),
    ],
)
def test_matcher(config: dict[str, object], headers: dict[str, str], found: str | None) -> None:
    result = ask(config, **headers)
    assert name_of(result.action) == found
    assert not result.missing


ANY_CUSTOM = custom("a.Tree")
BY_SOURCE = tree("exact_match_map", SOURCE_IP, **{"1.2.3.4": action("one")})


@pytest.mark.parametrize(
    ("kind", "value", "possible"),
    [
        ("exact_match_map", "a", ("known",)),
        ("exact_match_map", "b", ("secret", "else")),
        ("prefix_match_map", "ab", ("secret", "known")),
        ("prefix_match_map", "b", ("secret", "else")),
    ],
)
def test_a_key_that_was_redacted_may_fit(kind: str, value: str, possible: tuple[str, ...]) -> None:
    keys = {"[redacted] 1": action("secret"), "a": action("known")}
    result = ask({**tree(kind, **keys), **ELSE}, x=value)
    found = tuple(map(name_of, result.possible)) or (name_of(result.action),)
    assert found == possible
    missing = 'the redacted text that header "x" is held against'
    assert result.missing == ("" if len(possible) == 1 else missing)


@pytest.mark.parametrize(
    ("config", "possible", "missing"),
    [
        (BY_SOURCE, ("one", None), "the source IP"),
        ({**BY_SOURCE, **ELSE}, ("one", "else"), "the source IP"),
        (tree("prefix_match_map", SOURCE_IP, a=nested("n")), (None,), ""),
        (ranges(WIDE, on=SOURCE_IP), ("wide", None), "the source IP"),
        (domains(on=SOURCE_IP, a=action("a")), ("a", None), "the source IP"),
        ({**tree("exact_match_map", SOURCE_IP, a=action("else")), **ELSE}, ("else",), ""),
        ({**tree("exact_match_map", SOURCE_IP), **ELSE}, ("else",), ""),
        (ANY_CUSTOM, (), "what the matcher a.Tree decides"),
        ({**ANY_CUSTOM, **ELSE}, (), "what the matcher a.Tree decides"),
        (
            custom("envoy.extensions.matching.input_matchers.ip.v3.Ip"),
            (),
            "what the matcher IpInputMatcher decides",
        ),
    ],
)
def test_unknown_inputs_are_followed_both_ways(
    config: dict[str, object], possible: tuple[str | None, ...], missing: str
) -> None:
    result = ask(config)
    assert result.missing == missing
    if missing:
        assert tuple(map(name_of, result.possible)) == possible
        assert result.action is None
    else:
        assert name_of(result.action) == possible[0]


def test_a_predicate_that_is_unknown_does_not_hide_what_comes_after() -> None:
    unknown = {"predicate": {"single_predicate": {"input": SOURCE_IP}}, "on_match": action("first")}
    result = ask(listed(unknown, entry("x", "1", action("second"))), x="1")
    assert result.missing == "the source IP"
    assert list(map(name_of, result.possible)) == ["first", "second"]


def test_actions_that_do_not_count_are_passed_over() -> None:
    matcher = decode(Matcher, json.dumps({**PREFIX, **ELSE}).encode(), "test")
    request = Request(connection=CONNECTION, headers=Headers.of([("x", "abc"), ("y", "1")]))
    inputs = MatcherInputs(connection=CONNECTION, request=request)
    assert name_of(evaluate(matcher, inputs, lambda found: found.name != "ab").action) == "a"
    assert name_of(evaluate(matcher, inputs, lambda found: found.name == "else").action) == "else"


@pytest.mark.parametrize(
    ("config", "headers", "trail"),
    [
        (
            IN_ORDER,
            {"x": "1"},
            ('header "x" "1" equals "1"', 'header "y" is absent', 'header "x" "1" equals "1"'),
        ),
        (EXACT, {"x": "2"}, ('header "x" is "2"',)),
        (EXACT, {"x": "3"}, ('header "x" "3" fits no key',)),
        (EXACT, {}, ('header "x" is absent',)),
        (PREFIX, {"x": "ad"}, ('header "x" "ad" starts with "a"',)),
        (ranges(WIDE), {"x": "10.1.2.3"}, ('header "x" 10.1.2.3 is in 10.0.0.0/8',)),
        (NAMES, {"x": "z"}, ('header "x" "z" is of the domain "*"',)),
    ],
)
def test_the_trail_tells_what_was_tried(
    config: dict[str, object], headers: dict[str, str], trail: tuple[str, ...]
) -> None:
    assert ask(config, **headers).trail == trail

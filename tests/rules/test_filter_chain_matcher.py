"""`filter_chain_matcher`: what it answers for a connection."""

import json

import msgspec
import pytest

from osmscope.errors import DumpError
from osmscope.resources.matcher import Matcher, MatcherTree, MatchMap, OnMatch, TypedExtensionConfig
from osmscope.rules.facts import Connection
from osmscope.rules.filter_chain_matcher import MatcherVerdict, choose_by_matcher


def extension(type_name: str, **fields: str) -> TypedExtensionConfig:
    body = {"@type": f"type.googleapis.com/{type_name}", **fields}
    return TypedExtensionConfig(typed_config=msgspec.Raw(json.dumps(body).encode()))


def names(chain: str) -> OnMatch:
    return OnMatch(action=extension("google.protobuf.StringValue", value=chain))


BY_PORT = Matcher(
    matcher_tree=MatcherTree(
        input=extension("envoy.extensions.matching.common_inputs.network.v3.DestinationPortInput"),
        exact_match_map=MatchMap(
            map={
                "80": names("http"),
                "81": OnMatch(action=extension("some.Action")),
                "82": OnMatch(action=TypedExtensionConfig(name="by name")),
            }
        ),
    )
)


@pytest.mark.parametrize(
    ("port", "name", "missing"),
    [
        (80, "http", ""),
        (443, None, ""),
        (81, None, "what the action some.Action chooses"),
        (82, None, "what the action by name chooses"),
    ],
)
def test_the_matcher_names_a_chain_or_nothing(port: int, name: str | None, missing: str) -> None:
    verdict = choose_by_matcher(BY_PORT, Connection(destination_port=port))
    assert (verdict.name, verdict.missing) == (name, missing)
    assert verdict.trail


@pytest.mark.parametrize(("port", "missing"), [("80", True), ("443", False), (None, True)])
def test_an_entry_that_keeps_matching_crashes_envoy(port: str | None, missing: bool) -> None:
    kept = OnMatch(action=names("http").action, keep_matching=True)
    tree = BY_PORT.matcher_tree
    assert tree is not None
    if port is None:
        matcher = Matcher(on_no_match=kept)
    else:
        keyed = msgspec.structs.replace(tree, exact_match_map=MatchMap(map={port: kept}))
        matcher = Matcher(matcher_tree=keyed)
    verdict = choose_by_matcher(matcher, Connection(destination_port=80))
    assert verdict.name is None
    assert ("keep_matching" in verdict.missing) is missing


def test_a_name_that_is_no_text_is_an_error_of_the_dump() -> None:
    action = extension("google.protobuf.StringValue", value=True)  # type: ignore[arg-type]
    with pytest.raises(DumpError, match="the name of a filter chain cannot be read"):
        choose_by_matcher(Matcher(on_no_match=OnMatch(action=action)), Connection())


def test_an_unknown_input_is_unknown() -> None:
    verdict = choose_by_matcher(BY_PORT, Connection())
    assert verdict.name is None
    assert "destination port" in verdict.missing


def test_an_empty_matcher_leads_to_nothing() -> None:
    assert choose_by_matcher(Matcher(), Connection()) == MatcherVerdict()

"""Clusters that an extension chooses, as Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.route import ClusterSpecifierPlugin
from osmscope.rules.cluster_specifier import SpecifiedCluster, specify_cluster
from osmscope.rules.facts import Connection, Headers, Request

EXTENSIONS = "type.googleapis.com/envoy.extensions.router.cluster_specifiers"


def typed(type_url: str, **fields: object) -> dict[str, object]:
    return {"name": "m", "typed_config": {"@type": type_url, **fields}}


def by_header(action_type: str = "matcher.v3.ClusterAction") -> ClusterSpecifierPlugin:
    """Return a plugin that chooses cluster c1 where the header x-c is there."""
    header = typed(
        "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name="x-c"
    )
    found = {"action": typed(f"{EXTENSIONS}.{action_type}", cluster="c1")}
    tree = {"input": header, "prefix_match_map": {"map": {"": found}}}
    return plugin("matcher.v3.MatcherClusterSpecifier", cluster_matcher={"matcher_tree": tree})


def plugin(kind: str, **fields: object) -> ClusterSpecifierPlugin:
    body = msgspec.json.encode(typed(f"{EXTENSIONS}.{kind}", **fields))
    return ClusterSpecifierPlugin(extension=msgspec.json.decode(body, type=TypedExtensionConfig))


def request(*headers: tuple[str, str]) -> Request:
    return Request(connection=Connection(), headers=Headers.of(headers))


def test_the_matcher_names_the_cluster() -> None:
    assert specify_cluster(by_header(), request(("x-c", "1"))).name == "c1"


def test_a_matcher_that_leads_nowhere_names_none() -> None:
    assert specify_cluster(by_header(), request()) == SpecifiedCluster(
        reason='the cluster specifier plugin "m" leads to no cluster'
    )


@pytest.mark.parametrize(
    "unknown", [plugin("lua.v3.LuaConfig"), by_header("matcher.v3.UnheardAction")]
)
def test_what_is_not_modelled_is_unknown(unknown: ClusterSpecifierPlugin) -> None:
    assert specify_cluster(unknown, request(("x-c", "1"))) == SpecifiedCluster(
        missing='the cluster that the cluster specifier plugin "m" chooses'
    )


def test_an_input_that_is_not_known_is_named() -> None:
    address = typed(
        "type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.DestinationIPInput"
    )
    found = {"action": typed(f"{EXTENSIONS}.matcher.v3.ClusterAction", cluster="c1")}
    tree = {"input": address, "prefix_match_map": {"map": {"": found}}}
    chosen = plugin("matcher.v3.MatcherClusterSpecifier", cluster_matcher={"matcher_tree": tree})
    assert specify_cluster(chosen, request()) == SpecifiedCluster(missing="the destination IP")

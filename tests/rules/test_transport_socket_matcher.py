"""The matcher of transport sockets, as a table of what Envoy 1.40.0 chooses."""

import msgspec
import pytest

from osmscope.resources.matcher import Matcher
from osmscope.rules.hosts import Host
from osmscope.rules.transport_socket_matcher import named_socket

TYPES = "type.googleapis.com/envoy.extensions.matching.common_inputs.transport_socket.v3"
LB = "envoy.lb"

Json = dict[str, object]


def reading(kind: str, **fields: object) -> Json:
    return {"name": "i", "typed_config": {"@type": f"{TYPES}.{kind}", **fields}}


def of_endpoint(*path: str, **fields: object) -> Json:
    return reading("EndpointMetadataInput", path=[{"key": key} for key in path], **fields)


def of_locality(*path: str) -> Json:
    return reading("LocalityMetadataInput", path=[{"key": key} for key in path])


def naming(name: str) -> Json:
    config = {"@type": f"{TYPES}.TransportSocketNameAction", "name": name}
    return {"action": {"name": "a", "typed_config": config}}


def lookup(source: Json, *keys: str) -> Matcher:
    """A tree that names each of these values after itself."""
    found = {"map": {key: naming(f"is {key}") for key in keys}}
    tree = {"matcher_tree": {"input": source, "exact_match_map": found}}
    return msgspec.json.decode(msgspec.json.encode(tree), type=Matcher)


@pytest.mark.parametrize(
    ("source", "key", "metadata", "fits"),
    [
        (of_endpoint("k"), "x", {LB: {"k": "x"}}, True),
        (of_endpoint("k"), "x", {LB: {"k": "y"}}, False),
        (of_endpoint("k"), "1", {LB: {"k": 1}}, True),
        (of_endpoint("k"), "true", {LB: {"k": True}}, True),
        (of_endpoint("k"), "null", {LB: {"k": None}}, True),
        (of_endpoint("k"), '[1,"a"]', {LB: {"k": [1, "a"]}}, True),
        (of_endpoint("k"), '{"a":2,"b":1}', {LB: {"k": {"b": 1, "a": 2}}}, True),
        (of_endpoint("k"), "", {LB: {"k": ""}}, False),
        (of_endpoint("other"), "null", {LB: {"k": "x"}}, True),
        (of_endpoint("k", "deeper"), "null", {LB: {"k": "x"}}, True),
        (of_endpoint(), "null", {LB: {"k": "x"}}, True),
        (of_endpoint("k"), "null", {}, False),
        (of_endpoint("a", "b", filter="f"), "x", {"f": {"a": {"b": "x"}}}, True),
        (of_locality("k"), "x", {LB: {"k": "x"}}, False),
    ],
)
def test_metadata_of_the_endpoint(source: Json, key: str, metadata: Json, fits: bool) -> None:
    host = msgspec.convert({"address": "10.0.0.1:80", "metadata": metadata}, Host)
    assert named_socket(lookup(source, key), host).name == (f"is {key}" if fits else "")


def test_metadata_of_the_locality() -> None:
    host = Host(address="10.0.0.1:80", locality_metadata={LB: {"k": "x"}})
    assert named_socket(lookup(of_locality("k"), "x"), host).name == "is x"
    assert named_socket(lookup(of_endpoint("k"), "x"), host).name == ""


def test_other_actions_name_nothing() -> None:
    config = {"@type": "type.googleapis.com/a.B"}
    tree = {"on_no_match": {"action": {"name": "a", "typed_config": config}}}
    matcher = msgspec.json.decode(msgspec.json.encode(tree), type=Matcher)
    assert named_socket(matcher, Host(address="10.0.0.1:80")).name == ""


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        (of_endpoint("k"), 'the endpoint metadata "k" of "envoy.lb"'),
        (of_locality("k"), 'the locality metadata "k" of "envoy.lb"'),
        (reading("FilterStateInput", key="k"),
         'the filter state "k", which is shared with the endpoint'),
        (reading("Other"), f"what the input {TYPES.partition('/')[2]}.Other gives"),
    ],
)  # fmt: skip
def test_what_is_not_known(source: Json, missing: str) -> None:
    host = Host(address="10.0.0.9:80", is_assigned=False)
    assert named_socket(lookup(source, "x"), host).missing == missing

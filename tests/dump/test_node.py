import json

import msgspec
import pytest

from osmscope.dump.gaps import Gap
from osmscope.dump.node import Node, read_node


def read(node: object) -> Node:
    gaps: list[Gap] = []
    found = read_node(msgspec.Raw(json.dumps({"node": node}).encode()), gaps=gaps)
    assert gaps == []
    return found


@pytest.mark.parametrize(
    ("node", "version"),
    [
        (
            {
                "user_agent_build_version": {
                    "version": {"major_number": 1, "minor_number": 18, "patch": 3}
                }
            },
            "1.18.3",
        ),
        (
            {"user_agent_build_version": {"version": {"major_number": 1, "minor_number": 40}}},
            "1.40.0",
        ),
        ({"user_agent_version": "1.2.3"}, "1.2.3"),
        ({"build_version": "abc/1.13.0/Clean/RELEASE/BoringSSL"}, "1.13.0"),
        ({}, ""),
    ],
)
def test_the_version_is_told_by_whichever_field_has_it(node: object, version: str) -> None:
    assert read(node).version == version


def test_a_node_tells_who_it_is() -> None:
    node = read({"id": "i", "cluster": "c", "locality": {"zone": "z"}, "metadata": {"a": 1}})
    assert (node.id, node.cluster) == ("i", "c")
    assert node.locality is not None
    assert node.metadata is not None
    assert bytes(node.locality) == b'{"zone": "z"}'
    assert bytes(node.metadata) == b'{"a": 1}'
    assert read({}).locality is None


def test_no_bootstrap_is_an_empty_node() -> None:
    assert read_node(None, gaps=[]) == Node()


def test_a_node_of_another_type_is_a_gap() -> None:
    gaps: list[Gap] = []
    assert read_node(msgspec.Raw(b'{"node": 3}'), gaps=gaps) == Node()
    assert [gap.path for gap in gaps] == ["bootstrap.node"]

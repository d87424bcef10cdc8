"""Where an ORIGINAL_DST cluster sends to, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.cluster import Cluster
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.original_dst import destination

CONNECTION = Connection(
    destination_ip="10.0.0.1", destination_port=80, metadata={"ns": {"a": {"b": "4.4.4.4:4"}}}
)


def cluster(**config: object) -> Cluster:
    return msgspec.convert({"type": "ORIGINAL_DST", "original_dst_lb_config": config}, Cluster)


def request(*headers: tuple[str, str], **facts: object) -> Request:
    plain = Request(connection=CONNECTION, headers=Headers.of(headers))
    return msgspec.structs.replace(plain, **facts)


@pytest.mark.parametrize(
    ("config", "value", "address"),
    [
        ({}, "9.9.9.9:9", "10.0.0.1:80"),
        ({"use_http_header": True}, "9.9.9.9:9", "9.9.9.9:9"),
        ({"use_http_header": True}, "[::1]:9", "[::1]:9"),
        ({"use_http_header": True}, "9.9.9.9", "10.0.0.1:80"),
        ({"use_http_header": True}, "name:9", "10.0.0.1:80"),
        ({"use_http_header": True}, "9.9.9.9:99999", "10.0.0.1:80"),
        ({"use_http_header": True, "http_header_name": "x-to"}, "9.9.9.9:9", "10.0.0.1:80"),
        ({"use_http_header": True, "upstream_port_override": 7}, "9.9.9.9:9", "9.9.9.9:7"),
        ({"upstream_port_override": 7}, "", "10.0.0.1:7"),
    ],
)
def test_header(config: dict[str, object], value: str, address: str) -> None:
    asked = request(("x-envoy-original-dst-host", value))
    assert destination(cluster(**config), CONNECTION, asked).address == address


def test_a_header_of_another_name() -> None:
    config = cluster(use_http_header=True, http_header_name="x-to")
    assert destination(config, CONNECTION, request(("x-to", "9.9.9.9:9"))).address == "9.9.9.9:9"


KEYED = cluster(metadata_key={"key": "ns", "path": [{"key": "a"}, {"key": "b"}]})


@pytest.mark.parametrize(
    ("metadata", "address"),
    [
        ({"ns": {"a": {"b": "5.5.5.5:5"}}}, "5.5.5.5:5"),
        ({"ns": {"a": {"b": ["6.6.6.6:6", "5.5.5.5:5"]}}}, "6.6.6.6:6"),
        ({"ns": {"a": {"b": []}}}, "4.4.4.4:4"),
        ({"ns": {"a": 1}}, "4.4.4.4:4"),
        ({}, "4.4.4.4:4"),
    ],
)
def test_metadata_of_the_request_then_of_the_connection(
    metadata: dict[str, dict[str, object]], address: str
) -> None:
    assert destination(KEYED, CONNECTION, request(metadata=metadata)).address == address


def test_metadata_that_a_filter_may_have_left() -> None:
    connection = msgspec.structs.replace(CONNECTION, metadata={})
    asked = request(opaque_filters=("lua",))
    found = destination(KEYED, connection, asked)
    assert found.missing == "dynamic metadata 'ns', which lua may set"
    assert destination(KEYED, connection, request()).address == "10.0.0.1:80"


@pytest.mark.parametrize(
    ("connection", "restored", "address", "missing"),
    [
        (CONNECTION, True, "10.0.0.1:80", ""),
        (CONNECTION, False, None, ""),
        (Connection(), True, None, "the original destination"),
        (Connection(destination_ip="::1"), True, None, "the original destination"),
    ],
)
def test_destination_of_a_connection(
    connection: Connection, restored: bool, address: str | None, missing: str
) -> None:
    found = destination(Cluster(), connection, restored=restored)
    assert (found.address, found.missing) == (address, missing)


def test_a_cluster_type_of_its_own_holds_the_configuration() -> None:
    kind = "type.googleapis.com/envoy.extensions.clusters.original_dst.v3.OriginalDstCluster"
    config = {"@type": kind, "use_http_header": True, "upstream_port_override": 7}
    body = {"cluster_type": {"name": "x", "typed_config": config}}
    typed = msgspec.json.decode(msgspec.json.encode(body), type=Cluster)
    asked = request(("x-envoy-original-dst-host", "9.9.9.9:9"))
    assert destination(typed, CONNECTION, asked).address == "9.9.9.9:7"

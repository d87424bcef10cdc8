"""Filter state of a connection, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.filter_state import FilterStateValue
from osmscope.rules.facts import Connection, StateObject
from osmscope.rules.network_filters.set_filter_state import keep, take_server_name

CLUSTER = "envoy.tcp_proxy.cluster"
CONNECTION = Connection(
    source_ip="1.2.3.4",
    source_port=5,
    destination_ip="10.0.0.1",
    destination_port=80,
    detected_server_name="a.com",
    filter_state={"k": StateObject("old")},
)


def value(text: str, key: str = "k") -> FilterStateValue:
    source = {"text_format_source": {"inline_string": text}}
    fields = {"object_key": key, "factory_key": "envoy.string", "format_string": source}
    return msgspec.convert(fields, FilterStateValue)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%DOWNSTREAM_REMOTE_ADDRESS%", "1.2.3.4:5"),
        ("%DOWNSTREAM_LOCAL_PORT%", "80"),
        ("%REQUESTED_SERVER_NAME%", "a.com"),
        ("%REQ(:METHOD)%%PROTOCOL%%ROUTE_NAME%%UPSTREAM_CLUSTER%", "----"),
        ("%FILTER_STATE(k:PLAIN)%+", "old+"),
        ("%DOWNSTREAM_PEER_URI_SAN%/%RESPONSE_CODE%", "-/0"),
    ],
)
def test_format_strings_speak_of_the_connection(text: str, expected: str) -> None:
    kept = keep([value(text)], CONNECTION)
    assert kept.connection.filter_state == {"k": StateObject(expected)}
    assert kept.assumptions == ()


def test_what_envoy_itself_reads_is_named() -> None:
    kept = keep([value("true", "envoy.tcp_proxy.disable_tunneling")], CONNECTION)
    assert "disable_tunneling" in kept.assumptions[0]


def test_sni_cluster_makes_the_object_that_tcp_proxy_reads() -> None:
    made = take_server_name(CONNECTION).filter_state
    assert made == {"k": StateObject("old"), CLUSTER: StateObject("a.com", CLUSTER)}
    assert take_server_name(Connection()).filter_state == {}

"""The client's address, as a table of what Envoy 1.40.0 does for the peer 1.2.3.4."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.client_address import find_client
from osmscope.rules.facts import Connection, Headers

INTERNAL = {
    "cidr_ranges": [
        {"address_prefix": "10.0.0.0", "prefix_len": 8},
        {"address_prefix": "1.2.3.4", "prefix_len": 32},
    ]
}
DETECTION = "type.googleapis.com/envoy.extensions.http.original_ip_detection"


def hcm(**options: object) -> HttpConnectionManager:
    return msgspec.json.decode(msgspec.json.encode(options), type=HttpConnectionManager)


def headers(forwarded_for: str | None) -> Headers:
    return Headers.of([("x-forwarded-for", forwarded_for)] if forwarded_for is not None else [])


PEER = Connection(source_ip="1.2.3.4")


@pytest.mark.parametrize(
    ("hops", "forwarded_for", "remote", "internal"),
    [
        (0, None, "1.2.3.4", False),
        (0, "10.1.1.1", "10.1.1.1", True),
        (0, " 10.1.1.1 ", "10.1.1.1", True),
        (0, "9.9.9.9", "9.9.9.9", False),
        (0, "9.9.9.9, 8.8.8.8", "8.8.8.8", False),
        (0, "10.1.1.1,10.1.1.2", "10.1.1.2", False),
        (0, "junk", "1.2.3.4", False),
        (0, "9.9.9.9,", "1.2.3.4", False),
        (0, "10.1.1.1, ", "1.2.3.4", False),
        (0, "", "1.2.3.4", False),
        (0, "9.9.9.9:80", "1.2.3.4", False),
        (0, "[::1]", "1.2.3.4", False),
        (0, "::1", "::1", False),
        (0, "::ffff:10.0.0.1", "::ffff:10.0.0.1", False),
        (0, "::10.0.0.1", "::10.0.0.1", False),
        (0, "::5", "::5", False),
        (0, "FD00::0:A", "fd00::a", False),
        (1, "10.1.1.1", "1.2.3.4", False),
        (1, "10.9.9.9,10.1.1.1", "10.9.9.9", False),
        (1, "10.7.7.7,10.8.8.8,10.1.1.1", "10.8.8.8", False),
        (1, "9.9.9.9,junk", "9.9.9.9", False),
        (2, "10.7.7.7,10.8.8.8,10.1.1.1", "10.7.7.7", False),
        (2, "9.9.9.9,8.8.8.8", "1.2.3.4", False),
    ],
)
def test_without_use_remote_address(
    hops: int, forwarded_for: str | None, remote: str, internal: bool
) -> None:
    manager = hcm(xff_num_trusted_hops=hops, internal_address_config=INTERNAL)
    client = find_client(manager, PEER, headers(forwarded_for))
    assert (client.remote_ip, client.internal, client.edge) == (remote, internal, False)
    assert client.forwarded_for is None


@pytest.mark.parametrize(
    ("hops", "sent", "remote", "internal", "forwarded_for"),
    [
        (0, None, "1.2.3.4", True, "1.2.3.4"),
        (0, "", "1.2.3.4", False, "1.2.3.4"),
        (0, "10.1.1.1", "1.2.3.4", False, "10.1.1.1,1.2.3.4"),
        (0, "junk", "1.2.3.4", False, "junk,1.2.3.4"),
        (0, "9.9.9.9,", "1.2.3.4", False, "9.9.9.9,,1.2.3.4"),
        (1, None, "1.2.3.4", True, "1.2.3.4"),
        (1, "10.1.1.1", "10.1.1.1", False, "10.1.1.1,1.2.3.4"),
        (1, "10.9.9.9,10.1.1.1", "10.1.1.1", False, "10.9.9.9,10.1.1.1,1.2.3.4"),
        (1, "9.9.9.9,junk", "1.2.3.4", False, "9.9.9.9,junk,1.2.3.4"),
        (2, "10.1.1.1", "1.2.3.4", False, "10.1.1.1,1.2.3.4"),
        (2, "9.9.9.9,junk", "9.9.9.9", False, "9.9.9.9,junk,1.2.3.4"),
    ],
)
def test_with_use_remote_address(
    hops: int, sent: str | None, remote: str, internal: bool, forwarded_for: str
) -> None:
    manager = hcm(
        use_remote_address=True, xff_num_trusted_hops=hops, internal_address_config=INTERNAL
    )
    client = find_client(manager, PEER, headers(sent))
    assert (client.remote_ip, client.internal, client.edge) == (remote, internal, not internal)
    assert client.forwarded_for == forwarded_for


@pytest.mark.parametrize(
    ("fields", "sent", "by_header"),
    [
        ({}, None, False),
        ({}, "9.9.9.9", True),
        ({}, "junk", False),
        ({"use_remote_address": True}, "9.9.9.9", False),
        ({"use_remote_address": True, "xff_num_trusted_hops": 1}, "9.9.9.9", True),
        ({"use_remote_address": True, "xff_num_trusted_hops": 2}, "9.9.9.9", False),
    ],
)
def test_whether_a_header_names_the_client(
    fields: dict[str, object], sent: str | None, by_header: bool
) -> None:
    assert find_client(hcm(**fields), PEER, headers(sent)).by_header == by_header


def test_a_zone_is_what_the_machine_makes_of_it() -> None:
    client = find_client(hcm(), PEER, headers("fe80::1%eth0"))
    assert client.assumptions == ("the zone of the client's address stays a name",)


def test_nothing_is_internal_by_default() -> None:
    client = find_client(hcm(use_remote_address=True), PEER, headers(None))
    assert client.edge


@pytest.mark.parametrize(
    ("source", "words"),
    [("127.0.0.1", "the node's own address"), ("::1", "the node's own"), (None, "the source IP")],
)
def test_an_address_that_a_dump_does_not_hold(source: str | None, words: str) -> None:
    manager = hcm(use_remote_address=True, internal_address_config=INTERNAL)
    client = find_client(manager, Connection(source_ip=source), headers(None))
    assert client.forwarded_for is None
    assert words in client.assumptions[0]


@pytest.mark.parametrize("source", ["127.0.0.1", "::1"])
def test_a_loopback_client_is_forwarded_as_the_node_itself(source: str) -> None:
    connection = Connection(source_ip=source, node_ip="10.244.0.5")
    client = find_client(hcm(use_remote_address=True), connection, headers("9.9.9.9"))
    assert (client.remote_ip, client.forwarded_for) == (source, "9.9.9.9,10.244.0.5")
    assert not client.assumptions


def test_the_header_is_left_where_it_is_not_to_be_appended_to() -> None:
    manager = hcm(use_remote_address=True, skip_xff_append=True)
    assert find_client(manager, PEER, headers("9.9.9.9")).forwarded_for is None


@pytest.mark.parametrize(
    ("address", "internal"),
    [("10.1.1.1", True), ("172.31.0.1", True), ("172.32.0.1", False), ("127.0.0.1", True),
     ("127.0.0.2", False), ("fd00::1", True), ("fc00::1", False), ("::1", True)],
)  # fmt: skip
def test_without_ranges_private_addresses_are_internal(address: str, internal: bool) -> None:
    client = find_client(hcm(internal_address_config={}), PEER, headers(address))
    assert client.internal is internal


@pytest.mark.parametrize("sockets", [True, False])
def test_unix_sockets_are_internal_on_request(sockets: bool) -> None:
    manager = hcm(use_remote_address=True, internal_address_config={"unix_sockets": sockets})
    client = find_client(manager, Connection(is_ip=False), headers(None))
    assert client.internal is sockets
    assert client.assumptions == ()


def by_forwarded_for(**config: object) -> dict[str, object]:
    return {"name": "xff", "typed_config": {"@type": f"{DETECTION}.xff.v3.XffConfig", **config}}


def by_header(**config: object) -> dict[str, object]:
    kind = f"{DETECTION}.custom_header.v3.CustomHeaderConfig"
    return {"name": "ch", "typed_config": {"@type": kind, "header_name": "x-ip", **config}}


TRUSTED = {"cidrs": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]}


@pytest.mark.parametrize(
    ("extension", "sent", "remote"),
    [
        (by_forwarded_for(), "9.9.9.9,8.8.8.8", "8.8.8.8"),
        (by_forwarded_for(xff_num_trusted_hops=1), "9.9.9.9,8.8.8.8", "9.9.9.9"),
        (by_forwarded_for(), "junk", "1.2.3.4"),
        (by_forwarded_for(xff_trusted_cidrs=TRUSTED), "9.9.9.9,8.8.8.8,10.1.1.1", "1.2.3.4"),
        (by_forwarded_for(xff_trusted_cidrs={}), "9.9.9.9,8.8.8.8", "8.8.8.8"),
        (by_header(), "9.9.9.9", "1.2.3.4"),
    ],
)
def test_detection_by_forwarded_for(extension: dict[str, object], sent: str, remote: str) -> None:
    manager = hcm(original_ip_detection_extensions=[extension])
    assert find_client(manager, PEER, headers(sent)).remote_ip == remote


TRUSTED_PEER = {"cidrs": [*TRUSTED["cidrs"], {"address_prefix": "1.2.3.4", "prefix_len": 32}]}


@pytest.mark.parametrize(
    ("sent", "remote", "internal"),
    [
        ("9.9.9.9,8.8.8.8,10.1.1.1", "8.8.8.8", False),
        ("9.9.9.9,junk,10.1.1.1", "1.2.3.4", False),
        ("10.1.1.2,10.1.1.1", "10.1.1.2", False),
        ("10.1.1.1", "10.1.1.1", True),
    ],
)
def test_a_trusted_peer_names_the_client(sent: str, remote: str, internal: bool) -> None:
    extension = by_forwarded_for(xff_trusted_cidrs=TRUSTED_PEER)
    manager = hcm(original_ip_detection_extensions=[extension], internal_address_config={})
    client = find_client(manager, PEER, headers(sent))
    assert (client.remote_ip, client.internal) == (remote, internal)


@pytest.mark.parametrize(
    ("config", "forwarded_for"),
    [
        ({}, None),
        ({"skip_xff_append": False}, "9.9.9.9,1.2.3.4"),
        ({"skip_xff_append": True}, None),
        ({"xff_trusted_cidrs": TRUSTED}, "9.9.9.9,1.2.3.4"),
        ({"xff_trusted_cidrs": TRUSTED_PEER}, None),
    ],
)
def test_detection_by_forwarded_for_may_append(
    config: dict[str, object], forwarded_for: str | None
) -> None:
    manager = hcm(original_ip_detection_extensions=[by_forwarded_for(**config)])
    assert find_client(manager, PEER, headers("9.9.9.9")).forwarded_for == forwarded_for


@pytest.mark.parametrize(
    ("trusted", "value", "remote", "internal"),
    [
        (False, "10.5.5.5", "10.5.5.5", False),
        (True, "10.5.5.5", "10.5.5.5", True),
        (True, "9.5.5.5", "9.5.5.5", False),
    ],
)
def test_detection_by_header(trusted: bool, value: str, remote: str, internal: bool) -> None:
    extension = by_header(allow_extension_to_set_address_as_trusted=trusted)
    manager = hcm(original_ip_detection_extensions=[extension], internal_address_config=INTERNAL)
    client = find_client(manager, PEER, Headers.of([("x-ip", value)]))
    assert (client.remote_ip, client.internal) == (remote, internal)


@pytest.mark.parametrize(
    ("status", "code"),
    [({"code": "Unauthorized"}, 401), ({}, 403), ({"code": "OK"}, 403), ({"code": 503}, 503)],
)
def test_detection_by_header_may_refuse(status: dict[str, object], code: int) -> None:
    manager = hcm(original_ip_detection_extensions=[by_header(reject_with_status=status)])
    client = find_client(manager, PEER, Headers.of([("x-ip", "junk")]))
    assert client.reply is not None
    assert (client.reply.code, client.reply.flags) == (code, ())
    assert client.reply.details == "rejecting_because_detection_failed"


def test_an_unknown_detection_is_an_assumption() -> None:
    manager = hcm(original_ip_detection_extensions=[{"name": "mine"}])
    client = find_client(manager, PEER, headers(None))
    assert client.remote_ip == "1.2.3.4"
    assert client.assumptions == ('the IP detection "mine" finds no address',)


@pytest.mark.parametrize("value", [" 9.9.9.9", "9.9.9.9 ", " "])
def test_an_address_with_blanks_is_none(value: str) -> None:
    """HTTP/2 leaves them where HTTP/1 trims."""
    manager = hcm(original_ip_detection_extensions=[by_header(reject_with_status={"code": 503})])
    client = find_client(manager, PEER, Headers.of([("x-ip", value)]))
    assert client.reply is not None
    assert client.reply.code == 503

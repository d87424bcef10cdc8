"""Which requests a line may stand for."""

from __future__ import annotations

import json

import pytest

from osmscope.dump.sections import Dump
from osmscope.replay.asking import Asking
from osmscope.replay.configured import Configured
from osmscope.replay.logged import Logged
from osmscope.resources.proxy import Proxy
from osmscope.trace.completion import Completion
from osmscope.trace.inference import Destinations

OWN = "10.244.1.21"
ROOT = Logged(method="GET", path="/books?x=1", authority="bookstore.bookstore:14001")


@pytest.fixture(scope="module")
def proxy(mesh) -> Proxy:
    folder = mesh.folders[mesh.pod("bookstore-v1")]
    return Proxy(Dump.read((folder / "config_dump.json").read_bytes(), where="a dump"))


@pytest.fixture
def asking(proxy: Proxy) -> Asking:
    completion = Completion(Destinations(proxy), OWN)
    return Asking(proxy, completion, Configured(identities=("one", "two")), address=OWN)


def line(**fields: object) -> Logged:
    given = {name: getattr(ROOT, name) for name in ("method", "path", "authority")}
    return Logged(**{**given, **fields})


@pytest.mark.parametrize(
    ("fields", "direction"),
    [
        ({}, None),
        ({"cluster": "bookstore/bookstore|14001|local"}, "inbound"),
        ({"cluster": "bookstore/bookstore-v1-local"}, "inbound"),
        ({"cluster": "inbound|9080||"}, "inbound"),
        ({"cluster": "localhost:8080"}, "inbound"),
        ({"cluster": "local_app"}, "inbound"),
        ({"cluster": "bookwarehouse/bookwarehouse|14001"}, "outbound"),
        ({"server_name": "bookstore.bookstore.svc.cluster.local"}, "inbound"),
        ({"server_name": "example.com", "method": ""}, None),
        ({"peer_dns": "bookbuyer"}, "inbound"),
        ({"local_address": f"{OWN}:14001", "cluster": "metrics"}, "inbound"),
        ({"local_address": "10.96.0.1:14001"}, "outbound"),
    ],
)
def test_the_side_of_a_line(asking: Asking, fields: dict[str, str], direction: str) -> None:
    assert asking.direction(line(**fields)) == direction


def test_a_side_that_is_asked_for_counts(proxy: Proxy) -> None:
    completion = Completion(Destinations(proxy), OWN)
    asking = Asking(proxy, completion, Configured(), address=OWN, direction="inbound")
    assert asking.direction(line(cluster="outbound|80||a")) == "inbound"
    assert {one.request.direction for one in asking.readings(line())} == {"inbound"}


def test_the_logged_destination_is_asked_about(asking: Asking) -> None:
    first = next(asking.readings(line(local_address="10.96.1.1:80", cluster="a")))
    assert (first.request.dst_ip, first.request.dst_port) == ("10.96.1.1", 80)
    assert (first.request.tls, first.request.protocol, first.guess) == (False, "http/1.1", False)


def test_a_destination_that_is_not_logged_is_looked_up_and_others_are_guessed(
    asking: Asking,
) -> None:
    found = list(asking.readings(line(cluster="a", upstream_host="10.9.9.9:80")))
    outbound = [one for one in found if one.request.direction == "outbound"]
    assert not outbound[0].guess
    assert all(one.guess for one in found[1:])
    assert ("10.9.9.9", 80) in [(one.request.dst_ip, one.request.dst_port) for one in outbound]


def test_inbound_the_client_is_as_logged_or_anybody_whom_a_policy_names(asking: Asking) -> None:
    def names(**fields: object) -> list[object]:
        readings = asking.readings(
            line(server_name="bookstore.bookstore.svc.cluster.local", **fields)
        )
        return [
            one.request.client_certificate.dns_sans
            for one in readings
            if one.request.direction == "inbound" and not one.guess
        ]

    assert names() == [("one",), ("two",), ()]
    assert names(peer_dns="three") == [("three",)]
    assert names(peer_dns="") == [()]


def test_a_certificates_names_are_told_apart(asking: Asking) -> None:
    fields = {"peer_uri": "spiffe://a", "peer_dns": "b,c", "peer_subject": "CN=d,O=e"}
    (first, *_) = asking.readings(line(**fields))
    certificate = first.request.client_certificate
    assert certificate is not None
    assert certificate.uri_sans == ("spiffe://a",)
    assert (certificate.dns_sans, certificate.subject) == (("b", "c"), "CN=d,O=e")


def test_what_cannot_matter_is_left_out(asking: Asking) -> None:
    headers = (("user-agent", "curl"), ("x-request-id", "1"), ("x-unheard-of", "1"))
    essence = asking.essence(
        line(headers=headers, remote_address="10.0.0.1:1", start_time="now"),
    )
    assert (essence.path, essence.start_time, essence.remote_address) == ("/books", None, "")
    assert essence.headers == (("user-agent", "curl"), ("x-request-id", ""), ("x-unheard-of", ""))


@pytest.mark.parametrize(
    ("listener", "path", "address"),
    [
        ({}, "/books", ""),
        ({"source_prefix_ranges": []}, "/books", "10.0.0.1"),
        ({"sourcePorts": []}, "/books", "10.0.0.1:1"),
        ({"principals": [{"remote_ip": {}}]}, "/books", "10.0.0.1"),
        ({"query_parameters": []}, "/books?x=1", ""),
        ({"headers": [{"name": ":path"}]}, "/books?x=1", ""),
        ({"access_log": {"a": "%REQ(:PATH)%", "b": "%REQ(:AUTHORITY)%"}}, "/books", ""),
    ],
)
def test_what_the_dump_reads_is_kept(listener, path: str, address: str) -> None:
    body = {"name": "l", "x": listener}
    section = {
        "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
        "dynamic_listeners": [{"name": "l", "active_state": {"listener": body}}],
    }
    proxy = Proxy(Dump.read(json.dumps({"configs": [section]}).encode(), where="a dump"))
    asking = Asking(proxy, Completion(Destinations(proxy)), Configured())
    essence = asking.essence(line(remote_address="10.0.0.1:1"))
    assert (essence.path, essence.remote_address) == (path, address)


def test_a_connection_is_asked_about_as_one(asking: Asking) -> None:
    given = Logged(cluster="a", server_name="example.com", local_address="10.9.9.9:443")
    first = next(asking.readings(given))
    assert (first.request.protocol, first.request.sni, first.request.tls) == (
        "tcp",
        "example.com",
        True,
    )


def test_text_that_is_no_address_is_none(asking: Asking) -> None:
    given = line(local_address="\x1b[31m:80", remote_address="a:b", upstream_host="%%:1")
    assert all(one.request.src_ip is None for one in asking.readings(given))

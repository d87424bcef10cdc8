from __future__ import annotations

from pathlib import Path

import pytest

from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.trace.completion import Completion
from osmscope.trace.inference import Destinations
from osmscope.trace.request import CertificateFacts, TraceRequest

PODS = Path(__file__).parents[2] / "fixtures/bookstore/pods"


def _completion(pod, address=""):
    path = next(PODS.glob(f"*/{pod}*/config_dump.json"))
    proxy = Proxy(Dump.read(path.read_bytes(), where=path.name))
    return Completion(Destinations(proxy), address)


@pytest.fixture(scope="module")
def client():
    return _completion("bookbuyer")


@pytest.fixture(scope="module")
def server():
    return _completion("bookstore-v1", "10.244.1.21")


def _destination(completion, **fields):
    request, _ = completion.complete(TraceRequest(**fields))
    return request.dst_ip, request.dst_port


@pytest.mark.parametrize(
    ("fields", "destination"),
    [
        ({"host": "bookstore.bookstore:14001"}, ("10.96.18.11", 14001)),
        ({"host": "bookstore.bookstore"}, ("10.96.18.11", 14001)),
        ({"host": "10.0.0.1:81"}, ("10.0.0.1", 81)),
        ({"host": "[fd00::1]"}, ("fd00::1", 80)),
        ({"host": "bookstore.bookstore", "dst_port": 5}, ("10.96.18.11", 5)),
        ({"host": "x.org", "tls": True}, ("192.0.2.1", 443)),
        ({"host": "x.org"}, ("192.0.2.1", 80)),
        ({"host": "a", "dst_ip": "10.9.9.9"}, ("10.9.9.9", None)),
        ({}, (None, None)),
    ],
)
def test_an_outbound_destination_is_looked_up_only_where_none_is_given(client, fields, destination):
    assert _destination(client, **fields) == destination


def test_an_assumed_port_is_told(client):
    _, found = client.complete(TraceRequest(host="x.org"))
    assert found.notes[-1] == "port 80 is assumed: neither the request nor the dump names one"


def test_inbound_the_client_is_taken_for_one_of_the_mesh(server):
    request, found = server.complete(TraceRequest(direction="inbound", host="bookstore.bookstore"))
    assert (request.dst_ip, request.dst_port) == ("10.244.1.21", 14001)
    assert (request.tls, request.alpn) == (True, ("osm",))
    assert request.sni == "bookstore-v1.bookstore.svc.cluster.local"
    assert found.assumed
    assert "trusted certificate without names" in found.notes[-1]


def test_a_certificate_that_is_named_is_no_assumption(server):
    certificate = CertificateFacts(dns_sans=("bookbuyer.bookbuyer.cluster.local",))
    request, found = server.complete(
        TraceRequest(
            direction="inbound", host="bookstore.bookstore", client_certificate=certificate
        )
    )
    assert request.client_certificate == certificate
    assert not found.assumed


def test_inbound_nothing_that_was_typed_is_overridden(server):
    asked = TraceRequest(direction="inbound", host="a", dst_port=14001, sni="x", alpn=("h2",))
    request, _ = server.complete(asked)
    assert (request.sni, request.alpn, request.dst_port) == ("x", ("h2",), 14001)


def test_inbound_plain_text_stays_plain(server):
    asked = TraceRequest(direction="inbound", host="bookstore.bookstore:14001", tls=False)
    request, found = server.complete(asked)
    assert (request.tls, request.sni, found.assumed) == (False, None, False)


def test_the_batch_form_takes_an_inbound_request_at_its_word():
    path = next(PODS.glob("*/bookstore-v1*/config_dump.json"))
    proxy = Proxy(Dump.read(path.read_bytes(), where=path.name))
    completion = Completion(Destinations(proxy), "10.244.1.21", as_mesh_client=False)
    request = TraceRequest(direction="inbound", host="bookstore:14001", dst_port=14001)
    completed, found = completion.complete(request)
    assert (completed.starts_tls, completed.sni, found.assumed) == (False, None, False)


@pytest.mark.parametrize(
    ("pod_ip", "typed", "node_ip"),
    [
        ("10.244.0.5", None, "10.244.0.5"),
        ("10.244.0.5", "10.0.0.1", "10.0.0.1"),
        ("fd00::5", None, None),
        ("", None, None),
    ],
)
@pytest.mark.parametrize("direction", ["outbound", "inbound"])
def test_envoy_calls_itself_by_the_ipv4_address_of_its_pod(direction, pod_ip, typed, node_ip):
    completion = _completion("bookbuyer", pod_ip)
    request = TraceRequest(direction=direction, dst_ip="10.0.0.9", dst_port=80, node_ip=typed)
    assert completion.complete(request)[0].node_ip == node_ip


def test_a_port_that_is_not_said_is_the_hosts(client):
    completed, _ = client.complete(TraceRequest(host="a:81", dst_ip="10.0.0.1"))
    assert completed.dst_port == 81

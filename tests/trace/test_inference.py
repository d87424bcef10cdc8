from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.source.kubernetes_lists import Service, ServicePort
from osmscope.trace.inference import Destinations, infer_destination

PODS = Path(__file__).parents[2] / "fixtures/bookstore/pods"
SERVICE = Service(
    namespace="bookstore", name="bookstore", cluster_ip="10.1.1.1", ports=(ServicePort(port=14001),)
)


def _proxy(pattern):
    path = next(PODS.glob(f"*/{pattern}*/config_dump.json"))
    return Proxy(Dump.read(path.read_bytes(), where=path.name))


@pytest.fixture(scope="module")
def bookbuyer():
    return _proxy("bookbuyer")


def _listener(*chains, **fields):
    return {"name": "out", "traffic_direction": "OUTBOUND", "filter_chains": list(chains)} | {
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": 15001}},
        "use_original_dst": True,
    } | fields  # fmt: skip


def _chain(name, table, port=80, prefix="10.0.0.1", length=32, **match):
    kind = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    ranges = [{"address_prefix": prefix, "prefix_len": length}] if prefix else []
    return {
        "name": name,
        "filter_chain_match": {"destination_port": port, "prefix_ranges": ranges} | match,
        "filters": [
            {"name": "hcm", "typed_config": {
                "@type": f"type.googleapis.com/{kind}",
                "route_config": {"name": table, "virtual_hosts": [
                    {"name": table, "domains": [table, f"{table}:{port}", "*.wild", "pre.*"]}
                ]},
            }}
        ],
    }  # fmt: skip


def _made(*listeners):
    dump = {
        "configs": [
            {
                "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
                "static_listeners": [{"listener": listener} for listener in listeners],
            }
        ]
    }
    return Proxy(Dump.read(msgspec.json.encode(dump), where="made"))


def test_a_short_name_of_another_namespace_stands_for_its_full_one():
    found = Destinations(_made(), [SERVICE], "bookbuyer").find("bookstore", 14001)
    assert (found.dst_ip, found.host) == ("10.1.1.1", "bookstore.bookstore")
    assert "namespace bookbuyer has no service bookstore" in found.notes[0]


def test_a_short_name_that_several_namespaces_have_stands_for_none():
    other = msgspec.structs.replace(SERVICE, namespace="other")
    assert Destinations(_made(), [SERVICE, other], "bookbuyer").find("bookstore", 1).host == ""


@pytest.mark.parametrize(
    ("host", "namespace", "found"),
    [
        ("bookstore", "bookstore", True),
        ("bookstore.bookstore", "x", True),
        ("bookstore.bookstore.svc", "", True),
        ("Bookstore.Bookstore.svc.cluster.local.", "", True),
        ("bookstore.other", "bookstore", False),
        ("bookstore.bookstore.org", "bookstore", False),
    ],
)
def test_a_service_is_found_as_a_resolver_does(bookbuyer, host, namespace, found):
    inference = infer_destination(bookbuyer, [SERVICE], host, 14001, namespace)
    assert (inference.dst_ip == "10.1.1.1") is found


def test_the_only_port_of_a_service_is_its_port(bookbuyer):
    found = infer_destination(bookbuyer, [SERVICE], "bookstore.bookstore", None)
    assert (found.dst_ip, found.dst_port) == ("10.1.1.1", 14001)
    assert found.notes[1] == "its only port is 14001"


def test_a_port_that_a_service_does_not_have_is_told(bookbuyer):
    found = infer_destination(bookbuyer, [SERVICE], "bookstore.bookstore", 9)
    assert found.dst_port == 9
    assert found.notes[1] == "it has no port 9, only 14001"


@pytest.mark.parametrize(
    ("pod", "host", "port", "address", "found_port"),
    [
        ("bookbuyer", "bookstore.bookstore", 14001, "10.96.18.11", 14001),
        ("bookbuyer", "bookstore.bookstore", None, "10.96.18.11", 14001),
        ("bookbuyer", "bookstore-v2.bookstore.svc.cluster.local", None, "10.96.18.22", 14001),
        ("bookbuyer", "bookstore", 14001, "10.96.18.11", 14001),
        ("bookbuyer", "bookstore.bookstore", 9999, "10.96.18.11", 9999),
        ("bookwarehouse", "mysql", None, "10.96.75.133", 3306),
        ("bookwarehouse", "mysql.bookwarehouse", 3306, "10.96.75.133", 3306),
    ],
)
def test_without_services_the_dump_tells_by_its_chains(pod, host, port, address, found_port):
    found = Destinations(_proxy(pod)).find(host, port)
    assert (found.dst_ip, found.dst_port, found.assumed) == (address, found_port, False)
    assert found.notes


def test_of_chains_to_one_table_the_one_named_after_the_service_is_meant(bookbuyer):
    found = Destinations(bookbuyer).find("bookstore.bookstore", 14001)
    assert "4 chains lead to its route table; this one is named after it" in found.notes


def test_a_host_that_nobody_knows_is_any_address_that_no_chain_names():
    found = Destinations(_made(_listener(_chain("a", "a", prefix="192.0.2.0", length=24)))).find(
        "x.org", 80
    )
    assert (found.dst_ip, found.assumed) == ("198.51.100.1", True)


def test_a_chain_without_an_address_serves_its_host_at_any():
    found = Destinations(_made(_listener(_chain("a", "web.org", prefix="")))).find("web.org", 80)
    assert (found.dst_ip, found.assumed) == ("192.0.2.1", False)


def test_a_listener_of_its_own_port_needs_no_address():
    listener = _listener(_chain("a", "reviews", port=None, prefix=""), use_original_dst=False)
    listener["address"]["socket_address"]["port_value"] = 9080
    found = Destinations(_made(listener)).find("reviews", None)
    assert (found.dst_ip, found.dst_port) == ("192.0.2.1", 9080)


def test_a_wide_range_is_stood_for_by_its_first_address():
    found = Destinations(_made(_listener(_chain("a", "a", prefix="10.1.2.3", length=16)))).find(
        "a", 80
    )
    assert found.dst_ip == "10.1.0.0"
    assert "takes all of 10.1.2.3/16" in found.notes[1]


def test_chains_that_lead_elsewhere_are_candidates():
    one, other = _chain("one", "a"), _chain("two", "a", prefix="10.0.0.2")
    other["filters"][0]["typed_config"]["route_config"]["name"] = "b"
    found = Destinations(_made(_listener(one, other))).find("a", 80)
    assert found.dst_ip is None
    assert len(found.candidates) == 2


def test_chains_that_lead_to_the_same_table_are_one_answer():
    chains = [_chain("one", "a"), _chain("two", "a", prefix="10.0.0.2")]
    found = Destinations(_made(_listener(*chains))).find("a", 80)
    assert found.dst_ip == "10.0.0.1"
    assert "2 chains lead to the same virtual host; the first stands for them" in found.notes


@pytest.mark.parametrize("host", ["x.wild", "pre.x"])
def test_wildcard_domains_serve_their_hosts(host):
    assert Destinations(_made(_listener(_chain("one", "a")))).find(host, 80).dst_ip == "10.0.0.1"


def test_an_inbound_listener_serves_no_outbound_host():
    listener = _listener(_chain("one", "a"), traffic_direction="INBOUND")
    assert Destinations(_made(listener)).find("a", 80).assumed


def test_any_host_is_one_that_is_served(bookbuyer):
    host = Destinations(bookbuyer).any_host()
    assert not infer_destination(bookbuyer, (), host, None).is_stand_in
    nothing = Proxy(Dump.read(b'{"configs": []}', where="a test"))
    assert Destinations(nothing).any_host() == ""

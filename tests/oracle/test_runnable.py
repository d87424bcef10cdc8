"""A copy has nothing in it that leaves loopback, and no key of the dump's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from osmscope.oracle.json_tree import nested
from osmscope.oracle.runnable import runnable
from osmscope.oracle.throw_away_keys import ThrowAwayKeys
from tests.trace import sidecars
from tests.trace.real_dumps import proxy_of, read

OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
CODEC = sidecars.extension("codec", f"{sidecars.HTTP}.upstream_codec.v3.UpstreamCodec")
WASM = sidecars.extension("w", f"{sidecars.HTTP}.wasm.v3.Wasm")


def copy_of(listeners=(), **fields):
    proxy = sidecars.tracer(sidecars.sections(listeners, **fields)).proxy
    return runnable(proxy, ThrowAwayKeys(), Path("/tmp"))


def http(*filters, **fields):
    return sidecars.listener(
        sidecars.chain(sidecars.manager(sidecars.EVERYTHING, *filters)), **fields
    )


def listeners_of(copy):
    return copy.bootstrap["static_resources"]["listeners"]


@pytest.mark.parametrize(
    "name", ["osm-0.9-bookbuyer", "osm-0.10-bookstore", "osm-1.1-curl-egress", "osm-1.1-httpbin-1"]
)
def test_nothing_in_a_copy_leaves_loopback(shared, name):
    dump = read(shared, name)
    copy = runnable(proxy_of(dump), ThrowAwayKeys(), Path("/tmp"))
    addresses = tuple(f"127.77.0.{number}:1" for number in range(len(copy.endpoints)))
    bootstrap = copy.with_addresses(addresses)
    for cluster in bootstrap["static_resources"]["clusters"]:
        assert cluster["type"] == "STATIC"
        for part in nested(cluster):
            if "socket_address" in part:
                assert part["socket_address"]["address"].startswith("127.77.")
    for listener in bootstrap["static_resources"]["listeners"]:
        address = listener["address"]["socket_address"]["address"]
        assert listener.get("bind_to_port") is False or address.startswith("127.76.")
    text = json.dumps(bootstrap)
    assert "sds_config" not in text
    assert '"ads"' not in text
    assert "inline_bytes" not in text


def test_a_filter_that_needs_somebody_else_is_taken_out_and_named():
    copy = copy_of([http(WASM, sidecars.deny())])
    assert copy.taken_out == ["HTTP filter w"]
    (listener,) = listeners_of(copy)
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    assert [one["name"] for one in manager["http_filters"]] == ["rbac", sidecars.ROUTER["name"]]


def test_a_proxy_header_replaces_what_the_kernel_knows():
    filters = [sidecars.ORIGINAL_DST, sidecars.TLS_INSPECTOR]
    (listener,) = listeners_of(copy_of([http(listener_filters=filters)]))
    kinds = [
        one["typed_config"]["@type"].rpartition(".")[2] for one in listener["listener_filters"]
    ]
    assert kinds == ["ProxyProtocol", "TlsInspector"]


def test_hand_over_finds_listeners_at_their_own_addresses():
    first = http(name="in", use_original_dst=True)
    copy = copy_of([first, http(name="x", at="10.0.0.1:80", bind_to_port=False), http(name="y")])
    found = {one["name"]: one.get("bind_to_port", True) for one in listeners_of(copy)}
    assert found == {
        copy.entries["in"]: True,
        "x (by hand-over)": False,
        copy.entries["y"]: True,
        "y (by hand-over)": False,
    }


@pytest.mark.parametrize(
    ("cluster", "real"),
    [
        (sidecars.cluster("a", "10.1.0.1:80", "10.1.0.2:80!"), ["10.1.0.1:80", "10.1.0.2:80"]),
        ({"name": "a", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"}, [""]),
        ({"name": "a", "type": "EDS"}, [""]),
        ({"name": "a", "type": "STATIC"}, []),
    ],
)
def test_endpoints_are_those_that_the_dump_tells(cluster, real):
    copy = copy_of(clusters=[cluster])
    assert copy.endpoints == real


def test_hashing_goes_by_the_real_address():
    copy = copy_of(clusters=[sidecars.cluster("a", lb_policy="RING_HASH")])
    hash_keys = [part["hash_key"] for part in nested(copy.bootstrap) if "hash_key" in part]
    assert hash_keys == ["10.1.0.1:80"]


def options_of(copy):
    (cluster,) = copy.bootstrap["static_resources"]["clusters"]
    return cluster.get("typed_extension_protocol_options", {}).get(OPTIONS)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (None, None),
        ({"auto_config": {}}, None),
        ({"hash_policy": [{"terminal": True}]}, {"hash_policy": [{"terminal": True}]}),
        ({"http_filters": [WASM, CODEC]}, {"http_filters": [CODEC]}),
    ],
)
def test_what_a_cluster_says_of_requests_is_kept(options, kept):
    given = {} if options is None else {OPTIONS: sidecars.typed(OPTIONS, **options)}
    copy = copy_of(clusters=[sidecars.cluster("a", typed_extension_protocol_options=given)])
    plain = {"explicit_http_config": {"http_protocol_options": {}}}
    assert options_of(copy) == (kept and sidecars.typed(OPTIONS, **plain, **kept))
    assert bool(copy.taken_out) is ("http_filters" in (options or {}))


@pytest.mark.parametrize("kind", ["aggregate", "composite"])
def test_clusters_of_clusters_stay_what_they_are(kind):
    config = sidecars.typed(f"envoy.extensions.clusters.{kind}.v3.ClusterConfig", clusters=[])
    custom = {"name": f"envoy.clusters.{kind}", "typed_config": config}
    copy = copy_of(clusters=[{"name": "a", "cluster_type": custom}])
    (cluster,) = copy.bootstrap["static_resources"]["clusters"]
    assert (cluster["cluster_type"], copy.endpoints) == (custom, [])


def test_a_route_without_a_name_gets_one():
    (listener,) = listeners_of(copy_of([http()]))
    names = [one.get("name") for one in nested(listener) if "match" in one]
    assert names == ["osmscope-unnamed-route-0"]


def test_client_certificates_are_asked_for_as_before_but_of_another_authority():
    tls = {
        "require_client_certificate": True,
        "common_tls_context": {
            "alpn_protocols": ["h2"],
            "validation_context": {
                "trusted_ca": {"inline_string": "real"},
                "match_subject_alt_names": [{"exact": "a"}],
                "verify_certificate_hash": ["x"],
            },
        },
    }
    one = sidecars.listener(sidecars.chain(sidecars.manager(sidecars.EVERYTHING), tls=tls))
    copy = copy_of([one])
    (listener,) = listeners_of(copy)
    context = listener["filter_chains"][0]["transport_socket"]["typed_config"]
    validation = context["common_tls_context"]["validation_context"]
    assert context["require_client_certificate"] is True
    assert context["common_tls_context"]["alpn_protocols"] == ["h2"]
    assert validation["match_subject_alt_names"] == [{"exact": "a"}]
    assert "BEGIN CERTIFICATE" in validation["trusted_ca"]["inline_string"]
    assert copy.taken_out == ["verify_certificate_hash of client certificates"]

from __future__ import annotations

import json


def test_supported_types_are_listed(osmscope):
    lines = osmscope("info", "--supported").out.splitlines()
    assert "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy" in lines
    assert lines == sorted(lines)
    assert json.loads(osmscope("info", "--supported", "-o", "json").out) == lines


def test_a_source_is_described(osmscope, bookbuyer):
    found = json.loads(osmscope("info", bookbuyer, "-o", "json").out)
    assert found["namespace"] == "bookbuyer"
    assert found["listener"].endswith("active")
    assert (found["node cluster"], found["cluster"]) == ("", "1 static, 6 active")
    assert found["not understood"] == []
    assert "namespace        bookbuyer" in osmscope("info", bookbuyer).out


def test_alone_it_tells_the_version(osmscope):
    assert "version" in osmscope("info").out


def test_a_second_source_is_refused(osmscope, bookbuyer):
    assert osmscope("info", bookbuyer, "x").code == 2

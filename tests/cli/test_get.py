from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest
import yaml

from osmscope.cli.get import TABLES


@pytest.mark.parametrize("kind", list(TABLES))
def test_every_kind_is_listed_in_every_form(osmscope, bookbuyer, kind):
    rows = json.loads(osmscope("get", kind, bookbuyer, "-o", "json").out)
    assert rows
    assert yaml.safe_load(osmscope("get", kind, bookbuyer, "-o", "yaml").out) == rows
    for form in ("table", "wide"):
        done = osmscope("get", kind, bookbuyer, "-o", form)
        assert done.code == 0
        assert str(next(iter(rows[0].values()))) in done.out.replace("\n", "")


def test_chains_hide_no_criterion(osmscope, bookstore):
    done = osmscope("get", "chains", "bookstore-v1", "--from", bookstore, "inbound_*", "-o", "json")
    (row,) = [r for r in json.loads(done.out) if "v1_14001" in r["chain"]]
    assert row["match"] == [
        "port 14001", "SNI bookstore-v1.bookstore.svc.cluster.local", "transport tls", "ALPN osm",
    ]  # fmt: skip
    assert row["leads_to"] == ["routes rds-inbound.14001"]


def test_routes_show_every_condition_and_share(osmscope, bookbuyer):
    done = osmscope("get", "routes", bookbuyer, "bookstore.bookstore:14001", "-o", "json")
    (row, *_) = json.loads(done.out)
    assert row["action"] == [
        "50 % bookstore/bookstore-v1|14001", "50 % bookstore/bookstore-v2|14001",
    ]  # fmt: skip


def test_secrets_show_no_private_byte(osmscope, bookbuyer):
    done = osmscope("get", "secrets", bookbuyer, "-o", "json")
    assert "private" not in done.out.lower()
    assert "BEGIN" not in done.out
    names = {row["secret"]: row for row in json.loads(done.out)}
    own = names["service-cert:bookbuyer/bookbuyer"]
    assert own["names"] == ["bookbuyer.bookbuyer.cluster.local"]
    assert own["expires"]


def test_a_name_may_be_a_pattern(osmscope, bookbuyer):
    done = osmscope("get", "clusters", bookbuyer, "bookstore/*", "-o", "json")
    assert all(row["cluster"].startswith("bookstore/") for row in json.loads(done.out))


def test_a_name_that_is_not_there_is_an_error_that_says_what_is(osmscope, bookbuyer):
    done = osmscope("get", "clusters", bookbuyer, "bookstore/bookstore-v9|14001")
    assert done.code == 2
    assert "did you mean bookstore/bookstore-v" in done.err


def test_live_endpoints_come_with_their_health(osmscope, bookbuyer):
    done = osmscope("get", "endpoints", bookbuyer, "-o", "json")
    assert {row["source"] for row in json.loads(done.out)} == {"/clusters"}


def test_a_rejected_update_is_shown_for_what_it_is(osmscope, tmp_path):
    path = tmp_path / "dump.json"
    entry = {"name": "l", "error_state": {"details": "no \x1b[1mcluster"}}
    kind = "type.googleapis.com/envoy.admin.v3.ListenersConfigDump"
    path.write_text(json.dumps({"configs": [{"@type": kind, "dynamic_listeners": [entry]}]}))
    done = osmscope("get", "listeners", path)
    assert "error" in done.out
    assert "no \\x1b[1mcluster" in done.out


def test_endpoints_whose_cluster_is_not_there_are_shown(osmscope, tmp_path):
    path = tmp_path / "dump.json"
    address = {"socket_address": {"address": "10.0.0.1", "port_value": 80}}
    assignment = {
        "cluster_name": "gone",
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
    }
    kind = "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump"
    section = {"@type": kind, "dynamic_endpoint_configs": [{"endpoint_config": assignment}]}
    path.write_text(json.dumps({"configs": [section]}))
    (row,) = json.loads(osmscope("get", "endpoints", path, "-o", "json").out)
    assert (row["cluster"], row["address"]) == ("gone", "10.0.0.1:80")
    assert row["source"] == "config dump, which has no such cluster"


def test_whoever_looks_is_told_which_sidecar_it_is_and_how_old() -> None:
    """On standard error of a terminal alone: a program gets nothing but the rows."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "osmscope", "get", "listeners", "bookstore-v2"]
    command += ["--from", "demo"]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(theirs)
    os.close(ours)
    chosen, age = done.stderr.splitlines()
    assert chosen.endswith("stands for 2 replicas of bookstore-v2")
    assert age.startswith("osmscope: captured ")
    assert " ago (20" in age
    silent = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert silent.stderr == ""

from __future__ import annotations

import io
import json
import sys

import pytest
import yaml

BUY = ("bookstore.bookstore:14001/books-bought", "-H", "user-agent: Go-http-client/1.1",
       "-H", "client-app: bookbuyer")  # fmt: skip


def test_a_split_reaches_both_clusters(osmscope, bookstore):
    done = osmscope("trace", "bookbuyer", "--from", bookstore, *BUY)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == (
        "✓ bookbuyer → GET bookstore.bookstore:14001/books-bought"
        "  reaches 3 endpoints of 2 clusters"
    )
    assert any("50 %  cluster bookstore/bookstore-v1|14001" in line for line in lines)
    assert "service bookstore/bookstore has the ClusterIP 10.96.18.11" in done.out


def test_without_services_the_destination_is_told_by_the_dump(osmscope, bookbuyer):
    done = osmscope("trace", bookbuyer, *BUY)
    assert done.code == 0
    assert "from filter chain outbound_bookstore/bookstore_14001_http" in " ".join(done.out.split())


def test_what_does_not_reach_is_1_with_the_nearest_miss(osmscope, bookstore):
    short = ("-H", "Host: bookstore:14001")
    done = osmscope("trace", "bookbuyer", "--from", bookstore, "bookstore:14001", *short)
    assert done.code == 1
    assert done.out.startswith("✗ bookbuyer → GET bookstore:14001")
    assert "404 (NR) route_not_found" in done.out
    assert 'use the host "bookstore.bookstore:14001"' in " ".join(done.out.split())


def test_a_short_name_is_that_of_the_only_service_called_so(osmscope, bookstore):
    done = osmscope("trace", "bookbuyer", "--from", bookstore, "bookstore:14001")
    assert done.code == 0
    assert "50 %  cluster bookstore/bookstore-v1|14001" in done.out
    assert "50 %  cluster bookstore/bookstore-v2|14001" in done.out
    said = "namespace bookbuyer has no service bookstore: bookstore.bookstore is meant"
    assert said in " ".join(done.out.split())


def test_the_picture_in_the_readme_is_what_the_command_draws(osmscope, bookstore, monkeypatch):
    """Made again by: osmscope trace bookbuyer bookstore:14001 --from fixtures/bookstore -o svg"""
    monkeypatch.setenv("COLUMNS", "80")
    arguments = ("trace", "bookbuyer", "bookstore:14001", "--from", bookstore, "-o", "svg")
    assert osmscope(*arguments).out == bookstore.with_suffix(".svg").read_text()


def test_json_and_yaml_are_the_batch_answer_with_steps(osmscope, bookbuyer):
    found = json.loads(osmscope("trace", bookbuyer, *BUY, "-o", "json").out)
    assert found["schema"] == 1
    assert [step["kind"] for step in found["steps"]]
    assert yaml.safe_load(osmscope("trace", bookbuyer, *BUY, "-o", "yaml").out) == found
    line = json.loads(osmscope("trace", bookbuyer, *BUY, "-o", "jsonl").out)
    assert {key: found[key] for key in line} == line


@pytest.mark.parametrize(
    ("form", "start"), [("dot", "digraph"), ("mermaid", "flowchart"), ("wide", "✓"), ("tree", "✓")]
)
def test_every_form_is_written(osmscope, bookbuyer, form, start):
    done = osmscope("trace", bookbuyer, *BUY, "-o", form)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(start)


def test_wide_shows_more(osmscope, bookbuyer):
    narrow, wide = (osmscope("trace", bookbuyer, *BUY, "-o", form).out for form in ("tree", "wide"))
    assert len(wide) > len(narrow)
    assert "decided by" in wide


def test_colour_is_asked_for(osmscope, bookbuyer):
    assert "\x1b[" not in osmscope("trace", bookbuyer, *BUY).out
    assert "\x1b[" in osmscope("trace", bookbuyer, *BUY, "--color", "always").out


def test_a_pasted_curl_command_is_the_request(osmscope, bookbuyer):
    curl = "curl -A Go-http-client/1.1 -H 'client-app: bookbuyer' " + BUY[0]
    done = osmscope("trace", bookbuyer, "--curl", curl, "-o", "json")
    assert done.code == 0
    assert json.loads(done.out)["outcomes"][0]["cluster"].startswith("bookstore/")


def test_inbound_the_client_is_one_of_the_mesh(osmscope, bookstore):
    done = osmscope(
        "trace", "bookstore-v1", "--from", bookstore, *BUY, "--direction", "inbound",
        "--client-cert-dns", "bookbuyer.bookbuyer.cluster.local", "-o", "json",
    )  # fmt: skip
    found = json.loads(done.out)
    assert done.code == 0
    assert found["outcomes"][0]["filter_chain"] == "inbound_bookstore/bookstore-v1_14001_http"


def test_a_port_that_was_inferred_is_in_the_host_header(osmscope, bookbuyer):
    done = osmscope("trace", bookbuyer, "bookstore.bookstore/books-bought", *BUY[1:], "-o", "json")
    assert json.loads(done.out)["outcomes"][0]["virtual_host"]
    assert done.code == 0


def _requests(*requests):
    return "".join(json.dumps(request) + "\n" for request in requests)


REQUESTS = (
    {"id": "ip", "dst_ip": "10.96.18.11", "dst_port": 14001, "host": "bookstore.bookstore:14001",
     "path": "/nope"},
    {"host": "bookstore.bookstore:14001", "path": "/nope"},
)  # fmt: skip


def test_requests_are_answered_line_by_line(osmscope, bookbuyer, tmp_path):
    path = tmp_path / "requests.jsonl"
    path.write_text(_requests(*REQUESTS))
    done = osmscope(
        "trace", "--dump", bookbuyer / "config_dump.json",
        "--clusters", bookbuyer / "clusters.json", "--requests", path, "-o", "jsonl",
    )  # fmt: skip
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, done.err) == (0, "")
    assert [answer["id"] for answer in answers] == ["ip", 2]
    assert answers[0]["outcomes"] == answers[1]["outcomes"]


def test_a_line_that_cannot_be_read_is_2_and_the_others_are_answered(
    osmscope, bookbuyer, monkeypatch
):
    lines = "{\n" + _requests(REQUESTS[0])
    stream = io.BufferedReader(io.BytesIO(lines.encode()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    done = osmscope("trace", bookbuyer, "--requests", "-")
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 2
    assert "error" in answers[0]
    assert answers[1]["id"] == "ip"

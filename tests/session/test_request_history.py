from __future__ import annotations

import os
import stat

import pytest

from osmscope.session.request_form import RequestForm
from osmscope.session.request_history import MOST, RequestHistory, default_path


def _form(target="a:1", *headers, **values):
    return RequestForm({"target": target, **values}, headers)


def test_what_was_asked_is_there_in_the_next_run_the_last_one_first(tmp_path):
    path = tmp_path / "deep" / "requests.jsonl"
    history = RequestHistory(path)
    for target in ("a", "b", "a"):
        history.add("pod", _form(target))
    again = RequestHistory(path).asked
    assert [one.form.text("target") for one in again] == ["a", "b"]
    assert again[0].sidecar == "pod"


def test_the_file_is_the_owners_alone(tmp_path):
    path = tmp_path / "state" / "requests.jsonl"
    RequestHistory(path).add("pod", _form())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0
    assert os.listdir(path.parent) == ["requests.jsonl"]


def test_no_more_are_kept_than_anybody_looks_through(tmp_path):
    history = RequestHistory(tmp_path / "r.jsonl")
    for number in range(MOST + 5):
        history.add("pod", _form(f"a:{number + 1}"))
    assert len(RequestHistory(tmp_path / "r.jsonl").asked) == MOST


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("Authorization: Bearer x", "Authorization: …"),
        ("cookie: a=b", "cookie: …"),
        ("x-api-key: k", "x-api-key: …"),
        ("client-app: bookbuyer", "client-app: bookbuyer"),
        ("authorization;", "authorization;"),
    ],
)
def test_credentials_are_not_kept(tmp_path, header, kept):
    path = tmp_path / "r.jsonl"
    RequestHistory(path).add("pod", _form("a:1", header))
    assert RequestHistory(path).asked[0].form.headers == (kept,)
    assert "Bearer" not in path.read_text()


@pytest.mark.parametrize(
    ("target", "kept"),
    [("me:secret@a:1/x", "a:1/x"), ("https://me:secret@a/x", "https://a/x")],
)
def test_a_password_in_the_target_is_not_kept(tmp_path, target, kept):
    path = tmp_path / "r.jsonl"
    RequestHistory(path).add("pod", _form(target))
    assert RequestHistory(path).asked[0].form.text("target") == kept
    assert "secret" not in path.read_text()


@pytest.mark.parametrize("target", ["", "curl -u me:secret http://a", "a b", "a" * 5000])
def test_what_is_no_request_or_may_hide_a_password_is_not_kept(tmp_path, target):
    path = tmp_path / "r.jsonl"
    RequestHistory(path).add("pod", _form(target))
    assert not path.exists()


@pytest.mark.parametrize("data", [b"nonsense\n", b"\xff\n", b'{"sidecar": 1}\n', b""])
def test_a_file_that_cannot_be_read_costs_the_history_alone(tmp_path, data):
    path = tmp_path / "r.jsonl"
    path.write_bytes(data)
    history = RequestHistory(path)
    assert history.asked == []
    history.add("pod", _form())
    assert len(RequestHistory(path).asked) == 1


def test_a_place_that_cannot_be_written_costs_the_history_alone(tmp_path):
    (tmp_path / "file").write_text("")
    history = RequestHistory(tmp_path / "file" / "r.jsonl")
    history.add("pod", _form())
    assert len(history.asked) == 1


def test_without_a_file_the_history_ends_with_the_run():
    history = RequestHistory()
    history.add("pod", _form())
    assert len(history.asked) == 1
    assert RequestHistory().asked == []


def test_the_default_place_is_the_platforms():
    assert default_path().name == "requests.jsonl"

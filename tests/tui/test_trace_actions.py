"""What is done with an answer: copied, saved, asked again, put to a real Envoy."""

from __future__ import annotations

import json
import shlex

import pytest

from osmscope.cli.main import run
from tests.tui.conftest import press, screen_text, settle
from tests.tui.trace_view import (
    BUYER,
    STORE,
    clipboard,
    toasts,
    trace,
    type_text,
)

pytestmark = pytest.mark.anyio


async def test_the_command_that_is_copied_gives_the_same_answer_in_a_shell(open_app, capsys):
    async with open_app() as pilot:
        await trace(pilot, "client-app: x y", target=f"{STORE}/books-bought", method="POST")
        await press(pilot, "c")
        told = pilot.app.view.told
    line = clipboard(pilot)
    assert line == (
        f"osmscope trace {BUYER} --from demo {STORE}/books-bought -X POST -H 'client-app: x y'"
    )
    assert run([*shlex.split(line)[1:], "-o", "jsonl"]) == 0
    outcomes = json.loads(capsys.readouterr().out)["outcomes"]
    assert [one["cluster"] for one in outcomes] == [
        one.cluster for one in told.traced.answer.outcomes
    ]


async def test_a_request_is_copied_as_curl_with_what_curl_cannot_say(open_app):
    async with open_app() as pilot:
        await trace(pilot, target=STORE, src_ip="10.0.0.1")
        await press(pilot, "C")
        assert clipboard(pilot) == (f"curl --connect-to {STORE}:10.96.18.11:14001 http://{STORE}/")
        assert any("the client's address is that of the host" in one for one in toasts(pilot))
        await trace(pilot, target="tcp://10.0.0.1:1")
        await press(pilot, "C")
        assert any("curl speaks HTTP" in one for one in toasts(pilot))


async def test_a_request_is_copied_as_a_line_of_json(open_app):
    async with open_app() as pilot:
        await trace(pilot, target=f"{STORE}/x")
        await press(pilot, "J")
        fields = json.loads(clipboard(pilot))
        assert (fields["host"], fields["path"], fields["dst_port"]) == (STORE, "/x", 14001)


async def test_a_request_is_saved_as_tests_that_pass(open_app, tmp_path, capsys):
    path = tmp_path / "routes.test.yaml"
    path.write_text(
        "# ours\ntests:\n- test_name: old\n  input: {host: a}\n  validate: {verdict: forwarded}\n"
    )
    async with open_app() as pilot:
        await trace(pilot, target=STORE)
        await press(pilot, "s")
        assert "tests file" in screen_text(pilot)
        prompt = pilot.app.view.prompt.query_one("Input")
        prompt.value = str(path)
        await press(pilot, "enter")
        assert any(one.startswith("2 tests are now in") for one in toasts(pilot))
        prompt.value = ""
        await press(pilot, "s", "enter")
        assert any(one.startswith("2 tests are now in") for one in toasts(pilot))
    assert path.read_text().startswith("# ours\n")
    run(["test", str(path), "bookbuyer", "--from", "demo", "-v"])
    out = capsys.readouterr().out
    assert out.count("GET bookstore.bookstore:14001: 50 % to cluster") == 4
    assert list(tmp_path.iterdir()) == [path]


async def test_a_file_of_something_else_is_left_alone(open_app, tmp_path):
    path = tmp_path / "other.yaml"
    path.write_text("something: else\n")
    async with open_app() as pilot:
        await trace(pilot, target=STORE)
        pilot.app.view.file = str(path)
        await press(pilot, "s", "enter")
        assert any("no list of `tests:`" in one for one in toasts(pilot))
        pilot.app.view.file = str(tmp_path / "no" / "folder.yaml")
        await press(pilot, "s", "enter")
        assert any("cannot be written" in one for one in toasts(pilot))
    assert path.read_text() == "something: else\n"


async def test_requests_that_were_asked_before_can_be_asked_again(open_app):
    async with open_app() as pilot:
        await press(pilot, "t")
        await press(pilot, "escape", "H")
        assert "nothing was asked before" in toasts(pilot)
        await trace(pilot, "authorization: secret", target="bookstore-v1:14001")
        await press(pilot, "i", "enter")
        await trace(pilot, target=f"{STORE}/x")
        await press(pilot, "H")
        text = screen_text(pilot)
        assert "Asked before" in text
        assert "GET bookstore-v1:14001 authorization: …" in text
        await press(pilot, "j", "enter")
        await settle(pilot)
        assert pilot.app.view.form().text("target") == "bookstore-v1:14001"
        assert "✓ reaches 10.244.1.21:14001" in screen_text(pilot)


async def test_without_an_answer_there_is_nothing_to_copy(open_app):
    async with open_app() as pilot:
        await press(pilot, "t", "escape", "c")
        assert "there is no answer to this request yet" in toasts(pilot)
        assert clipboard(pilot) == ""


async def test_a_file_that_cannot_be_read_says_so(open_app, tmp_path):
    path = tmp_path / "config_dump.json"
    path.write_text("{}")
    async with open_app(str(path)) as pilot:
        await pilot.app.trace(next(iter(pilot.app.mesh.members)))
        await settle(pilot)
        await type_text(pilot, "a:1")
        assert "✓" not in screen_text(pilot)


@pytest.mark.envoy
async def test_a_real_envoy_can_be_asked(open_app):
    async with open_app() as pilot:
        await trace(pilot, target=STORE)
        await press(pilot, "V")
        await pilot.app.workers.wait_for_complete()
        await settle(pilot)
        assert "✓ a real Envoy decides the same" in toasts(pilot)

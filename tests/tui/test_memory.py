from __future__ import annotations

import pytest

from osmscope.tui.memory import Memory, Remembered


def test_what_is_saved_is_recalled(tmp_path):
    memory = Memory(tmp_path / "state" / "tui.json")
    memory.data.theme = "light"
    memory.data.filters["cluster"] = "v1"
    assert memory.save() == ""
    again = Memory(tmp_path / "state" / "tui.json")
    assert again.data == memory.data
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["tui.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"theme": 3}', b"\xff"])
def test_a_file_that_cannot_be_read_is_as_good_as_none(tmp_path, content):
    (tmp_path / "tui.json").write_bytes(content)
    assert Memory(tmp_path / "tui.json").data == Remembered()


def test_what_a_newer_version_wrote_does_not_matter(tmp_path):
    (tmp_path / "tui.json").write_text('{"theme": "dark", "more": 1}')
    assert Memory(tmp_path / "tui.json").data.theme == "dark"


def test_why_it_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    assert "File exists" in Memory(tmp_path / "file" / "tui.json").save()


def test_without_a_place_nothing_is_written():
    assert Memory().save() == ""

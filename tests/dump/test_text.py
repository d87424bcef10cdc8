import pytest

from osmscope.dump import text
from osmscope.dump.gaps import Gap
from osmscope.errors import DumpError


@pytest.mark.parametrize(
    ("document", "start"),
    [
        (b'{"a": 1}', 0),
        (b' \r\n\t[{"a": 1}]', 4),
        (b'Defaulted container "x" out of: x, y\n{"a": 1}', 37),
        (b'$ curl localhost:15000/config_dump\r\n  {\n "a": 1}', 38),
        (b'root@pod:/# {"a": 1}', 12),
        (b"a: 1\nb: {}", None),
        (b"no brackets", None),
    ],
)
def test_a_json_document_starts_after_what_a_shell_printed(
    document: bytes, start: int | None
) -> None:
    assert text.json_start(document) == start


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b'{"a": "\xff"}', 7),
        (b"\xc3", 0),
        (b"x" * (text.CHUNK - 1) + b"\xc3\xa9" + b"\xff", text.CHUNK + 1),
        (b"x" * text.CHUNK + b"\x80", text.CHUNK),
        (b"x" * (text.CHUNK - 1) + b"\xc3" + b"x", text.CHUNK - 1),
    ],
)
def test_the_offset_of_an_invalid_byte_is_told(data: bytes, offset: int) -> None:
    with pytest.raises(DumpError, match=f"offset {offset} "):
        text.check_utf8(data, where="f")


def test_utf8_across_chunks_is_valid() -> None:
    text.check_utf8(b"x" * (text.CHUNK - 1) + "é€🙂".encode() * 10, where="")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(encoding: str) -> None:
    assert bytes(text.as_utf8('{"a": "é"}'.encode(encoding), where="")) == '{"a": "é"}'.encode()


def test_text_that_is_not_utf16_behind_its_mark_is_refused() -> None:
    with pytest.raises(DumpError, match="not UTF-16"):
        text.as_utf8(b"\xff\xfe{", where="")


@pytest.mark.parametrize("data", [b"", b" \n\t", b"\0\0\0"])
def test_an_empty_file_is_named(data: bytes) -> None:
    with pytest.raises(DumpError, match="is empty"):
        text.refuse_other_than_json(data, where="")


@pytest.mark.parametrize("data", [b"<html>", b"\n<!DOCTYPE html>", b"<?xml?>", b"<h1>403</h1>"])
def test_a_page_of_html_is_named(data: bytes) -> None:
    with pytest.raises(DumpError, match="HTML"):
        text.refuse_other_than_json(data, where="")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b'{"a": "b', "cut off: it ends at byte 8"),
        (b'{"a": [1, 2', "cut off: it ends at byte 11"),
        (b'{"a": nul}', "not JSON: invalid character"),
        (b'{"a": 01}', "not JSON: invalid number"),
        (b"{} {}", "more than one JSON document"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b"[]", "Expected object, got array"),
    ],
)
def test_what_cannot_be_decoded_is_told_in_one_line(document: bytes, message: str) -> None:
    with pytest.raises(DumpError, match=message) as caught:
        text.decode(document, dict[str, object], where="f.json")
    assert caught.value.where == "f.json"
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_what_follows_a_document_is_cut_off_and_told() -> None:
    gaps: list[Gap] = []
    document = text.whole_document(memoryview(b'{"a": 1}\nroot@pod:/# '), where="", gaps=gaps)
    assert bytes(document).strip() == b'{"a": 1}'
    assert [gap.what for gap in gaps] == [
        "text after the JSON document, from byte 9 on, skipped: 'root@pod:/#'"
    ]


def test_a_document_that_ends_with_its_bracket_is_not_scanned() -> None:
    broken = memoryview(b'{"a": }')
    assert text.whole_document(broken, where="", gaps=[]) is broken


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        (b"\x1b[31mred\x1b[0m", "�[31mred�[0m"),
        (b"first\nsecond", "first"),
        (b"x" * 100, "x" * 59 + "…"),
        (b"\xff", "�"),
    ],
)
def test_foreign_text_is_shown_without_terminal_escapes(foreign: bytes, shown: str) -> None:
    assert text.shown(foreign) == shown


def test_the_text_form_of_clusters_is_named() -> None:
    with pytest.raises(DumpError, match="the answer of /clusters"):
        text.refuse_other_than_json(b"c::added_via_api::true\n", where="")


def test_blanks_without_end_are_no_text_after_a_document() -> None:
    gaps: list[Gap] = []
    document = memoryview(b"{}" + b" " * text.HEAD)
    assert text.whole_document(document, where="", gaps=gaps) == document
    assert gaps == []

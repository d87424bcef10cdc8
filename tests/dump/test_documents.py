import json

import pytest

from osmscope.dump.documents import canonical_document
from osmscope.dump.gaps import Gap
from osmscope.errors import DumpError

DOCUMENT = b'{"configs": [{"name": "\xc3\xa9"}]}'


def read(data: bytes) -> tuple[bytes, list[str]]:
    gaps: list[Gap] = []
    document = canonical_document(data, where="f", gaps=gaps)
    return bytes(document).strip(), [gap.what for gap in gaps]


def test_envoys_own_text_comes_back_without_a_copy() -> None:
    document = canonical_document(DOCUMENT, where="f", gaps=[])
    assert isinstance(document, memoryview)
    assert document.obj is DOCUMENT


@pytest.mark.parametrize(
    "data",
    [
        b"\n  " + DOCUMENT + b"\n",
        b"\xef\xbb\xbf" + DOCUMENT,
        DOCUMENT.decode().encode("utf-16"),
    ],
)
def test_blanks_and_marks_are_not_part_of_a_document(data: bytes) -> None:
    assert read(data) == (DOCUMENT, [])


def test_what_surrounds_a_document_is_told() -> None:
    data = b"$ osm proxy get config_dump x\n" + DOCUMENT + b"\nroot@pod:~# "
    document, gaps = read(data)
    assert document == DOCUMENT
    assert gaps == [
        "text before the JSON document skipped: '$ osm proxy get config_dump x'",
        f"text after the JSON document, from byte {len(DOCUMENT) + 1} on, skipped: 'root@pod:~#'",
    ]


def test_camel_case_is_converted() -> None:
    assert json.loads(read(b'{"versionInfo": "1"}')[0]) == {"version_info": "1"}


def test_yaml_is_converted() -> None:
    document, gaps = read(b"configs:\n- versionInfo: '1'\n  items: []\n")
    assert json.loads(document) == {"configs": [{"version_info": "1", "items": []}]}
    assert gaps == []


@pytest.mark.parametrize("data", [b"", b"<html>", b"plain words", b'{"a": "\xff"}', b'{"a": '])
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(DumpError):
        read(data)

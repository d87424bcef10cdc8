from pathlib import Path

import pytest

from osmscope.errors import SourceError
from osmscope.source.locations import read_location


def test_a_path_is_read_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"x")
    assert read_location(str(tmp_path / "a.json"), "config_dump").data == b"x"


def test_an_address_is_asked() -> None:
    with pytest.raises(SourceError, match="no such socket"):
        read_location("unix:///does/not/exist", "config_dump")

"""Path parameters are dropped segment by segment."""

import pytest

from osmscope.rules.path_parameters import without_path_parameters


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("/a/b", "/a/b"),
        ("/a;x=1/b;y", "/a/b"),
        ("/a;", "/a"),
        ("/;x", "/"),
        ("/a;x;y/b", "/a/b"),
        ("", ""),
    ],
)
def test_path_parameters_are_dropped(path: str, rest: str) -> None:
    assert without_path_parameters(path) == rest

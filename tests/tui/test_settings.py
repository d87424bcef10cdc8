from __future__ import annotations

from pathlib import Path

import pytest

from osmscope.errors import UsageError
from osmscope.tui import themes
from osmscope.tui.settings import THEMES, Settings, parse_settings, read_settings

PATH = Path("/home/x/.config/osmscope/config.toml")


def test_what_is_not_said_has_its_default(tmp_path):
    assert read_settings(tmp_path / "none.toml") == Settings()
    assert parse_settings("", PATH) == Settings()
    assert Settings().kind == "cluster"


def test_everything_can_be_said(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text(
        'theme = "light"\n[keymap]\nfollow = "enter,f"\nhelp = ["?", "ctrl+h"]\nwide = ","\n'
        '[defaults]\nview = "tree"\nform = "JSON"\nwide = true\n'
    )
    found = read_settings(file)
    assert found.theme == "light"
    assert found.keys() == {
        "follow": ("enter", "f"),
        "help": ("question_mark", "ctrl+h"),
        "wide": ("comma",),
    }
    assert (found.kind, found.defaults.form, found.defaults.wide) == ("", "JSON", True)


@pytest.mark.parametrize(
    ("text", "message", "line", "hint"),
    [
        ('theme = "lihgt"', "'lihgt' is no theme", 1, "did you mean light"),
        ('\n\ncolour = "x"', "'colour' is no setting", 3, "theme, keymap, defaults"),
        ("[defaults]\nview = 'klusters'", "'klusters' is no view", 2, "clusters"),
        ("[defaults]\nform = 'xml'", "'xml' is no form", 2, "YAML"),
        ("[defaults]\nwidth = 3", "'width' is no setting", 2, "did you mean wide"),
        ("[defaults]\nwide = 3", "wide: expected `bool`, got `int`", 2, ""),
        ('[keymap]\nfolow = "x"', "'folow' is no action", 2, "did you mean follow"),
        ('[keymap]\n\nfollow = "retrun"', "'retrun' is no key", 3, "enter"),
        ('[keymap]\nfollow = "ctlr+x"', "'ctlr+x' is no key", 2, ""),
        ('[keymap]\nfollow = ""', "'' is no key", 2, ""),
        ("[keymap]\nfollow = []", "'' is no key", 2, ""),
        ('[keymap]\nwide = "j"', "the key 'j' would mean both", 2, "another key"),
        ("theme = ", "the config file is no TOML: Invalid value (at", 0, "toml.io"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text, message, line, hint):
    with pytest.raises(UsageError) as caught:
        parse_settings(text, PATH)
    assert caught.value.message.startswith(message)
    assert caught.value.where == (f"{PATH}:{line}" if line else str(PATH))
    assert hint in caught.value.hint


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    (tmp_path / "config.toml").write_bytes(b"theme = '\xff'")
    with pytest.raises(UsageError, match="it is not UTF-8"):
        read_settings(tmp_path / "config.toml")
    with pytest.raises(UsageError, match="Is a directory"):
        read_settings(tmp_path)


def test_the_themes_that_can_be_named_are_those_there_are():
    assert themes.NAMES == THEMES

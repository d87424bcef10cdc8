from __future__ import annotations

import pytest

from osmscope.report.untrusted import escaped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name|14001 ✓ é 店", "plain name|14001 ✓ é 店"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\x07\x00\x7f", "a\\x07\\x00\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\u202a\u202e\u2066\u2069\u200e\u200f", "\\u202a\\u202e\\u2066\\u2069\\u200e\\u200f"),
        ("\u2028\ufeff\u200b", "\\u2028\\ufeff\\u200b"),
        ("\ud800", "\\ud800"),
        ("[bold]x[/]", "[bold]x[/]"),
    ],
)
def test_what_is_not_printable_is_escaped(text, shown):
    assert escaped(text) == shown
    assert escaped(text).isprintable()

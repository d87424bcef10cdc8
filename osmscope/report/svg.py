"""Coloured terminal text as an SVG picture, for documents and incident reports."""

from __future__ import annotations

import io
import re

_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def as_svg(text: str, *, title: str, width: int) -> str:
    """Draw coloured text as a terminal window.

    Args:
        text: Lines with ANSI colours.
        title: What stands above them.
        width: Columns.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=width, force_terminal=True, file=io.StringIO())
    console.print(Text.from_ansi(text), no_wrap=True, overflow="ignore", crop=False)
    picture = console.export_svg(title=title, unique_id="osmscope")
    # A picture fetches nothing: whoever looks at it has a monospaced font.
    return _FONTS.sub("", picture)

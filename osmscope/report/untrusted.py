r"""Text from a dump, made harmless: the one door between a dump's names and a terminal.

A name may hold terminal escapes, line breaks or marks that turn the direction of writing. What is
not printable is shown as Python writes it (`\x1b`, `\u202e`), everywhere and always, whatever the
output goes to. Markup of libraries (Rich's `[red]`) never applies, because writers hand them text
as text, not as markup.
"""

from __future__ import annotations


def escaped(text: str) -> str:
    """Return text whose every character is printable: controls, bidi marks and the like escaped."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )

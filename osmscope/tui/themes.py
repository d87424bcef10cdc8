"""The themes: dark, light, high contrast, and one for terminals of 16 colours.

Decision: calm surfaces and one accent; warnings and errors stand out by sign and word first. The
theme of 16 colours names the terminal's own colours, so that it looks as the terminal does.
"""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES, Theme

DARK = Theme(
    name="dark", primary="#7aa2d8", secondary="#8fb8a8", accent="#d8b26a", warning="#e0af68",
    error="#f07178", success="#8cc98c", foreground="#d5d9e0", background="#14171c",
    surface="#181c22", panel="#222831", dark=True,
    variables={
        "faint": "#8b95a5", "faint-style": "none", "hint": "#717b8a",
        "block-cursor-background": "#2f4461", "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "none", "block-cursor-blurred-background": "#2a303a",
        "block-cursor-blurred-foreground": "#d5d9e0",
    },
)  # fmt: skip
LIGHT = Theme(
    name="light", primary="#1f5fa8", secondary="#2f7a63", accent="#8a5a00", warning="#8a5a00",
    error="#b3202c", success="#22702f", foreground="#1c2128", background="#ffffff",
    surface="#fbfbfa", panel="#eceef1", dark=False,
    variables={
        "faint": "#5b6472", "faint-style": "none", "hint": "#7b8490",
        "block-cursor-background": "#cfe0f5", "block-cursor-foreground": "#0b1f38",
        "block-cursor-text-style": "none", "block-cursor-blurred-background": "#e3e6ea",
        "block-cursor-blurred-foreground": "#1c2128",
    },
)  # fmt: skip
CONTRAST = Theme(
    name="contrast", primary="#ffff00", secondary="#00ffff", accent="#ffff00", warning="#ffd000",
    error="#ff8080", success="#80ff80", foreground="#ffffff", background="#000000",
    surface="#000000", panel="#1a1a1a", dark=True, text_alpha=1.0,
    variables={
        "faint": "#d0d0d0", "faint-style": "none", "hint": "#a8a8a8",
        "block-cursor-background": "#ffffff", "block-cursor-foreground": "#000000",
        "block-cursor-text-style": "bold", "block-cursor-blurred-background": "#404040",
        "block-cursor-blurred-foreground": "#ffffff",
    },
)  # fmt: skip
_ANSI = BUILTIN_THEMES["ansi-dark"]
ANSI = Theme(
    name="ansi", ansi=True, primary=_ANSI.primary, secondary=_ANSI.secondary,
    accent="ansi_cyan", warning=_ANSI.warning, error=_ANSI.error, success=_ANSI.success,
    foreground=_ANSI.foreground, background=_ANSI.background, surface=_ANSI.surface,
    panel=_ANSI.panel, boost=_ANSI.boost, dark=True,
    variables={
        **_ANSI.variables, "faint": "ansi_default", "faint-style": "dim",
        "hint": "ansi_bright_black",
        "block-cursor-blurred-text-style": "underline",
        "block-cursor-blurred-background": "ansi_default",
        "block-cursor-blurred-foreground": "ansi_default",
    },
)  # fmt: skip

THEMES = (DARK, LIGHT, CONTRAST, ANSI)
"""All themes, in the order in which a key goes through them."""
NAMES = tuple(theme.name for theme in THEMES)
"""Their names, which a config file may give."""

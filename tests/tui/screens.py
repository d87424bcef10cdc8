"""The screens that are held as pictures, and how a user comes to each by keys."""

from __future__ import annotations

MAIN = {
    "mesh": ("j",),
    "clusters": ("enter", "j", "j", "j"),
    "tree": ("enter", "0", "j", "l", "j", "j", "l", "j", "l"),
    "trace": ("enter", "j", "j", "j", "t"),
    "problems": ("exclamation_mark",),
}
"""The main ones: in dark and light, at 80×24 and 160×50."""

OTHERS = {
    "help": ("enter", "question_mark"),
    "referrers": ("enter", "j", "j", "j", "O"),
    "routes": ("enter", "colon", "r", "enter", "j"),
    "filter": ("enter", "slash", "v", "1"),
    "json": ("enter", "j", "v", "v"),
    "policies": ("enter", "colon", *"rbac", "enter"),
    "jump": ("enter", "asterisk"),
    "query": ("enter", "J", *"keys(", "at", ")"),
    "certificates": ("enter", "colon", *"certificates", "enter"),
    "tour": ("f4",),
}
"""The others: in dark, at 120×36."""

NAMES = {"at": "at", "(": "left_parenthesis", ")": "right_parenthesis", "!": "exclamation_mark"}
"""Textual's names of some characters."""

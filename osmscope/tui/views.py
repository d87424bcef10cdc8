"""The registry of views: screens that have a name, to which a location may lead.

A view is a `ViewScreen` in a module of its own; adding one takes a line here, and its actions a
context in `actions`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osmscope.tui.view_screen import ViewScreen

VIEWS: Mapping[str, tuple[str, str]] = {
    "mesh": ("osmscope.tui.mesh_screen", "MeshScreen"),
    "browse": ("osmscope.tui.browse_screen", "BrowseScreen"),
    "trace": ("osmscope.tui.trace_screen", "TraceScreen"),
    "problems": ("osmscope.tui.problems_screen", "ProblemsScreen"),
    "certificates": ("osmscope.tui.certificates_screen", "CertificatesScreen"),
    "updates": ("osmscope.tui.updates_screen", "UpdatesScreen"),
    "compare": ("osmscope.tui.compare_screen", "CompareScreen"),
}
"""View → the module and the class of its screen."""


def make_view(name: str) -> ViewScreen:
    """Make the screen of a view."""
    module, class_name = VIEWS[name]
    screen: ViewScreen = getattr(importlib.import_module(module), class_name)()
    return screen

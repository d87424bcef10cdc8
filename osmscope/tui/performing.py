"""What can be done where the focus is, and doing it by name: for the footer, the help, the palette.

Decision: asked of Textual's own active bindings, so that what is shown is what a key would do, also
after the user's keymap has changed it.
"""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from osmscope.tui import actions


def possible(screen: Screen[Any]) -> dict[str, list[str]]:
    """List the possible actions of a screen, in the registry's order, with their keys as shown."""
    found: dict[str, list[str]] = {}
    for active in screen.active_bindings.values():
        name = active.binding.id or ""
        if name in actions.BY_NAME and active.enabled:
            found.setdefault(name, []).append(screen.app.get_key_display(active.binding))
    return {action.name: found[action.name] for action in actions.ACTIONS if action.name in found}


async def perform(screen: Screen[Any], name: str) -> None:
    """Do an action, where the focus is; nothing happens if it is not possible there."""
    for active in screen.active_bindings.values():
        if active.binding.id == name and active.enabled:
            await screen.app.run_action(active.binding.action, active.node)
            return

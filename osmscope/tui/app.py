"""The application: composes views over one mesh, and knows where the user is."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.notifications import SeverityLevel

from osmscope.diff.resources import ResourceChange
from osmscope.errors import OsmscopeError
from osmscope.session.mesh_model import MeshModel, reason_of
from osmscope.session.request_history import RequestHistory
from osmscope.tui import actions, themes
from osmscope.tui.cells import shown
from osmscope.tui.help_screen import HelpScreen
from osmscope.tui.location import Location
from osmscope.tui.memory import Memory
from osmscope.tui.palette import ActionsProvider, ResourcesProvider
from osmscope.tui.performing import perform, possible
from osmscope.tui.reading import Found, Progressed, Read
from osmscope.tui.settings import Settings
from osmscope.tui.touring import Touring

_MOST_TOLD = 600
"""How many characters of a text are told: a message is no place for a long name."""


def default_theme(environment: Mapping[str, str]) -> str:
    """Choose the theme where none is set: the terminal's own colours where it has only 16."""
    term = environment.get("TERM", "")
    many = environment.get("COLORTERM") or "256color" in term or "direct" in term
    return "dark" if many or term in ("", "dumb", "xterm-kitty", "alacritty") else "ansi"


def _now() -> datetime.datetime:
    return datetime.datetime.now(tz=datetime.UTC)


class ScopeApp(Touring):
    """The terminal UI."""

    CONTEXT = "app"
    TITLE = "osmscope"
    BINDINGS = actions.bindings("app")
    COMMANDS: ClassVar = {ActionsProvider, ResourcesProvider}
    ENABLE_COMMAND_PALETTE = True
    CSS = """
    Toast { max-width: 70; }
    .touring ToastRack { margin-bottom: 3; }
    CommandPalette > Vertical { margin-top: 1; }
    """

    def __init__(
        self,
        mesh: MeshModel,
        *,
        now: Callable[[], datetime.datetime] = _now,
        settings: Settings | None = None,
        memory: Memory | None = None,
        refresh: float = 0,
    ) -> None:
        """Take what is shown, and how.

        Args:
            mesh: The sidecars.
            now: The clock.
            settings: What the user's config file says.
            memory: What an earlier run left.
            refresh: Seconds after which a live sidecar that is looked at is read again; 0: never.
        """
        super().__init__(mesh, now, settings or Settings(), memory or Memory())
        self.requests = RequestHistory()
        """The requests that were asked before; whoever opens the screen may give another."""
        self.offers_tour = False
        """Whether the tour begins by itself, where it was not seen yet."""
        for known in themes.THEMES:
            self.register_theme(known)
        self.theme = self.settings.theme or self.memory.data.theme or default_theme(os.environ)
        self._refresh_seconds = refresh

    async def on_mount(self) -> None:
        """Show the first view, and start to read."""
        self.set_keymap({name: ",".join(keys) for name, keys in self.settings.keys().items()})
        await self._show(self.history.present)
        if self.mesh.lister is not None:
            self.find_members(self.mesh.lister)
        else:
            self.read_all()
        self.refresh_every(self._refresh_seconds)
        if self.offers_tour and not self.memory.data.has_seen_tour and self.can_tour():
            await self.action_tour()

    def on_found(self, event: Found) -> None:
        """Note which sidecars there are, and read who they are."""
        if isinstance(event.result, OsmscopeError):
            self.mesh.unlisted(reason_of(event.result))
        else:
            self.mesh.listed(event.result)
            self.read_all()
        if self.view is not None:
            self.view.member_changed("")

    def on_read(self, event: Read) -> None:
        """Note what came of reading a sidecar, and tell the view."""
        if event.key not in self.mesh.members:
            return
        if isinstance(event.result, OsmscopeError):
            self.mesh.failed(event.key, reason_of(event.result))
        elif event.result is None:
            self.mesh.cancelled(event.key)
        else:
            found = event.result
            self.mesh.loaded(event.key, found.sidecar, self.now(), is_whole=found.is_whole)
            if found.changes:
                self.mesh.changed(event.key, found.changes, self.now())
                self._tell(event.key, found.changes)
        self.member_changed(event.key)

    def _tell(self, key: str, found: tuple[ResourceChange, ...]) -> None:
        """Tell what is another one by now, and let it flash where it is shown."""
        count = f"{len(found)} changes" if len(found) > 1 else "a change"
        name = self.mesh.members[key].name
        self.notify(f"{count} in {name}; u lists them", timeout=4)
        if self.view is not None:
            self.view.flash(key, found)

    def on_progressed(self, event: Progressed) -> None:
        """Show how far the reading of a sidecar has come."""
        self.mesh.progressed(event.key, event.words)
        self.progressed(event.key)

    def progressed(self, key: str) -> None:
        """Let the view show that a sidecar is being read."""
        if self.view is not None:
            self.view.progressed(key)

    def watched(self) -> tuple[str, ...]:
        """Return the keys of the sidecars that are looked at."""
        return () if self.view is None else self.view.watched()

    def member_changed(self, key: str) -> None:
        """Let the view show the new state of a sidecar."""
        if self.view is not None:
            self.view.member_changed(key)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Tell something; what is told may hold names of a dump, so it is never markup."""
        words, head = shown(message[:_MOST_TOLD]), shown(title[:_MOST_TOLD])
        super().notify(words, title=head, severity=severity, timeout=timeout, markup=False)

    def action_help_quit(self) -> None:
        """Tell how to leave: Ctrl-C is how many try to."""
        self.notify(f"{self.key_of('quit')} leaves osmscope", timeout=3)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give a theme of Textual's own the variables that ours have."""
        return {"faint": "#808080", "faint-style": "none", "hint": "#808080"}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible."""
        if action in ("jump", "command_line") and self.view is None:
            return False
        if action in ("tour", "tour_next"):
            return self.can_tour() if action == "tour" else self.step is not None
        return super().check_action(action, parameters)

    def action_help(self) -> None:
        """Show what can be done."""
        notes = ("Shift and drag selects text where the mouse is taken.",)

        async def chosen(name: str | None) -> None:
            if name is not None:
                await perform(self.screen, name)

        self.push_screen(HelpScreen(possible(self.screen), notes), chosen)

    def action_palette(self) -> None:
        """Find anything."""
        self.action_command_palette()

    def action_command_line(self) -> None:
        """Ask for a kind or a command."""
        if self.view is not None:
            self.view.ask_command()

    def action_jump(self) -> None:
        """Let letters appear."""
        if self.view is not None:
            self.view.jump()

    async def action_history_back(self) -> None:
        """Go back."""
        await self._step(self.history.back)

    async def action_history_forward(self) -> None:
        """Go forth."""
        await self._step(self.history.forward)

    async def _step(self, step: Callable[[], Location | None]) -> None:
        self._settle()
        location = step()
        if location is None:
            self.bell()
        else:
            await self._show(location)

    async def action_leave(self) -> None:
        """Close, stop, clear, end the tour or go up, whichever comes first."""
        view = self.view
        if view is None:
            return
        if view.prompt.is_open:
            view.prompt.give_up()
            return
        if view.leave():
            return
        if self.end_tour():
            return
        above = view.above()
        if above is not None:
            await self.go(above)

    def action_theme(self) -> None:
        """Take the next theme."""
        names = themes.NAMES
        index = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(index + 1) % len(names)]
        self.memory.data.theme = self.theme
        self.notify(f"theme {self.theme}", timeout=1.5)

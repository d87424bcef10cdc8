"""The palette: any action that is possible, and any resource of the mesh, by name.

Decision: resources are found by their words in any order, and by letters in order where that finds
nothing; at most a screenful is offered, the shortest names first.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from osmscope.errors import DumpError
from osmscope.report.inventory.document import Ref
from osmscope.report.inventory.inventory import Inventory
from osmscope.report.inventory.kinds import BY_NAME, KINDS
from osmscope.report.table import Row
from osmscope.tui import actions
from osmscope.tui.cells import shown
from osmscope.tui.performing import perform, possible

if TYPE_CHECKING:
    from osmscope.tui.app import ScopeApp

_MOST = 60
_FEW = 20
"""Up to how many other sidecars are looked through too."""


class ActionsProvider(Provider):
    """The actions that are possible."""

    def _offered(self) -> Iterator[tuple[actions.Action, str]]:
        for name, keys in possible(self.screen).items():
            action = actions.BY_NAME[name]
            if action.in_palette:
                yield action, keys[0]

    async def discover(self) -> Hits:
        """Offer all."""
        for action, key in self._offered():
            yield DiscoveryHit(
                f"{action.words}",
                functools.partial(perform, self.screen, action.name),
                help=f"key {key}",
            )

    async def search(self, query: str) -> Hits:
        """Offer those that fit."""
        matcher = self.matcher(query)
        for action, key in self._offered():
            text = f"{action.label}: {action.words}"
            score = matcher.match(text)
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(text),
                    functools.partial(perform, self.screen, action.name),
                    help=f"key {key}",
                )


class ResourcesProvider(Provider):
    """The sidecars, and the resources of the one that is shown, then of those that were read."""

    async def search(self, query: str) -> Hits:
        """Offer those that fit."""
        from osmscope.tui.app import ScopeApp

        app = self.app
        assert isinstance(app, ScopeApp)
        for key, member in app.mesh.members.items():
            if all(word in member.name.lower() for word in query.lower().split()):
                open_it = functools.partial(app.open_member, key)
                words = f"pod {shown(member.name[:200])}"
                where = Text(shown(member.where[:200]), style="dim")
                yield Hit(0.9, Text(f"{words}\n").append_text(where), open_it)
        for key in _searched(app):
            inventory = app.inventory(key)
            if inventory is None:
                continue
            of = "" if key == app.history.present.member else f" of {app.mesh.members[key].name}"
            # What was not listed yet is listed now, which may take a moment.
            found = await asyncio.to_thread(_found, inventory, query)
            for score, ref, title in found:
                words = f"{BY_NAME[ref.kind].one} {title[:200]}{of}"
                go = functools.partial(app.open_resource, key, ref)
                yield Hit(score if not of else score / 2, Text(shown(words)), go)


def _searched(app: ScopeApp) -> list[str]:
    """List the sidecars whose resources are looked through: the present one, else all of a few."""
    current = app.history.present.member
    others = [key for key in app.mesh.members if key != current]
    own = [current] if current in app.mesh.members else []
    return own + (others if len(others) < _FEW else [])


def _found(inventory: Inventory, query: str) -> list[tuple[float, Ref, str]]:
    words = query.lower().split()
    found: list[tuple[float, Ref, str]] = []
    for kind in KINDS:
        try:
            listing = inventory.listing(kind.name)
        except DumpError:  # its own table says why
            continue
        for row in listing.rows:
            title = called(inventory, kind.name, row)
            lowered = title.lower()
            if all(word in lowered or word in (kind.short, *kind.aliases) for word in words):
                score = 0.8 / (1 + len(title) / 100)
                found.append((score, Ref(kind.name, row.key), title))
    found.sort(key=lambda item: -item[0])
    return found[:_MOST]


def called(inventory: Inventory, kind: str, row: Row) -> str:
    """Say what a resource is called where no table stands around it: a part with its whole."""
    title = inventory.title(Ref(kind, row.key))
    return f"{title} {row.cells[0]}" if kind in ("route", "endpoint") else title

"""The palette: any action that is possible, and any resource of the sidecar, by name.

Decision: resources are found by their words in any order, and by letters in order where that finds
nothing; at most a screenful is offered, the shortest names first.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from osmscope.report.inventory.document import Ref
from osmscope.report.inventory.inventory import Inventory
from osmscope.report.inventory.kinds import BY_NAME, KINDS
from osmscope.tui import actions
from osmscope.tui.cells import shown
from osmscope.tui.performing import perform, possible

_MOST = 60
_KINDS = ("cluster", "route_config", "listener", "virtual_host", "filter_chain", "endpoint",
          "secret")  # fmt: skip


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
    """The resources of the sidecar that is shown, and the sidecars."""

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
        current = app.history.present.member
        inventory = app.inventory(current)
        if inventory is None:
            return
        for score, ref, title in _found(inventory, query):
            words = f"{BY_NAME[ref.kind].one} {shown(title[:200])}"
            yield Hit(score, Text(words), functools.partial(app.open_resource, current, ref))


def _found(inventory: Inventory, query: str) -> list[tuple[float, Ref, str]]:
    words = query.lower().split()
    found: list[tuple[float, Ref, str]] = []
    for kind in (kind for kind in KINDS if kind.name in _KINDS):
        listing = inventory.listing(kind.name)
        for row in listing.rows:
            title = inventory.title(Ref(kind.name, row.key))
            lowered = title.lower()
            if all(word in lowered or word in (kind.short, *kind.aliases) for word in words):
                score = 0.8 / (1 + len(title) / 100)
                found.append((score, Ref(kind.name, row.key), title))
    found.sort(key=lambda item: -item[0])
    return found[:_MOST]

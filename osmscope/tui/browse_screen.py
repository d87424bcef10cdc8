"""One sidecar: its resources as tables and as a tree, and the chosen one in words, YAML or JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.containers import Container
from textual.widget import Widget

from osmscope.diff.resources import ResourceChange
from osmscope.report.inventory.document import Link, Ref
from osmscope.report.inventory.kinds import BY_NAME, KINDS
from osmscope.report.inventory.words import link_line
from osmscope.session.update_listing import changed_keys
from osmscope.tui import actions
from osmscope.tui.bars import Bar, KindBar
from osmscope.tui.browsing import Counted, Described, Grown, Linked, Listed, Rooted
from osmscope.tui.choice_screen import ChoiceScreen
from osmscope.tui.detail_pane import DetailPane
from osmscope.tui.filtering import Filter
from osmscope.tui.line_list import LineList
from osmscope.tui.location import Location
from osmscope.tui.searching import Searching
from osmscope.tui.settings import FORMS
from osmscope.tui.table_list import TableList
from osmscope.tui.tree_list import TreeList

_SIDE_BY_SIDE = 140
"""From how many columns the detail pane stands beside the list."""
_PAUSE = 0.04
"""Seconds that the cursor rests before the detail pane follows."""


class BrowseScreen(Searching):
    """The resources of one sidecar."""

    VIEW = "browse"
    CONTEXT = "browse"
    BINDINGS: ClassVar = actions.bindings("browse")
    DEFAULT_CSS = """
    BrowseScreen #panes { layout: vertical; height: 1fr; }
    BrowseScreen #detail { height: 45%; border-top: solid $panel; }
    BrowseScreen.beside #panes { layout: horizontal; }
    BrowseScreen.beside #detail { height: 1fr; width: 42%; border-top: none;
        border-left: solid $panel; }
    BrowseScreen.as-tree #table { display: none; }
    BrowseScreen.as-table #tree { display: none; }
    BrowseScreen.zoomed #table, BrowseScreen.zoomed #tree { display: none; }
    BrowseScreen.zoomed #detail { height: 1fr; width: 1fr; border: none; }
    BrowseScreen.bare #detail { display: none; }
    """

    _is_there = False
    """Whether the list of the location is on the screen, and the cursor in it."""

    def compose_view(self) -> Iterable[Widget]:
        """Put the kinds above the list, and the detail pane beside or below it."""
        yield KindBar(id="kinds")
        yield Bar(id="caption")
        with Container(id="panes"):
            yield TableList(id="table")
            yield TreeList(id="tree")
            yield DetailPane(id="detail")

    def on_resize(self) -> None:
        """Put the panes side by side where there is room."""
        self.set_class(self.app.size.width >= _SIDE_BY_SIDE, "beside")
        self.caption()

    def on_mount(self) -> None:
        """Begin as the user's settings say."""
        defaults = self.scope.settings.defaults
        self.form, self.table.is_wide = defaults.form, defaults.wide

    def show(self, location: Location) -> None:
        """Show a sidecar, or another part of it."""
        other = (location.kind, location.member) != (self.location.kind, self.location.member)
        self.location, self._is_there = location, False
        self.set_class(not location.kind, "as-tree")
        self.set_class(bool(location.kind), "as-table")
        if self.has_class("zoomed"):
            self.remove_class("zoomed")
        if other:
            self.table.filtered(self.scope.filter_of(location.kind))
        if not self.detail.has_focus or other:
            self.lines.focus()
        self.load()
        self.caption()

    def place(self) -> Location:
        """Return where the user is."""
        return Location(
            view="browse", member=self.location.member, kind=self.location.kind,
            scope=self.location.scope, ref=self.ref(),
        )  # fmt: skip

    def above(self) -> Location | None:
        """Return what is above: all of a kind, then the mesh."""
        if self.location.scope is not None:
            return Location(
                view="browse", member=self.location.member, kind=self.location.scope.kind,
                ref=self.location.scope,
            )  # fmt: skip
        return Location(member=self.location.member) if len(self.scope.mesh.members) > 1 else None

    def ref(self) -> Ref | None:
        """Return the resource under the cursor, or the one that the cursor is about to go to."""
        if not self._is_there:
            return self.location.ref
        if not self.location.kind:
            node = self.outline.node()
            return None if node is None else node.ref
        key, listing = self.table.key(), self.table.listing
        if not key or listing is None or listing.kind != self.location.kind:
            return self.location.ref
        return Ref(listing.kind, key)

    @on(Listed)
    def _listed(self, event: Listed) -> None:
        if event.location == self.location:
            ref, self._is_there = event.location.ref, True
            self.table.show(event.listing, event.positions, ref.key if ref else "")
            self.caption()
            self.count_kinds()

    @on(Rooted)
    def _rooted(self, event: Rooted) -> None:
        if event.location == self.location:
            self._is_there = True
            self.outline.show(event.tree, event.location.ref)
            self.caption()
            self.count_kinds()

    @on(Grown)
    def _grown(self, event: Grown) -> None:
        self.outline.grow(event.node, event.children)

    @on(Counted)
    def _counted_one(self) -> None:
        self.caption()

    @on(TreeList.Opened)
    def _opened(self, event: TreeList.Opened) -> None:
        if self.outline.model is not None:
            self.grow(self.outline.model, event.node)

    @on(Described)
    def _described(self, event: Described) -> None:
        if event.ref != self.ref() and event.ref is not None:
            return
        if event.text is not None:
            self.detail.show_text(event.text, keep=event.is_same)
        else:
            self.detail.show_lines(event.lines, keep=event.is_same)

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        if event.list is self.lines and not isinstance(event, LineList.Followed):
            self.set_timer(_PAUSE, self.describe)
            self.caption()

    def flash(self, key: str, found: tuple[ResourceChange, ...]) -> None:
        """Let the rows of what changed flash."""
        if key == self.location.member:
            self.table.flash(changed_keys(self.location.kind, found))

    def caption(self) -> None:
        """Say what is shown, and of whom."""
        if not self.location.member or not self.query("#caption"):
            return
        state = self.state_words()
        kind = BY_NAME.get(self.location.kind)
        inventory = self.scope.inventory(self.location.member)
        counts = {} if inventory is None else inventory.counts()
        kinds = [(k.name, k.title, k.short.upper(), str(counts.get(k.name, ""))) for k in KINDS]
        tabs = [("", "Tree", "T", ""), *kinds]
        self.query_one("#kinds", KindBar).show(tabs, self.location.kind)
        pieces = [(f" {'Tree' if kind is None else kind.title} ", "strong"), *self._counted()]
        if self.location.scope is not None and inventory is not None:
            scope = self.location.scope
            title = inventory.title(scope) if inventory.is_listed(scope.kind) else scope.key
            words = f"  of {BY_NAME[scope.kind].one} {title}"
            pieces.append((words, "faint"))
        wanted = self.lines.filter
        if wanted.text:
            pieces.append((f"  /{wanted.text}", "key"))
        if wanted.problem:
            pieces.append((f"  no expression yet ({wanted.problem}): taken as it stands", "warn"))
        self.query_one("#caption", Bar).put(*pieces, *state)
        self.crumbs("osmscope", *self.trail(), right=self.facts())

    def _counted(self) -> list[tuple[str, str]]:
        if not self.location.kind:
            found = self.outline.matches()
            return [(f"{found} in sight fit", "faint")] if self.outline.filter.text else []
        total, shown = self.table.total(), self.table.count()
        words = f"{shown} of {total}" if self.table.filter.text else str(total)
        return [(words, "faint" if shown or not total else "warn")]

    def leave(self) -> bool:
        """Close the zoom, stop reading, or clear the filter."""
        if self.has_class("zoomed"):
            self.remove_class("zoomed")
            self.lines.focus()
            return True
        if self.scope.stop_reading():
            return True
        if self.detail.has_focus:
            self.detail.searched(Filter())
            self.lines.focus()
            return True
        if self.lines.filter.text:
            self.search(Filter())
            return True
        return False

    # Following

    @on(LineList.Followed)
    async def _followed(self, event: LineList.Followed) -> None:
        if event.list is self.detail:
            link = self.detail.link()
            if link is not None:
                await self.follow(link)
            return
        ref, inventory = self.ref(), self.scope.inventory(self.location.member)
        if ref is None or inventory is None:
            return
        self.look(inventory, ref, back=False)

    def action_referrers(self) -> None:
        """Show who refers to the resource under the cursor."""
        ref, inventory = self.ref(), self.scope.inventory(self.location.member)
        if ref is not None and inventory is not None:
            self.look(inventory, ref, back=True)

    @on(Linked)
    async def _linked(self, event: Linked) -> None:
        links = list(event.links)
        if not event.back:
            links = [link for link in links if link.is_main] or links
        if not links:
            self.notify("nobody refers to this" if event.back else "it leads nowhere")
        elif len(links) == 1 and not event.back:
            await self.follow(links[0])
        else:
            self._choose(event, links)

    def _choose(self, event: Linked, links: list[Link]) -> None:
        title = f"Who refers to {event.title}" if event.back else "Where to?"

        async def chosen(index: int | None) -> None:
            if index is not None:
                await self.follow(links[index])

        lines = [link_line(link, "←" if event.back else "→") for link in links]
        self.app.push_screen(ChoiceScreen(title, lines), chosen)

    # Views of it

    @on(KindBar.Chosen)
    async def _kind_chosen(self, event: KindBar.Chosen) -> None:
        await self.scope.open_kind(event.kind)

    async def action_tree(self) -> None:
        """Show the tree."""
        await self.scope.open_kind("")

    async def action_next_kind(self) -> None:
        """Show the next kind."""
        await self._beside(1)

    async def action_previous_kind(self) -> None:
        """Show the kind before."""
        await self._beside(-1)

    async def _beside(self, step: int) -> None:
        names = ["", *(kind.name for kind in KINDS)]
        await self.scope.open_kind(names[(names.index(self.location.kind) + step) % len(names)])

    def action_form(self) -> None:
        """Show the resource in the next form."""
        self.form = FORMS[(FORMS.index(self.form) + 1) % len(FORMS)]
        self.describe()

    def action_other_pane(self) -> None:
        """Go from the list to the detail pane, or back."""
        self.remove_class("bare")
        (self.lines if self.detail.has_focus else self.detail).focus()

    def action_zoom(self) -> None:
        """Give the detail pane all, nothing, or half of the screen."""
        if self.has_class("zoomed"):
            self.remove_class("zoomed")
            self.add_class("bare")
            self.lines.focus()
        elif self.has_class("bare"):
            self.remove_class("bare")
        else:
            self.add_class("zoomed")
            self.detail.focus()

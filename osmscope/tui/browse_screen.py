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
from osmscope.tui.browsing import FORMS, Described, Grown, Listed, Rooted
from osmscope.tui.choice_screen import ChoiceScreen
from osmscope.tui.detail_pane import DetailPane
from osmscope.tui.filtering import Filter, parse_filter
from osmscope.tui.line_list import LineList
from osmscope.tui.location import Location
from osmscope.tui.prompt import Prompt
from osmscope.tui.resource_actions import ResourceActions
from osmscope.tui.table_list import TableList
from osmscope.tui.tree_list import TreeList

_SIDE_BY_SIDE = 140
"""From how many columns the detail pane stands beside the list."""
_PAUSE = 0.04
"""Seconds that the cursor rests before the detail pane follows."""


class BrowseScreen(ResourceActions):
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
        self._caption()

    @property
    def table(self) -> TableList:
        """The table."""
        return self.query_one("#table", TableList)

    @property
    def outline(self) -> TreeList:
        """The tree."""
        return self.query_one("#tree", TreeList)

    @property
    def detail(self) -> DetailPane:
        """The detail pane."""
        return self.query_one("#detail", DetailPane)

    @property
    def lines(self) -> TableList | TreeList:
        """The table or the tree, whichever is shown."""
        return self.table if self.location.kind else self.outline

    def show(self, location: Location) -> None:
        """Show a sidecar, or another part of it."""
        other = (location.kind, location.member) != (self.location.kind, self.location.member)
        self.location = location
        self.set_class(not location.kind, "as-tree")
        self.set_class(bool(location.kind), "as-table")
        if self.has_class("zoomed"):
            self.remove_class("zoomed")
        if other:
            self.table.filtered(self.scope.filter_of(location.kind))
        if not self.detail.has_focus or other:
            self.lines.focus()
        self.load()
        self._caption()

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
        """Return the resource under the cursor."""
        if not self.location.kind:
            node = self.outline.node()
            return None if node is None else node.ref
        key = self.table.key()
        return Ref(self.location.kind, key) if key else self.location.ref

    @on(Listed)
    def _listed(self, event: Listed) -> None:
        if event.location == self.location:
            ref = event.location.ref
            self.table.show(event.listing, event.positions, ref.key if ref else "")
            self._caption()

    @on(Rooted)
    def _rooted(self, event: Rooted) -> None:
        if event.location == self.location:
            self.outline.show(event.tree, event.location.ref)
            self._caption()

    @on(Grown)
    def _grown(self, event: Grown) -> None:
        self.outline.grow(event.node, event.children)

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
            self._caption()

    def recaption(self) -> None:
        """Write the caption anew."""
        self._caption()

    def flash(self, key: str, found: tuple[ResourceChange, ...]) -> None:
        """Let the rows of what changed flash."""
        if key == self.location.member:
            self.table.flash(changed_keys(self.location.kind, found))

    def _caption(self) -> None:
        if not self.is_mounted or not self.location.member:
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
            words = f"  of {scope.kind.replace('_', ' ')} {inventory.title(scope)}"
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

    # Finding

    def action_filter(self) -> None:
        """Ask for a filter; in the detail pane, for a search."""
        pane = self.detail if self.detail.has_focus else self.lines
        self.prompt.open("/", pane.filter.text)

    @on(Prompt.Changed)
    @on(Prompt.Entered)
    def _filtered(self, event: Prompt.Changed) -> None:
        if event.sign == "/":
            self._filter(parse_filter(event.text))

    @on(Prompt.Given)
    def _unfiltered(self) -> None:
        self._filter(Filter())

    def _filter(self, wanted: Filter) -> None:
        if self.prompt.before is self.detail or self.detail.has_focus:
            self.detail.searched(wanted)
        elif self.location.kind:
            self.table.filtered(wanted)
            self.scope.keep_filter(self.location.kind, wanted)
        else:
            self.outline.searched(wanted)
        self._caption()

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
            self._filter(Filter())
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
        links = inventory.links(ref)
        self._choose("Where to?", [link for link in links if link.is_main] or list(links), "→")

    def action_referrers(self) -> None:
        """Show who refers to the resource under the cursor."""
        ref, inventory = self.ref(), self.scope.inventory(self.location.member)
        if ref is not None and inventory is not None:
            title = f"Who refers to {inventory.title(ref)}"
            self._choose(title, list(inventory.referrers(ref)), "←", always=True)

    def _choose(self, title: str, links: list[Link], sign: str, *, always: bool = False) -> None:
        if not links:
            self.notify("nothing: it leads nowhere" if sign == "→" else "nobody refers to this")
            return
        if len(links) == 1 and not always:
            self.run_worker(self.follow(links[0]), group="follow", exclusive=True)
            return

        async def chosen(index: int | None) -> None:
            if index is not None:
                await self.follow(links[index])

        lines = [link_line(link, sign) for link in links]
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

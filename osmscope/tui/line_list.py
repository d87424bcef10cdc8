"""A list of lines with a cursor: the base of tables, the tree and the detail pane.

Decision: only the lines on the screen are ever made (Textual's line API), so a list of 100,000
costs as much as one of 20. The cursor is a line's number; what it means is the subclass's.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from osmscope.tui import actions

Pieces = list[tuple[str, str]]
"""Texts and the names of their styles; "" for the plain one."""

STYLES = ("cursor", "head", "faint", "good", "warn", "bad", "link", "strong", "match")


class LineList(ScrollView, can_focus=True):
    """A list of lines."""

    CONTEXT = "list"
    BINDINGS = actions.bindings("list")
    COMPONENT_CLASSES = {f"line-list--{name}" for name in STYLES}
    DEFAULT_CSS = """
    LineList { height: 1fr; background: $surface; color: $foreground; scrollbar-size-vertical: 1;
        overflow-x: hidden; }
    LineList > .line-list--cursor { background: $block-cursor-blurred-background;
        color: $block-cursor-blurred-foreground; text-style: $block-cursor-blurred-text-style; }
    LineList:focus > .line-list--cursor { background: $block-cursor-background;
        color: $block-cursor-foreground; text-style: $block-cursor-text-style; }
    LineList > .line-list--head { color: $faint; text-style: bold; }
    LineList > .line-list--faint { color: $faint; text-style: $faint-style; }
    LineList > .line-list--good { color: $success; }
    LineList > .line-list--warn { color: $warning; }
    LineList > .line-list--bad { color: $error; text-style: bold; }
    LineList > .line-list--link { color: $primary; text-style: underline; }
    LineList > .line-list--strong { text-style: bold; }
    LineList > .line-list--match { text-style: reverse; }
    """

    cursor: reactive[int] = reactive(0)

    class Moved(Message):
        """The cursor is on another line."""

        def __init__(self, sender: LineList) -> None:
            super().__init__()
            self.list = sender

        @property
        def control(self) -> LineList:
            """The list."""
            return self.list

    class Followed(Moved):
        """The user wants to follow the line under the cursor."""

    def count(self) -> int:
        """Return how many lines there are."""
        return 0

    def pieces(self, index: int, width: int) -> Pieces:
        """Return a line's texts, escaped and at most `width` cells together."""
        raise NotImplementedError

    def head(self, width: int) -> Pieces | None:
        """Return the line that stays on top; None for none."""
        return None

    def is_match(self, index: int) -> bool:
        """Whether `n` and `N` stop at a line."""
        return False

    def is_target(self, index: int) -> bool:
        """Whether a line can be jumped to."""
        return True

    def changed(self) -> None:
        """Draw anew: other lines, or another number of them."""
        rows = self.count() + (self.head(1) is not None)
        self.virtual_size = Size(self.size.width, rows)
        self.cursor = self._inside(self.cursor)
        self.refresh()

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a line."""
        return self._inside(cursor)

    def watch_cursor(self) -> None:
        """Show the line under the cursor, and tell of it."""
        self._show_cursor()
        self.refresh()
        self.post_message(self.Moved(self))

    def _inside(self, cursor: int) -> int:
        return max(0, min(cursor, self.count() - 1))

    def _page(self) -> int:
        return max(1, self.size.height - (self.head(1) is not None))

    def _show_cursor(self) -> None:
        top = self.head(1) is not None
        region = Region(0, self.cursor, 1, 1 + top)
        self.scroll_to_region(region, animate=False, force=True, immediate=True)

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor on the screen."""
        self.virtual_size = Size(event.size.width, self.virtual_size.height)
        self._show_cursor()

    def render_line(self, y: int) -> Strip:
        """Draw a line of the screen."""
        width = self.scrollable_content_region.width  # without the scrollbar
        top = self.head(width)
        if top is not None and y == 0:
            return self._strip(top, width, "head")
        index = y + self.scroll_offset.y - (top is not None)
        if not 0 <= index < self.count():
            return Strip.blank(width, self.rich_style)
        over = "cursor" if index == self.cursor else ""
        return self._strip(self.pieces(index, width), width, over)

    def _strip(self, pieces: Pieces, width: int, over: str) -> Strip:
        base = self.rich_style
        under = self.get_component_rich_style(f"line-list--{over}", partial=True) if over else None
        segments = [Segment(text, self._style(name, base, under)) for text, name in pieces if text]
        strip = Strip(segments)
        fill = base if under is None else base + under
        return strip.adjust_cell_length(width, fill)

    def _style(self, name: str, base: Style, under: Style | None) -> Style:
        if under is not None:
            # A piece keeps its weight under the cursor, and takes the cursor's colours.
            return base + under
        if not name:
            return base
        return base + self.get_component_rich_style(f"line-list--{name}", partial=True)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a second click follows."""
        index = event.y + self.scroll_offset.y - (self.head(1) is not None)
        if 0 <= index < self.count() and (event.y > 0 or self.head(1) is None):
            self.cursor = index
            if event.chain == 2:
                self.action_follow()

    def action_follow(self) -> None:
        """Tell that the line under the cursor is to be followed."""
        if self.count():
            self.post_message(self.Followed(self))

    def action_down(self) -> None:
        """Go down a line."""
        self.cursor += 1

    def action_up(self) -> None:
        """Go up a line."""
        self.cursor -= 1

    def action_half_down(self) -> None:
        """Go down half a page."""
        self.cursor += max(1, self._page() // 2)

    def action_half_up(self) -> None:
        """Go up half a page."""
        self.cursor -= max(1, self._page() // 2)

    def action_page_down(self) -> None:
        """Go down a page."""
        self.cursor += self._page()

    def action_page_up(self) -> None:
        """Go up a page."""
        self.cursor -= self._page()

    def action_top(self) -> None:
        """Go to the first line."""
        self.cursor = 0

    def action_bottom(self) -> None:
        """Go to the last line."""
        self.cursor = self.count() - 1

    def action_next_match(self) -> None:
        """Go to the next match, around the end."""
        self._to_match(1)

    def action_previous_match(self) -> None:
        """Go to the match before, around the start."""
        self._to_match(-1)

    def _to_match(self, step: int) -> None:
        count = self.count()
        for distance in range(1, count + 1):
            index = (self.cursor + step * distance) % count
            if self.is_match(index):
                self.cursor = index
                return

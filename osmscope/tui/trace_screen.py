"""Trace as you type: a form, and the path of its request, drawn anew at every keystroke."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual import events, on
from textual.containers import Container
from textual.widget import Widget

from osmscope.report.inventory.document import Ref
from osmscope.report.path_graph import SIGNS, Place, foldable, path_graph
from osmscope.session.request_form import BY_NAME, RequestForm
from osmscope.tui import actions
from osmscope.tui.bars import Bar
from osmscope.tui.line_list import LineList
from osmscope.tui.location import Location
from osmscope.tui.trace_actions import TraceActions
from osmscope.tui.trace_form import TraceForm
from osmscope.tui.trace_list import TraceList
from osmscope.tui.tracing import Told

_SIDE_BY_SIDE = 140
"""From how many columns the form stands beside the path."""
_LOW = 30
"""Below how many lines the form makes room while the path is looked at."""
_SIGN_STYLES = {"good": "good", "bad": "bad", "unknown": "warn"}


class TraceScreen(TraceActions):
    """A request and its path."""

    VIEW = "trace"
    CONTEXT = "trace"
    AUTO_FOCUS = ""  # `show` decides, so that the fields never have it for a moment
    BINDINGS: ClassVar = actions.bindings("trace")
    DEFAULT_CSS = """
    TraceScreen #tracing { layout: vertical; height: 1fr; }
    TraceScreen #fields { height: auto; max-height: 60%; overflow-y: auto;
        scrollbar-size-vertical: 1; }
    TraceScreen #answer { height: 1fr; }
    TraceScreen.beside #tracing { layout: horizontal; }
    TraceScreen.beside #fields { width: 52; height: 1fr; max-height: 100%;
        border-right: solid $panel; }
    TraceScreen.beside #answer { width: 1fr; }
    TraceScreen.low.reading #fields { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._opened: frozenset[str] = frozenset()
        self._note: tuple[str, str] | None = None
        self._noted: RequestForm | None = None

    def compose_view(self) -> Iterable[Widget]:
        """Put the form above or beside the path, the answer on top of it."""
        with Container(id="tracing"):
            with Container(id="fields"):
                yield TraceForm(id="form")
            with Container(id="answer"):
                yield Bar(id="headline")
                yield Bar(id="hint")
                yield TraceList(id="path")

    def on_resize(self) -> None:
        """Put the form beside the path where there is room."""
        beside = self.app.size.width >= _SIDE_BY_SIDE
        self.set_class(beside, "beside")
        self.set_class(not beside and self.app.size.height < _LOW, "low")
        self.fields.set_class(beside, "narrow")
        self._make_room()
        self._caption()

    def _make_room(self) -> None:
        """Where there are few lines, hide the form or show the path at a glance."""
        is_read = self.path.has_focus and self.told is not None and self.is_latest(self.told)
        self.set_class(is_read, "reading")
        self.path.compact(self.has_class("low") and not self.has_class("reading"))

    @property
    def fields(self) -> TraceForm:
        """The form."""
        return self.query_one("#form", TraceForm)

    @property
    def path(self) -> TraceList:
        """The path."""
        return self.query_one("#path", TraceList)

    def form(self) -> RequestForm:
        """Return what is typed."""
        return self.fields.form()

    async def put(self, form: RequestForm) -> None:
        """Type another request."""
        await self.fields.put(form)

    # Where the user is

    def show(self, location: Location) -> None:
        """Show the form for a sidecar."""
        other = location.member != self.location.member
        self.location = location
        if other:
            self.told = None
            self.path.show(())
        if self.scope.tracer(location.member) is None:
            self.scope.read(location.member)
        form, note = self.scope.take_request()
        if form is not None:
            self._note, self._noted = note, None
            self.call_later(self.put, form)
            self.path.focus()
        else:
            self._note = None
            self.typed(self.form())
            self.prepare()
            self.fields.focus_first()
        self._caption()

    def place(self) -> Location:
        """Return where the user is."""
        return self.location

    def above(self) -> Location | None:
        """Return what is above: the sidecar."""
        return Location(view="browse", member=self.location.member, kind="cluster")

    def leave(self) -> bool:
        """Go from the fields to the path; forget what a witness was for."""
        if self.path.has_focus or self.focused is None:
            return False
        self.path.focus()
        return True

    def member_changed(self, key: str) -> None:
        """Trace anew: the sidecar was read again."""
        if key == self.location.member and self.is_mounted:
            self.typed(self.form())
            self.prepare()
            self._caption()

    def _caption(self) -> None:
        member = self.scope.mesh.members.get(self.location.member)
        if member is not None:
            right = "" if self.path.has_focus else "⏎ to the path  ⇥ next field"
            self.crumbs("osmscope", member.name, "trace", right=right)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Make room for what is looked at."""
        self._make_room()
        self._caption()

    # Typing

    @on(TraceForm.Changed)
    def _typed(self) -> None:
        form = self.form()
        if self._noted not in (None, form):
            self._note = None  # it was said of another request
        self._noted = form
        self.typed(form)

    @on(TraceList.Left)
    def _edited(self) -> None:
        self.remove_class("reading")
        self.call_after_refresh(self.fields.focus_first)

    @on(TraceForm.Done)
    def _done(self) -> None:
        self.remember()
        self.path.focus()

    def unasked(self, errors: object) -> None:
        """Show what is wrong with the form, or how to begin."""
        found = dict(errors) if isinstance(errors, Mapping) else {}
        self._make_room()
        self.fields.mark(found)
        self._hint(found)
        if self.scope.tracer(self.location.member) is None:
            state = self.scope.mesh.state(self.location.member)
            words = state.reason or "the sidecar is being read …"
            self._headline((f" {words}", "warn" if state.reason else "faint"))
        elif found:
            self._headline((" ! not traced: the request cannot be read", "warn"))
        else:
            self.told = None
            self.path.show(())
            self._headline((" type a target, and see where a request to it lands", "faint"))

    def _hint(self, errors: Mapping[str, str]) -> None:
        bar = self.query_one("#hint", Bar)
        pieces: list[tuple[str, str]] = []
        for name, words in errors.items():
            field = BY_NAME.get(name)
            label = field.label if field is not None else name.partition(".")[0].rstrip("s")
            pieces += [(f" ! {label}" if label else " !", "bad"), (f" {words}", "")]
        if not errors and self._note is not None:
            pieces = [self._note]
        bar.display = bool(pieces)
        bar.put(*pieces)

    def failed(self, problem: str) -> None:
        """Show why a request could not be traced."""
        self.fields.mark({})
        self._headline((f" ✗ {problem}", "bad"))

    def _headline(self, *pieces: tuple[str, str]) -> None:
        self.query_one("#headline", Bar).put(*pieces)

    # Answers

    def answered(self, told: Told) -> None:
        """Show an answer."""
        self._make_room()
        self.fields.mark({})
        self._hint({})
        report, answer = told.report, told.traced.answer
        sign = (f" {SIGNS[report.sign]} {report.result}", _SIGN_STYLES[report.sign])
        count = len(report.assumed)
        if answer.exact:
            basis = ("  · exact", "faint")
        else:
            noun = "assumption" if count == 1 else "assumptions"
            basis = (f"  ≈ rests on {count} {noun}", "warn")
        self._headline(sign, basis)
        self._draw()

    def _draw(self) -> None:
        if self.told is not None:
            told = self.told
            lines = path_graph(told.report, told.traced.answer, self._opened, told.report.nearest)
            self.path.show(lines)

    def wants_more(self, told: Told) -> bool:
        """Whether losers or near misses are to be shown."""
        return bool(self._opened) or super().wants_more(told)

    @on(LineList.Followed)
    async def _followed(self, event: LineList.Followed) -> None:
        line = self.path.line()
        if line is None:
            return
        if line.correction is not None:
            await self._correct(line.correction)
        elif line.fold:
            self._unfold(self._opened ^ {line.fold})
        elif line.place is not None:
            await self.action_open_resource()

    def _unfold(self, opened: frozenset[str]) -> None:
        self._opened = opened
        self._draw()
        if opened:
            self.in_full()

    def action_unfold_all(self) -> None:
        """Show or hide all losers."""
        if self._opened:
            self._unfold(frozenset())
        elif self.told is not None:
            report, answer = self.told.report, self.told.traced.answer
            self._unfold(foldable(path_graph(report, answer)))

    def action_more_fields(self) -> None:
        """Show or hide the fields that are seldom needed."""
        self.fields.toggle_class("unfolded")
        self.remove_class("reading")

    async def action_open_resource(self) -> None:
        """Show the resource of the line among the others."""
        line, inventory = self.path.line(), self.scope.inventory(self.location.member)
        if line is None or line.place is None or inventory is None:
            self.notify("this line is about no resource of the dump", severity="warning")
            return
        ref = _ref(inventory, line.place)
        await self.scope.open_resource(self.location.member, ref)


def _ref(inventory: object, place: Place) -> Ref:
    from osmscope.report.inventory.inventory import Inventory

    assert isinstance(inventory, Inventory)
    listing = inventory.listing(place.kind)
    if place.name in listing.positions:
        return Ref(place.kind, place.name)
    named = [row for row in listing.rows if place.name in row.names]
    within = [row for row in named if place.within in (row.parent, *row.names)]
    found = (within or named)[:1]
    return Ref(place.kind, found[0].key if found else place.name)

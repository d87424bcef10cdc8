"""A JMESPath question to a dump, answered while it is typed.

Decision: the dump as it is, as `osmscope query` asks it. It is decoded once, in a worker, and
forgotten when the screen closes, because a decoded dump takes several times its size.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input
from textual.worker import get_current_worker

from osmscope.errors import OsmscopeError
from osmscope.report import documents
from osmscope.report.inventory.document import Line, Piece
from osmscope.session.mesh_model import Member
from osmscope.tui import actions
from osmscope.tui.bars import ActionBar, Bar
from osmscope.tui.cells import HARMLESS
from osmscope.tui.detail_pane import DetailPane

_EXAMPLE = "configs[].dynamic_listeners[].name"
_SHOWN = 1 << 20
"""How many characters of an answer are shown."""


class _Answered(Message):
    def __init__(self, text: str, problem: str, count: str) -> None:
        super().__init__()
        self.text, self.problem, self.count = text, problem, count


class QueryScreen(ModalScreen[None]):
    """A question and its answer."""

    CONTEXT = "query"
    BINDINGS: ClassVar = actions.bindings("query")
    DEFAULT_CSS = """
    QueryScreen { align: center middle; background: $background 60%; }
    QueryScreen > Vertical { width: 94%; height: 90%; border: round $primary;
        background: $surface; }
    QueryScreen Input { height: 1; border: none; padding: 0 1; background: $panel; }
    QueryScreen Input:focus { border: none; }
    """

    def __init__(self, member: Member) -> None:
        super().__init__()
        self._member = member
        self._document: object = None
        self._is_read = False

    def compose(self) -> ComposeResult:
        """Put the question above the answer."""
        with Vertical() as frame:
            frame.border_title = "JMESPath"
            yield Input(placeholder=_EXAMPLE, compact=True, highlighter=HARMLESS)
            yield Bar(id="query-state")
            yield DetailPane(id="answer")
            yield ActionBar()

    def on_mount(self) -> None:
        """Say how to begin."""
        self.query_one("#query-state", Bar).put((" the whole dump; jmespath.org", "faint"))
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._ask(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(DetailPane).focus()

    @work(thread=True, exclusive=True, group="query")
    def _ask(self, expression: str) -> None:
        worker = get_current_worker()
        answer = self._answer(expression)
        if not worker.is_cancelled:
            self.post_message(answer)

    def _answer(self, expression: str) -> _Answered:
        import jmespath
        from jmespath.exceptions import JMESPathError

        if not expression.strip():
            return _Answered("", "", "")
        try:
            compiled = jmespath.compile(expression)
            found = compiled.search(self._read())
        except JMESPathError as error:
            return _Answered("", str(error).splitlines()[0], "")
        except (OsmscopeError, msgspec.MsgspecError) as error:
            return _Answered("", str(error), "")
        text = documents.as_json(found)
        count = f"{len(found)} found" if isinstance(found, list) else type(found).__name__
        if len(text) > _SHOWN:
            text, count = text[:_SHOWN], f"{count}, the first {_SHOWN:,} characters shown"
        return _Answered(text, "", count)

    def _read(self) -> object:
        if not self._is_read:
            self._document = documents.parsed(self._member.dump().data)
            self._is_read = True
        return self._document

    @on(_Answered)
    def _answered(self, event: _Answered) -> None:
        state = self.query_one("#query-state", Bar)
        if event.problem:
            state.put((f" {event.problem}", "warn"))
            return
        state.put((f" {event.count}", "faint"))
        pane = self.query_one(DetailPane)
        if event.text:
            pane.show_text(event.text)
        else:
            pane.show_lines((Line((Piece("", "faint"),)),))

    def action_close(self) -> None:
        """Go back."""
        self._document = None
        self.dismiss(None)

"""The prompt: one line for filters and for commands, there only while it is needed."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Label

from osmscope.tui.cells import HARMLESS


class Prompt(Horizontal):
    """A sign and a field."""

    DEFAULT_CSS = """
    Prompt { height: 1; display: none; background: $panel; }
    Prompt.open { display: block; }
    Prompt Label { width: auto; color: $accent; text-style: bold; padding: 0 0 0 1; }
    Prompt Input { width: 1fr; height: 1; border: none; padding: 0; background: $panel; }
    Prompt Input:focus { border: none; }
    """

    class Changed(Message):
        """The text changed."""

        def __init__(self, sign: str, text: str) -> None:
            super().__init__()
            self.sign = sign
            self.text = text

    class Entered(Changed):
        """The user is done."""

    class Given(Message):
        """The user gave up; what was typed does not count."""

        def __init__(self, sign: str) -> None:
            super().__init__()
            self.sign = sign

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self.sign = ""
        self.before: Widget | None = None
        """What had the focus before it opened."""

    def compose(self) -> ComposeResult:
        """Put the sign before the field."""
        yield Label("")
        yield Input(compact=True, highlighter=HARMLESS)

    @property
    def is_open(self) -> bool:
        """Whether it is there."""
        return self.has_class("open")

    def open(self, sign: str, text: str = "", words: Sequence[str] = ()) -> None:
        """Ask for something.

        Args:
            sign: What is asked for, as one character.
            text: What stands in the field to begin with.
            words: What completes the text while it is typed.
        """
        if not self.is_open:
            self.before = self.screen.focused
        self.sign = sign
        self.query_one(Label).update(sign)
        field = self.query_one(Input)
        field.suggester = SuggestFromList(words, case_sensitive=False) if words else None
        with self.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)
        self.add_class("open")
        field.focus()

    def close(self) -> None:
        """Go away, and give the focus back."""
        self.remove_class("open")
        if self.before is not None and self.before.is_attached:
            self.before.focus()

    def give_up(self) -> None:
        """Go away without an answer."""
        self.close()
        self.post_message(self.Given(self.sign))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self.post_message(self.Changed(self.sign, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()
        self.post_message(self.Entered(self.sign, event.value))

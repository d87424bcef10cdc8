"""The form of a request: fields that tell of every change."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from osmscope.session.request_form import FIELDS, Field, RequestForm
from osmscope.tui.cells import HARMLESS

_WHOLE_ROW = ("target", "listener", "runtime")
_HEADER = Field(name="header", label="header", hint="name: value")
_LONGEST = 8000


class FormField(Horizontal):
    """A label and a field."""

    DEFAULT_CSS = """
    FormField { height: 1; }
    FormField Label { width: 11; padding: 0 1; color: $faint; }
    FormField.wrong Label { color: $text-error; text-style: bold; }
    FormField Input { width: 1fr; height: 1; border: none; padding: 0; background: $surface; }
    FormField Input > .input--placeholder { color: $hint; text-style: italic; }
    FormField Input:focus { border: none; background: $panel; }
    """

    def __init__(self, field: Field, text: str = "") -> None:
        super().__init__(classes="field")
        self.field = field
        # Made here: keys that are typed fast come before the field is on the screen.
        self.label = Label(field.label)
        self.input = Input(
            text, placeholder=field.hint, compact=True, max_length=_LONGEST,
            select_on_focus=False, highlighter=HARMLESS,
        )  # fmt: skip

    def compose(self) -> ComposeResult:
        """Put the label before the field."""
        yield self.label
        yield self.input

    def put(self, text: str) -> None:
        """Change the text without telling of it."""
        if self.input.value != text:
            with self.prevent(Input.Changed):
                self.input.value = text
        self.set_class(self.field.is_folded and not text, "folded")

    def mark(self, words: str) -> None:
        """Mark the field as one that cannot be read; "" for one that can."""
        self.set_class(bool(words), "wrong")
        label = self.field.label
        self.label.update(f"!{label}" if words else label)


class TraceForm(Container):
    """All fields; of the headers there is always one more."""

    DEFAULT_CSS = """
    TraceForm { layout: grid; grid-size: 2; grid-rows: 1; height: auto; background: $surface; }
    TraceForm.narrow { grid-size: 1; }
    TraceForm .whole { column-span: 2; }
    TraceForm.narrow .whole { column-span: 1; }
    TraceForm .folded { display: none; }
    TraceForm.unfolded .folded { display: block; }
    """

    class Changed(Message):
        """The request is another one."""

    class Done(Message):
        """The user wants to go on to the answer."""

    def compose(self) -> ComposeResult:
        """Put the fields in order, the headers behind the path."""
        for field in FIELDS:
            made = FormField(field)
            made.set_class(field.name in _WHOLE_ROW, "whole")
            made.set_class(field.is_folded, "folded")
            yield made
            if field.name == "path":
                yield self._header("")

    def _header(self, text: str) -> FormField:
        made = FormField(_HEADER, text)
        made.add_class("whole")
        return made

    @property
    def fields(self) -> Mapping[str, FormField]:
        """The fields but the headers, by their names."""
        found = (one for one in self.query(FormField) if one.field is not _HEADER)
        return {one.field.name: one for one in found}

    @property
    def headers(self) -> list[FormField]:
        """The fields of headers, in order."""
        return [one for one in self.query(FormField) if one.field is _HEADER]

    def form(self) -> RequestForm:
        """Return what is typed."""
        values = {name: one.input.value for name, one in self.fields.items() if one.input.value}
        return RequestForm(values, tuple(one.input.value for one in self.headers))

    async def put(self, form: RequestForm) -> None:
        """Show another request."""
        for name, field in self.fields.items():
            field.put(form.text(name))
        wanted = [text for text in form.headers if text.strip()] + [""]
        headers = self.headers
        for header, text in zip(headers, wanted, strict=False):
            header.put(text)
        for surplus in headers[len(wanted) :]:
            await surplus.remove()
        for text in wanted[len(headers) :]:
            await self.mount(self._header(text), after=self.headers[-1])
        self.post_message(self.Changed())

    def mark(self, errors: Mapping[str, str]) -> None:
        """Mark the fields that cannot be read."""
        for name, field in self.fields.items():
            field.mark(errors.get(name, ""))
        for index, header in enumerate(self.headers):
            header.mark(errors.get(f"headers.{index}", ""))

    def focus_first(self) -> None:
        """Go to the target."""
        self.fields["target"].input.focus()

    @on(Input.Changed)
    async def _changed(self, event: Input.Changed) -> None:
        event.stop()
        headers = self.headers
        if headers[-1].input.value:
            await self.mount(self._header(""), after=headers[-1])
        self.post_message(self.Changed())

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Done())

    def on_key(self, event: events.Key) -> None:
        """Go from field to field with the arrows, too."""
        if event.key == "down":
            event.stop()
            self.screen.focus_next(Input)
        elif event.key == "up":
            event.stop()
            self.screen.focus_previous(Input)

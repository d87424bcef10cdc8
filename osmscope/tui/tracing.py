"""What the trace view does in workers: it traces the last request that was typed, and explains it.

Decision: one request is traced at a time, and of those that were typed meanwhile only the last; so
a thread never works on what nobody looks at, and an answer comes after each pause of typing at the
latest. Losers and near misses, which cost far more, follow when the typing pauses, and only where
they are shown. What the first answer of a sidecar waits for is built when the view opens.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec
from textual import work
from textual.message import Message
from textual.timer import Timer

from osmscope.errors import OsmscopeError
from osmscope.report.trace_report import TraceReport
from osmscope.session.request_form import RequestForm, read_form
from osmscope.session.traced_report import traced_report
from osmscope.session.typed_request import Typed
from osmscope.tui.location import Location
from osmscope.tui.view_screen import ViewScreen

if TYPE_CHECKING:
    from osmscope.session.tracing import SidecarTracer, Traced

_PAUSE = 0.25
"""Seconds without a keystroke after which losers and near misses are looked for."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is to be traced."""

    number: int
    form: RequestForm
    typed: Typed
    in_full: bool = False


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, ready to be shown."""

    question: Question
    traced: Traced
    report: TraceReport


class Answered(Message):
    """A request was traced, or not."""

    def __init__(self, question: Question, told: Told | None, problem: str = "") -> None:
        super().__init__()
        self.question, self.told, self.problem = question, told, problem


class Prepared(Message):
    """What the first answer would wait for is built."""


class Tracing(ViewScreen):
    """What is behind the trace view."""

    location: Location = Location(view="trace")
    told: Told | None = None
    """The last answer."""

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._wanted: Question | None = None
        self._asked: Question | None = None
        self._pause: Timer | None = None
        self._prepared: SidecarTracer | None = None
        self._is_preparing = False

    def tracer(self) -> SidecarTracer | None:
        """Return what traces requests to the present sidecar; None while it was not read."""
        return self.scope.tracer(self.location.member)

    def prepare(self) -> None:
        """Build what the first answer would wait for, while nothing is asked yet."""
        tracer = self.tracer()
        if tracer is not None and tracer is not self._prepared and not self.is_waiting:
            self._prepared, self._is_preparing = tracer, True
            self._prepare(tracer)

    @work(thread=True, group="trace")
    def _prepare(self, tracer: SidecarTracer) -> None:
        with contextlib.suppress(Exception):  # told when somebody asks
            tracer.prepare()
        self.post_message(Prepared())

    def on_prepared(self) -> None:
        """Answer what was typed meanwhile."""
        self._is_preparing = False
        self._start()

    def typed(self, form: RequestForm) -> None:
        """Trace what is typed now."""
        self._number += 1
        if self._pause is not None:
            self._pause.stop()
        reading = read_form(form)
        if reading.typed is None or self.tracer() is None:
            self._wanted = None
            self.unasked(reading.errors)
            return
        self._wanted = Question(number=self._number, form=form, typed=reading.typed)
        self._start()

    def in_full(self) -> None:
        """Explain the last answer with its losers and near misses."""
        if self.told is not None and not self.told.question.in_full and self.is_latest(self.told):
            self._wanted = msgspec.structs.replace(self.told.question, in_full=True)
            self._start()

    def is_latest(self, told: Told) -> bool:
        """Whether an answer is that of what is typed now."""
        return told.question.number == self._number

    @property
    def sign(self) -> str:
        """How the last request that was typed ends."""
        return self.told.report.sign if self.told is not None and self.is_latest(self.told) else ""

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is on its way."""
        return self._asked is not None or self._wanted is not None

    def _start(self) -> None:
        tracer = self.tracer()
        is_free = self._asked is None and not self._is_preparing
        if is_free and self._wanted is not None and tracer is not None:
            self._asked, self._wanted = self._wanted, None
            self._trace(tracer, self._asked)

    @work(thread=True, group="trace")
    def _trace(self, tracer: SidecarTracer, question: Question) -> None:
        try:
            answered = Answered(question, told_of(tracer, question))
        except OsmscopeError as error:
            answered = Answered(question, None, str(error))
        except Exception as error:  # a dump that nobody foresaw costs this answer alone
            words = f"osmscope failed: {type(error).__name__}: {error}"
            answered = Answered(question, None, words)
        self.post_message(answered)

    def on_answered(self, event: Answered) -> None:
        """Show an answer, unless another request is typed meanwhile."""
        self._asked = None
        if event.question.number == self._number:
            if event.told is None:
                self.failed(event.problem)
            else:
                self.told = event.told
                self.answered(event.told)
                if not event.told.question.in_full and self.wants_more(event.told):
                    self._pause = self.set_timer(_PAUSE, self.in_full)
        self._start()

    def wants_more(self, told: Told) -> bool:
        """Whether losers or near misses of an answer are to be shown."""
        return told.report.sign != "good"

    def answered(self, told: Told) -> None:
        """Show an answer."""

    def unasked(self, errors: object) -> None:
        """Show that nothing can be traced yet."""

    def failed(self, problem: str) -> None:
        """Show why a request could not be traced."""


def told_of(tracer: SidecarTracer, question: Question) -> Told:
    """Trace a request and make its report; raises OsmscopeError."""
    traced = tracer.trace(question.typed, brief=not question.in_full)
    report = traced_report(traced, tracer.sidecar, None)
    return Told(question=question, traced=traced, report=report)

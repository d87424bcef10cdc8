"""From a resource to a request that reaches it, or to the reason why none can.

Decision: what finds it is imported when it is asked for: the first screen is there sooner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from osmscope.errors import OsmscopeError
from osmscope.report.inventory.document import Ref
from osmscope.report.inventory.inventory import Inventory
from osmscope.report.untrusted import escaped
from osmscope.session.request_form import RequestForm, form_of
from osmscope.tui.browsing import Browsing

if TYPE_CHECKING:
    from osmscope.session.witnesses import SidecarWitnesses
    from osmscope.trace.witness.goals import Kind

_LONG = 15.0
"""Seconds that a reason stays."""


class Witnessed(Message):
    """A request was found, or not."""

    def __init__(self, member: str, form: RequestForm | None, words: str) -> None:
        super().__init__()
        self.member, self.form, self.words = member, form, words


class Witnessing(Browsing):
    """Traces requests that reach the resource under the cursor."""

    def action_trace(self) -> None:
        """Trace a request that reaches the resource under the cursor."""
        member = self.location.member
        inventory, witnesses = self.scope.inventory(member), self.scope.witnesses(member)
        ref = self.ref()
        if inventory is None or witnesses is None:
            self.notify("the sidecar was not read yet", severity="warning")
        elif ref is None:
            self.run_worker(self.scope.trace(member), group="follow", exclusive=True)
        else:
            self._find(member, witnesses, inventory, ref)

    @work(thread=True, exclusive=True, group="witness")
    def _find(
        self, member: str, witnesses: SidecarWitnesses, inventory: Inventory, ref: Ref
    ) -> None:
        worker = get_current_worker()
        try:
            found = witnessed(member, witnesses, inventory, ref)
        except OsmscopeError as error:
            found = Witnessed(member, None, str(error))
        if not worker.is_cancelled:
            self.post_message(found)

    @on(Witnessed)
    async def _witnessed(self, event: Witnessed) -> None:
        if event.form is not None:
            await self.scope.trace(event.member, event.form, (f" {event.words}", "faint"))
            return
        self.notify(event.words, severity="warning", timeout=_LONG)


def witnessed(
    member: str, witnesses: SidecarWitnesses, inventory: Inventory, ref: Ref
) -> Witnessed:
    """Find a request that reaches a resource; raises OsmscopeError."""
    from osmscope.trace.witness.search import NoWitness

    goal = _goal(inventory, ref)
    if goal is None:
        words = f"no request leads to a {ref.kind.replace('_', ' ')} of its own"
        return Witnessed(member, None, words)
    found = witnesses.find(witnesses.goals(*goal))
    title = escaped(inventory.title(ref))
    if isinstance(found, NoWitness):
        can = "can reach" if found.proven else "was found that reaches"
        reason = escaped(found.reason.removeprefix("none found: "))
        sign = "✗" if found.proven else "?"
        words = f"{sign} no request {can} {ref.kind.replace('_', ' ')} {title}: {reason}"
        return Witnessed(member, None, words)
    form = form_of(found.typed.target, found.typed.options)
    words = f"this request reaches {escaped(found.goal)}"
    if found.ends:
        words += f", and ends there: {escaped(found.ends)}"
    return Witnessed(member, form, words)


def _goal(inventory: Inventory, ref: Ref) -> tuple[Kind, str] | None:
    """Say what is to be reached for a resource: itself, or what it is a part of."""
    from osmscope.trace.witness.goals import KINDS

    while ref.kind in ("filter", "rbac"):
        above = inventory.parent(ref)
        if above is None:
            return None
        ref = above
    kind = next((one for one in KINDS if one == ref.kind), None)
    if kind is None:
        return None
    if kind == "endpoint":
        cells = inventory.cells(ref)
        return kind, f"{cells.get('cluster', '')}/{cells.get('address', '')}"
    return kind, ref.key

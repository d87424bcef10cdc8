"""Requests that reach a resource of one sidecar, as a user would type them.

Decision: what the command line would look up by itself is left out of it, as long as the shorter
request is answered the same; and the request that is given away was traced as it is typed.
"""

from __future__ import annotations

import functools

import msgspec

from osmscope.errors import OsmscopeError, SelectorError, UsageError
from osmscope.session.command_line import Spelled, spelled
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.trace.answer import Answer
from osmscope.trace.witness.goals import Goal, Kind, find_goals
from osmscope.trace.witness.search import NoWitness, Witness, Witnesses

_replace = msgspec.structs.replace

_LOOKED_UP = (
    ("dst_ip",),
    ("dst_ip", "dst_port"),
    ("listener",),
    ("tls", "sni", "alpn", "client_cert_trusted"),
    ("client_cert_trusted",),
    ("src_ip", "src_port", "direct_src_ip"),
    ("headers",),
)
"""Options that may be told without: each group is left out together; of headers, only `host`."""


class WitnessRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that reaches a resource."""

    goal: str
    """What it reaches, in words."""
    typed: Spelled
    ends: str = ""
    """Why it goes no further than that; "" where nothing holds it up."""


class SidecarWitnesses:
    """Finds witnesses in one sidecar; what it needs is built once, when first needed."""

    def __init__(self, tracer: SidecarTracer) -> None:
        self._tracer = tracer

    @functools.cached_property
    def _witnesses(self) -> Witnesses:
        tracer = self._tracer
        return Witnesses(tracer.tracer, tracer.completion, tracer.goes_past)

    def goals(self, kind: Kind, name: str) -> tuple[Goal, ...]:
        """List the resources that a name means; see `find_goals`.

        Raises:
            SelectorError: There is none.
            DumpError: A resource cannot be read.
        """
        goals = tuple(find_goals(self._witnesses.places, kind, name))
        if not goals:
            noun = kind.replace("_", " ")
            raise SelectorError(f"no {noun} named {name!r}", hint=f"list them: {_LISTED[kind]}")
        return goals

    def find(self, goals: tuple[Goal, ...]) -> WitnessRequest | NoWitness:
        """Find a request for the first of several resources that can be reached.

        Raises:
            DumpError: A resource cannot be read.
        """
        none: list[NoWitness] = []
        ending: WitnessRequest | None = None
        for goal in goals:
            found = self._witnesses.find(goal)
            if isinstance(found, NoWitness):
                none.append(found)
                continue
            request = WitnessRequest(goal=goal.words(), typed=self._typed(found), ends=found.ends)
            if not found.ends:
                return request
            ending = ending or request
        # An open question outweighs a proof about another of the same name.
        return ending or next((one for one in none if not one.proven), none[0])

    def _typed(self, witness: Witness) -> Spelled:
        """Write a witness as short as it is still answered the same.

        Raises:
            UsageError: What is typed would not be answered as the witness was.
        """
        best, answer = self._first(witness)
        for fields in _LOOKED_UP:
            shorter = _replace(best, options=_without(best.options, fields))
            if shorter == best:
                continue
            found = self._answer(shorter)
            if found is not None and found.outcomes == answer.outcomes and (
                set(found.assumptions) <= set(answer.assumptions)
            ):  # fmt: skip
                best = shorter
        return best

    def _first(self, witness: Witness) -> tuple[Spelled, Answer]:
        for request in (witness.request, witness.completed):
            try:
                typed = spelled(request)
            except OsmscopeError:
                continue
            answer = self._answer(typed)
            if answer is not None and answer.outcomes == witness.answer.outcomes:
                return typed, answer
        hint = "no command line says what was found; ask with --requests"
        raise UsageError("a request reaches it, but cannot be written as a command", hint=hint)

    def _answer(self, typed: Spelled) -> Answer | None:
        try:
            return self._tracer.answer(typed_request(typed.target, typed.options))
        except OsmscopeError:
            return None


_LISTED: dict[Kind, str] = {
    "listener": "osmscope get listeners SOURCE",
    "filter_chain": "osmscope get chains SOURCE",
    "route_config": "osmscope get routes SOURCE",
    "virtual_host": "osmscope get routes SOURCE",
    "route": "osmscope get routes SOURCE",
    "cluster": "osmscope get clusters SOURCE",
    "endpoint": "osmscope get endpoints SOURCE",
}


def _without(options: RequestOptions, fields: tuple[str, ...]) -> RequestOptions:
    if fields == ("headers",):
        kept = tuple(one for one in options.headers if not one.startswith("host:"))
        return _replace(options, headers=kept)
    default = RequestOptions()
    return _replace(options, **{field: getattr(default, field) for field in fields})

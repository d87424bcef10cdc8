"""Whether an answer holds what was logged.

What Envoy does: `%UPSTREAM_CLUSTER%` is a cluster's `alt_stat_name` where it has one, its name
otherwise; `%UPSTREAM_CLUSTER_RAW%` always its name. The code of an answer from upstream is the
application's; of a local reply it is the configuration's.
Checked against Envoy 1.40.0.
Not modelled: what was retried or redirected internally is compared by its last attempt.

Decision: a line has one difference, the first of code (it would be answered where it was forwarded,
or otherwise), cluster, virtual host, route, endpoint: the others follow from it. Several outcomes
hold the line if one of them does; else the one that is nearest to it is told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from osmscope.replay.logged import Logged
from osmscope.trace.answer import Answer, OutcomeAnswer

Kind = Literal["code", "cluster", "virtual host", "route", "endpoint"]

KINDS: tuple[Kind, ...] = ("cluster", "virtual host", "route", "code", "endpoint")
"""In the order of a report."""
_NEAREST: tuple[Kind, ...] = ("endpoint", "route", "virtual host", "cluster", "code")

ClusterNames = Callable[[str], frozenset[str]]
"""From a cluster's name to all the names by which it is logged."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What was logged and what would be, in one respect."""

    kind: Kind
    was: str
    now: str

    @property
    def distance(self) -> int:
        """How far the answer is from what was logged."""
        return _NEAREST.index(self.kind)


def compare(line: Logged, answer: Answer, names: ClusterNames) -> Difference | None:
    """Compare a line whose `happened` is not "nothing" with an answer.

    Args:
        line: What was logged.
        answer: What would happen; unknown outcomes are passed over.
        names: By which names a cluster is logged.

    Returns:
        The nearest difference; None where an outcome holds what was logged.
    """
    known = [outcome for outcome in answer.outcomes if outcome.verdict != "unknown"]
    found = [_difference(line, outcome, names) for outcome in known]
    differences = [one for one in found if one is not None]
    if not differences or len(differences) < len(found):
        return None
    nearest = min(differences, key=lambda one: one.distance)
    alike = dict.fromkeys(one.now for one in differences if one.kind == nearest.kind)
    return msgspec.structs.replace(nearest, now=" or ".join(sorted(alike)))


def _difference(line: Logged, outcome: OutcomeAnswer, names: ClusterNames) -> Difference | None:
    if line.happened == "forwarded":
        return _of_forwarded(line, outcome, names)
    expected = "closed" if line.happened == "closed" else "responded"
    response = outcome.response
    if outcome.verdict != expected or response is None:
        return Difference(kind="code", was=_reply(line), now=_now(outcome))
    if line.is_http and response.code != line.code:
        return Difference(kind="code", was=_reply(line), now=_now(outcome))
    if line.flags is not None and set(response.flags) != line.flags:
        return Difference(kind="code", was=_reply(line), now=_now(outcome))
    if line.cluster and outcome.cluster and line.cluster not in names(outcome.cluster):
        return Difference(kind="cluster", was=line.cluster, now=outcome.cluster)
    return _of_route(line, outcome)


def _of_forwarded(line: Logged, outcome: OutcomeAnswer, names: ClusterNames) -> Difference | None:
    # A proxied connection has its cluster and endpoint, even if a filter then closes it.
    dialled = not line.is_http and outcome.verdict == "closed" and outcome.endpoints
    if outcome.verdict != "forwarded" and not dialled:
        was = "forwarded to " + (line.cluster or line.upstream_host or "an endpoint")
        return Difference(kind="code", was=was, now=_now(outcome))
    if line.cluster and line.cluster not in names(outcome.cluster or ""):
        return Difference(kind="cluster", was=line.cluster, now=outcome.cluster or "(none)")
    return _of_route(line, outcome) or _of_endpoint(line, outcome)


def _of_route(line: Logged, outcome: OutcomeAnswer) -> Difference | None:
    for kind, was, now in (
        ("virtual host", line.virtual_host, outcome.virtual_host),
        ("route", line.route, outcome.route),
    ):
        if line.is_http and was is not None and was != (now or ""):
            name: Kind = "route" if kind == "route" else "virtual host"
            return Difference(kind=name, was=was or "(none)", now=now or "(none)")
    return None


def _of_endpoint(line: Logged, outcome: OutcomeAnswer) -> Difference | None:
    addresses = {endpoint.address for endpoint in outcome.endpoints}
    if not line.upstream_host or not addresses or line.upstream_host in addresses:
        return None
    shown = ", ".join(sorted(addresses)[:3]) + (", …" if len(addresses) > 3 else "")
    where = f" of {outcome.cluster}" if outcome.cluster else ""
    return Difference(kind="endpoint", was=line.upstream_host + where, now=shown)


def _reply(line: Logged) -> str:
    if line.happened == "closed":
        return _words(0, ",".join(sorted(line.flags or ())), line.details or line.termination)
    return _words(line.code or 0, ",".join(sorted(line.flags or ())), line.details)


def _now(outcome: OutcomeAnswer) -> str:
    if outcome.verdict == "forwarded":
        return f"forwarded to {outcome.cluster}"
    response = outcome.response
    if response is None:
        return outcome.verdict
    return _words(response.code, ",".join(response.flags), response.details or response.reason)


def _words(code: int, flags: str, details: str | None) -> str:
    return " ".join(part for part in (str(code) if code else "closed", flags, details) if part)

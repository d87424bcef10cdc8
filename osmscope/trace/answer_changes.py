"""What differs between two answers to the same request, for somebody who watches.

Decision: the outcome first, then where the weight went, then endpoints, then the decisions on the
way; each a clause of its own that says what was and what is. What an endpoint receives is compared
as a whole, because a watcher wants to know that it changed, and `-o wide` says how.
"""

from __future__ import annotations

from collections.abc import Iterator

from osmscope.trace.answer import Answer, EndpointShare, OutcomeAnswer

_DECISIONS = ("listener", "filter_chain", "route_config", "virtual_host", "route", "route_index")


def answer_changes(before: Answer, after: Answer) -> tuple[str, ...]:
    """List what differs.

    Args:
        before: The earlier answer.
        after: The later one, to the same request.
    """
    return tuple(_changes(before, after))


def _changes(before: Answer, after: Answer) -> Iterator[str]:
    old, new = _by_end(before), _by_end(after)
    for end in dict.fromkeys((*old, *new)):
        yield from _share_changes(end, _share(old.get(end, [])), _share(new.get(end, [])))
    for end, outcomes in new.items():
        if end in old:
            yield from _endpoint_changes(end, _endpoints(old[end]), _endpoints(outcomes))
            yield from _decision_changes(end, old[end], outcomes)
    for said in after.assumptions:
        if said not in before.assumptions:
            yield f"now assumed: {said}"
    for said in before.assumptions:
        if said not in after.assumptions:
            yield f"no longer assumed: {said}"


def _by_end(answer: Answer) -> dict[str, list[OutcomeAnswer]]:
    """The outcomes by where they end; several that end there differ by what is sent."""
    found: dict[str, list[OutcomeAnswer]] = {}
    for outcome in answer.outcomes:
        found.setdefault(_end(outcome), []).append(outcome)
    return found


def _end(outcome: OutcomeAnswer) -> str:
    response = outcome.response
    if outcome.verdict == "forwarded":
        return f"cluster {outcome.cluster}"
    if outcome.verdict == "unknown" or response is None:
        return f"an outcome that is {outcome.verdict}"
    parts = [str(response.code)] if response.code else []
    parts += [f"({','.join(response.flags)})"] if response.flags else []
    parts += [one for one in (response.details, response.location, response.reason) if one]
    what = "closed by Envoy" if outcome.verdict == "closed" else "answered by Envoy"
    return f"{what}: {' '.join(parts)}" if parts else what


def _share(outcomes: list[OutcomeAnswer]) -> float:
    return sum(outcome.probability for outcome in outcomes)


def _share_changes(end: str, old: float, new: float) -> Iterator[str]:
    if not old:
        yield f"{end}: new, {new:.1%} of requests"
    elif not new:
        yield f"{end}: gone, it had {old:.1%} of requests"
    elif abs(old - new) >= 0.0005:
        yield f"{end}: {old:.1%} → {new:.1%} of requests"


def _endpoints(outcomes: list[OutcomeAnswer]) -> dict[str, EndpointShare]:
    return {one.address: one for outcome in outcomes for one in outcome.endpoints}


def _endpoint_changes(
    end: str, old: dict[str, EndpointShare], new: dict[str, EndpointShare]
) -> Iterator[str]:
    for address in dict.fromkeys((*old, *new)):
        was, now = old.get(address), new.get(address)
        if was is None or now is None:
            word = "gone" if now is None else "new"
            yield f"{end}: endpoint {address} is {word}"
            continue
        said = []
        if was.health != now.health:
            said.append(f"{was.health} → {now.health}")
        if was.priority != now.priority:
            said.append(f"priority {was.priority} → {now.priority}")
        if abs(was.probability - now.probability) >= 0.0005:
            said.append(f"{was.probability:.1%} → {now.probability:.1%}")
        if said:
            yield f"{end}: endpoint {address}: {', '.join(said)}"


def _decision_changes(
    end: str, old: list[OutcomeAnswer], new: list[OutcomeAnswer]
) -> Iterator[str]:
    for field in _DECISIONS:
        was, now = (_values(outcomes, field) for outcomes in (old, new))
        if was != now:
            yield f"{end}: {field.replace('_', ' ')} {was} → {now}"
    if [one.upstream_request for one in old] != [one.upstream_request for one in new]:
        yield f"{end}: what the endpoint receives changed"


def _values(outcomes: list[OutcomeAnswer], field: str) -> str:
    values = dict.fromkeys(getattr(outcome, field) for outcome in outcomes)
    return ", ".join("none" if value is None else f"{value}" or "(unnamed)" for value in values)

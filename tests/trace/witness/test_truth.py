"""What real requests reached has a witness, and no proof says that it could not be reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
import pytest

from osmscope.trace.completion import Completion
from osmscope.trace.inference import Destinations
from osmscope.trace.request import TraceRequest
from osmscope.trace.witness.goals import Goal, goal_of_route, reached
from osmscope.trace.witness.places import RoutePlace
from osmscope.trace.witness.search import NoWitness, Witness, Witnesses
from tests.trace.truth_comparison import Case, case_paths


def _reached(case: Case, witnesses: Witnesses) -> dict[object, Goal]:
    goals: dict[object, Goal] = {}
    by_chain = {id(one.chain): one for one in witnesses.places.entrances}
    for line in case.requests:
        known = {name: line[name] for name in TraceRequest.__struct_fields__ if name in line}
        evaluation = case.tracer.evaluate(msgspec.convert(known, TraceRequest, strict=False))
        entrance = by_chain.get(id(evaluation.connection.chain))
        if entrance is not None:
            name = entrance.chain.name
            goals["chain", id(entrance.chain)] = Goal(
                kind="filter_chain", name=name, listener=entrance.listener, entrance=entrance
            )
        goals |= dict(_of_ways(evaluation, witnesses.places.routes))
    return goals


def _of_ways(evaluation, places: Iterable[RoutePlace]) -> Iterator[tuple[object, Goal]]:
    for way in evaluation.http:
        resolved = way.resolved
        if resolved.route is not None:
            table, host = resolved.table.configuration, resolved.virtual_host_choice.virtual_host
            choice = resolved.route_choice
            if choice.index is None:  # a matcher led to it
                place = next(one for one in places if one.virtual_host == host
                             and one.is_chosen(choice))  # fmt: skip
            else:
                place = RoutePlace(
                    table=table, virtual_host=host, index=choice.index, route=choice.route
                )
            yield ("route", id(host), place.words()), goal_of_route(place)
    for way in (*evaluation.http, *evaluation.tcp):
        answered = getattr(way, "answered", False)
        if way.upstream is not None and way.upstream.cluster is not None and not answered:
            name = way.upstream.name
            yield ("cluster", name), Goal(kind="cluster", name=name, cluster=name)


def test_what_real_requests_reached_has_a_witness(capsys):
    if not case_paths():
        pytest.skip("shared/truth is not beside the checkout")
    all_of, found_of = Counter[str](), Counter[str]()
    for path in case_paths():
        case = Case(path)
        proxy = case.tracer.sidecar.proxy
        witnesses = Witnesses(case.tracer, Completion(Destinations(proxy)))
        for goal in _reached(case, witnesses).values():
            found = witnesses.find(goal)
            all_of[goal.kind] += 1
            if isinstance(found, Witness):
                found_of[goal.kind] += 1
                assert reached(goal, case.tracer.evaluate(found.completed))[0]
            else:
                assert not found.proven, (case.name, goal.words(), found)
    with capsys.disabled():
        for kind, count in all_of.items():
            print(f"\n{kind:14}{found_of[kind]:5} of {count:5} have a witness", end="")
    assert found_of == all_of


def test_what_is_proven_unreachable_is_never_reached_by_a_proposal():
    if not case_paths():
        pytest.skip("shared/truth is not beside the checkout")
    proofs = 0
    for path in case_paths():
        case = Case(path)
        proxy = case.tracer.sidecar.proxy
        witnesses = Witnesses(case.tracer, Completion(Destinations(proxy)))
        goals = [goal_of_route(place) for place in witnesses.places.routes]
        goals += [
            Goal(kind="cluster", name=name, cluster=name) for name in proxy.dump.serving("cluster")
        ]
        for goal in goals:
            found = witnesses.find(goal)
            if isinstance(found, NoWitness) and found.proven:
                proofs += 1
                assert isinstance(witnesses.search(goal), NoWitness), (case.name, goal.words())
    assert proofs

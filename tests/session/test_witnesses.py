from __future__ import annotations

import pytest

from osmscope.errors import SelectorError
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import RequestOptions, typed_request
from osmscope.session.witnesses import SidecarWitnesses, WitnessRequest
from osmscope.source.snapshot import open_snapshot
from osmscope.trace.witness.goals import Goal, goal_of_route
from osmscope.trace.witness.places import Places
from osmscope.trace.witness.search import NoWitness

MESHES = ["bookstore", "bookstore-0.9"]


def _sidecars(bookstore, mesh):
    folder = str(bookstore.parent / mesh)
    for pod in open_snapshot(folder).pods:
        yield SidecarTracer(read_sidecar(pod.full_name, SourceOptions(from_=folder)))


def _goals(places: Places) -> list[Goal]:
    goals = [goal_of_route(place) for place in places.routes]
    for one in places.entrances:
        name = one.chain.name
        goals.append(Goal(kind="filter_chain", name=name, listener=one.listener, entrance=one))
    proxy = places.sidecar.proxy
    goals += [Goal(kind="cluster", name=one, cluster=one) for one in proxy.dump.serving("cluster")]
    return goals


@pytest.mark.parametrize("mesh", MESHES)
def test_of_every_resource_of_a_mesh_it_is_known_how_to_reach_it_or_that_nothing_can(
    bookstore, mesh
):
    for tracer in _sidecars(bookstore, mesh):
        witnesses = SidecarWitnesses(tracer)
        for goal in _goals(Places(tracer.tracer.sidecar)):
            found = witnesses.find((goal,))
            if isinstance(found, NoWitness):
                assert found.proven, (tracer.sidecar.name, goal.words(), found)
                continue
            assert not found.ends, (tracer.sidecar.name, goal.words(), found)
            traced = tracer.trace(typed_request(found.typed.target, found.typed.options))
            verdicts = {outcome.verdict for outcome in traced.answer.outcomes}
            assert "unknown" not in verdicts, (goal.words(), found)


@pytest.fixture(scope="module")
def bookbuyer_witnesses(bookstore):
    sidecar = read_sidecar("bookbuyer", SourceOptions(from_=str(bookstore)))
    return SidecarWitnesses(SidecarTracer(sidecar))


def test_what_is_looked_up_is_left_out(bookbuyer_witnesses):
    goals = bookbuyer_witnesses.goals("cluster", "bookstore/bookstore-v1|14001")
    found = bookbuyer_witnesses.find(goals)
    assert isinstance(found, WitnessRequest)
    assert found.typed.target == "bookstore.bookstore:14001"
    assert found.typed.options == RequestOptions()


def test_of_several_resources_of_a_name_the_first_that_can_be_reached_counts(bookbuyer_witnesses):
    (reachable,) = bookbuyer_witnesses.goals("cluster", "bookstore/bookstore-v1|14001")
    (other,) = bookbuyer_witnesses.goals("cluster", "osm-controller")
    found = bookbuyer_witnesses.find((other, reachable))
    assert isinstance(found, WitnessRequest)
    assert found.goal == reachable.words()
    none = bookbuyer_witnesses.find((other,))
    assert isinstance(none, NoWitness)
    assert none.proven


def test_a_name_that_nothing_has_is_an_error(bookbuyer_witnesses):
    with pytest.raises(SelectorError, match="no filter chain named 'x'"):
        bookbuyer_witnesses.goals("filter_chain", "x")

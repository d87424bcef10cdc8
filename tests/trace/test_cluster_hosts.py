"""What is known of a cluster's endpoints, by which of the dump and /clusters tell of them."""

import pytest

from tests.trace.sidecars import (
    HTTP,
    address,
    ask,
    brief,
    chain,
    cluster,
    endpoints,
    extension,
    host,
    listener,
    manager,
    request,
    route,
    sections,
    table,
    tcp,
    tracer,
    typed,
)

SUBSETS = {"lb_subset_config": {"subset_selectors": [{"keys": ["v"]}]}}
WEIGHTED = {"common_lb_config": {"locality_weighted_lb_config": {}}}
NO_DROPS = "drops no requests"
METADATA = 'the metadata of the endpoints of cluster "a", by which subsets are made'


def eds(name="a", **fields):
    return {"name": name, "type": "EDS", **fields}


def status(*addresses, name="a", **fields):
    hosts = [{"address": address(one), **fields} for one in addresses]
    return {"name": name, "host_statuses": hosts}


def asking(version=None, **action):
    if version is not None:
        action["metadata_match"] = {"filter_metadata": {"envoy.lb": {"v": version}}}
    return manager(table(host("all", ["*"], route(action=action))))


def sidecar(filters, *clusters, statuses, assigned=None):
    built = sections([listener(chain(filters))], clusters=clusters, eds=assigned)
    return tracer(built, statuses)


TWO = ("10.0.0.1:80", "10.0.0.2:80")


@pytest.mark.parametrize(
    ("filters", "fields", "said"),
    [
        (asking(), {}, [NO_DROPS]),
        (asking(), {"lb_policy": "MAGLEV"}, [NO_DROPS, "gives no hash key"]),
        (asking(), WEIGHTED, [NO_DROPS, "gives no weight"]),
        (asking(), SUBSETS, [NO_DROPS]),
        (asking("1"), SUBSETS, [NO_DROPS, METADATA]),
        (tcp("a"), {}, []),
        (tcp("a"), {"lb_policy": "MAGLEV"}, ["gives no hash key"]),
    ],
)
def test_clusters_do_not_show_the_load_assignment(filters, fields, said):
    answer = ask(sidecar(filters, eds(**fields), statuses=[status(*TWO)]))
    assert len(answer.assumptions) == len(said)
    assert all(words in found for words, found in zip(said, answer.assumptions, strict=True))
    assert answer.exact is (not said)
    assert (brief(answer.outcomes[0]) == "unknown") is (METADATA in said)


def test_what_the_dump_has_is_not_taken_for_granted():
    one = sidecar(asking(), eds(), statuses=[status(*TWO)], assigned=[endpoints("a", *TWO)])
    assert ask(one).exact


def test_a_host_that_came_after_the_dump_has_no_metadata():
    one = eds(**SUBSETS)
    assigned = [endpoints("a", TWO[0])]
    answer = ask(sidecar(asking("1"), one, statuses=[status(*TWO)], assigned=assigned))
    assert brief(answer.outcomes[0]) == "unknown"
    assert METADATA in answer.assumptions[0]


def test_members_of_an_aggregate_have_metadata_too():
    kind = typed("envoy.extensions.clusters.aggregate.v3.ClusterConfig", clusters=["m"])
    both = {"name": "a", "cluster_type": {"name": "x", "typed_config": kind}}
    member = eds("m", **SUBSETS)
    answer = ask(sidecar(asking("1"), both, member, statuses=[status(*TWO, name="m")]))
    assert brief(answer.outcomes[0]) == "unknown"
    assert METADATA.replace('"a"', '"m"') in answer.assumptions[0]


def test_a_session_needs_no_metadata():
    kind = "envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState"
    state = {"name": "s", "typed_config": typed(kind, name="x-s")}
    sticky = extension("s", f"{HTTP}.stateful_session.v3.StatefulSession", session_state=state)
    metadata = {"filter_metadata": {"envoy.lb": {"v": "1"}}}
    routes = table(host("all", ["*"], route(action={"metadata_match": metadata})))
    one = sidecar(manager(routes, sticky), eds(**SUBSETS), statuses=[status(*TWO)])
    answer = ask(one, headers={"x-s": "MTAuMC4wLjI6ODA="})
    assert [one.address for one in answer.outcomes[0].endpoints] == [TWO[1]]


def test_endpoints_of_other_kinds_stand_in_the_cluster():
    answer = ask(sidecar(asking(), cluster("a", *TWO), statuses=[status(*TWO)]))
    assert answer.exact


TLS = extension("tls", "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext")


@pytest.mark.parametrize("assumed", [True, False])
def test_what_eds_says_of_localities_is_not_known(assumed):
    match = {"name": "m", "transport_socket": TLS} | ({"match": {"k": "v"}} if assumed else {})
    one = eds(transport_socket_matches=[match])
    asked = sidecar(asking(), one, statuses=[status(TWO[0])], assigned=[endpoints("a", TWO[0])])
    (step,) = [one for one in asked.explain(request())[1].steps if one.kind == "upstream_tls"]
    assert bool(step.notes and "no dump holds" in step.notes[0]) is assumed


@pytest.mark.parametrize("by_weight", [True, False])
def test_weights_of_health_are_known_from_the_clusters_own_configuration(by_weight):
    listed = endpoints("a", TWO[0], TWO[1] + "!", policy={"weighted_priority_health": by_weight})
    listed["endpoints"][0]["lb_endpoints"][0]["load_balancing_weight"] = 9
    listed["endpoints"].append({**endpoints("a", "10.0.0.3:80")["endpoints"][0], "priority": 1})
    dumped = {**listed, "policy": {}}
    own = {"name": "a", "load_assignment": listed}
    answer = ask(tracer(sections([listener(chain(asking()))], clusters=[own], eds=[dumped])))
    assert answer.exact
    assert len(answer.outcomes[0].endpoints) == (1 if by_weight else 2)


@pytest.mark.parametrize("shown", [True, False])
def test_endpoints_that_clusters_share_are_told_apart_by_clusters_alone(shown):
    assigned = [endpoints("a", *TWO), endpoints("a", TWO[0] + "!", TWO[1])]
    statuses = [status(*TWO)] if shown else None
    answer = ask(sidecar(asking(), eds(), statuses=statuses, assigned=assigned))
    assert answer.exact is shown
    assert shown or "the last endpoints of that name" in answer.assumptions[0]

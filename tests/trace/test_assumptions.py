"""What an answer rests on; an answer without assumptions is exact, and only that."""

import pytest

from tests.trace.sidecars import (
    EVERYTHING,
    HTTP,
    ask,
    behind,
    chain,
    cluster,
    extension,
    host,
    listener,
    lua,
    manager,
    route,
    section,
    sections,
    table,
    tracer,
    typed,
)

ODD = extension("odd", "a.B")
EXT_AUTHZ = extension("authz", f"{HTTP}.ext_authz.v3.ExtAuthz")


def metadata(present):
    value = {"present_match": present}
    return {"dynamic_metadata": [{"filter": "x", "path": [{"key": "y"}], "value": value}]}


@pytest.mark.parametrize(
    ("sidecar", "words"),
    [
        (behind(EVERYTHING, ODD), ['the filter "odd" (a.B) lets the request go on unchanged']),
        (behind(EVERYTHING, EXT_AUTHZ, EXT_AUTHZ), ['"authz" lets the request go on unchanged']),
        (behind(EVERYTHING, ODD, lua("x = 1 + handle:foo()")), ['"odd"', 'Lua script of "lua"']),
        (behind("rds"), []),
        (behind(EVERYTHING, clusters=[{"name": "a", "type": "EDS"}]), ["include_eds"]),
    ],
)
def test_each_assumption_is_listed_once_and_in_order(sidecar, words):
    answer = ask(sidecar)
    assert answer.exact is not bool(words)
    assert len(answer.assumptions) == len(words)
    for assumption, part in zip(answer.assumptions, words, strict=True):
        assert part in assumption


def test_the_secrets_of_the_clusters_tls_are_assumed_where_the_dump_lacks_them():
    references = {"tls_certificate_sds_secret_configs": [{"name": "own"}]}
    context = extension(
        "tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        common_tls_context=references,
    )
    answer = ask(behind(EVERYTHING, clusters=[cluster("a", transport_socket=context)]))
    assert not answer.exact
    assert 'the secret "own", which the dump lacks' in answer.assumptions[0]


@pytest.mark.parametrize("of_member", [True, False])
def test_transport_sockets_that_are_not_modelled_are_named(of_member):
    name = "m" if of_member else "a"
    one = cluster(name, transport_socket=extension("s", "a.B"))
    kind = typed("envoy.extensions.clusters.aggregate.v3.ClusterConfig", clusters=["m", "gone"])
    both = {"name": "a", "cluster_type": {"name": "x", "typed_config": kind}}
    answer = ask(behind(EVERYTHING, clusters=[both, one] if of_member else [one]))
    assert answer.assumptions == ('the transport socket "a.B" connects to the endpoint itself',)


def test_equal_load_leaves_the_answer_exact():
    least = cluster("a", "10.0.0.1:1", "10.0.0.2:1", lb_policy="LEAST_REQUEST")
    answer = ask(behind(EVERYTHING, clusters=[least]))
    assert answer.exact
    assert "equal" in " ".join(answer.assumptions)


@pytest.mark.parametrize("field", ["actions", "loadshed_points"])
def test_shedding_load_is_named(field):
    overload = {field: [{"name": "envoy.overload_actions.stop_accepting_requests"}]}
    built = sections([listener(chain(manager()))])
    built["Bootstrap"] = section("Bootstrap", bootstrap={"overload_manager": overload})
    answer = ask(tracer(built))
    assert not answer.exact
    assert "overload_manager" in " ".join(answer.assumptions)


def test_without_the_bootstrap_its_runtime_is_not_known():
    built = sections([listener(chain(manager(EVERYTHING)))])
    del built["Bootstrap"]
    assert ask(tracer(built)).assumptions == (
        "the bootstrap, which the dump lacks, sets no runtime keys and names no local cluster",
    )


@pytest.mark.parametrize(
    ("minor", "words"),
    [(40, ()), (19, ("Envoy 1.19.2 decides as Envoy 1.40 does, whose rules these are",))],
)
def test_another_version_of_envoy_is_named(minor, words):
    version = {"version": {"major_number": 1, "minor_number": minor, "patch": 2}}
    built = sections([listener(chain(manager()))])
    node = {"user_agent_build_version": version}
    built["Bootstrap"] = section("Bootstrap", bootstrap={"node": node})
    answer = ask(tracer(built))
    assert (answer.exact, answer.assumptions) == (not words, words)


def test_runtime_features_that_no_rule_knows_are_named():
    key, inert = "envoy.reloadable_features.of_tomorrow", "envoy.reloadable_features.quic_support"
    answer = ask(behind(EVERYTHING), runtime={key: True, inert: True})
    assert answer.assumptions == (
        f'the runtime feature "{key}", which no rule knows, changes nothing',
    )


def test_what_no_filter_before_could_have_left_is_no_assumption():
    asks = route(match=metadata(True))
    assert ask(behind(table(host("all", ["*"], asks)))).exact


@pytest.mark.parametrize(
    ("match", "asked"),
    [
        ({"source_ports": [5]}, {"src_port": None}),
        ({"source_prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]},
         {"src_ip": None, "direct_src_ip": "10.0.0.1"}),
    ],
)  # fmt: skip
def test_a_fact_that_nobody_gave_is_named(match, asked):
    chains = [chain(manager(EVERYTHING), match=match), chain(manager(EVERYTHING))]
    answer = ask(tracer(sections([listener(*chains)])), **asked)
    assert not answer.exact
    assert all(one.endswith("is not known") for one in answer.assumptions)

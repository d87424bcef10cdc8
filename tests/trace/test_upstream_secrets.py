"""Secrets of TLS to endpoints that were not delivered, as Envoy 1.40.0 fails without them."""

import pytest

from tests.trace.sidecars import (
    EVERYTHING,
    address,
    ask,
    chain,
    cluster,
    endpoints,
    extension,
    listener,
    manager,
    section,
    sections,
    shares,
    tcp,
    tracer,
)

TLS = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
REFUSED = (
    "503 UF upstream_reset_before_response_started{remote_connection_failure"
    "|TLS_error:_Secret_is_not_supplied_by_SDS}"
)


def tls(*names):
    secrets = [{"name": name, "sds_config": {}} for name in names]
    common = {"tls_certificate_sds_secret_configs": secrets}
    return {"transport_socket": extension("tls", TLS, common_tls_context=common)}


def matches(**sockets):
    return {
        "transport_socket_matches": [
            {"name": key, "match": {"k": key}, **tls(name)} for key, name in sockets.items()
        ]
    }


def labelled(*labels):
    assigned = endpoints("a", *(f"10.0.0.{number}:1" for number in range(len(labels))))
    for endpoint, label in zip(assigned["endpoints"][0]["lb_endpoints"], labels, strict=True):
        metadata = {"filter_metadata": {"envoy.transport_socket_match": {"k": label}}}
        endpoint["metadata"] = metadata
    return assigned


def sidecar(one, *clusters, filters=None):
    return tracer(sidecar_of(one, *clusters, filters=filters))


def sidecar_of(one, *clusters, filters=None):
    chosen = filters or manager(EVERYTHING)
    built = sections([listener(chain(chosen))], clusters=[one, *clusters])
    built["Secrets"] = section(
        "Secrets",
        dynamic_active_secrets=[{"name": "here", "secret": {"name": "here"}}],
        dynamic_warming_secrets=[{"name": "late", "secret": {"name": "late"}}],
    )
    return built


@pytest.mark.parametrize(
    ("socket", "expected", "assumption"),
    [
        ({}, {"forwarded a": 1.0}, None),
        (tls("here"), {"forwarded a": 1.0}, None),
        (tls("late"), {REFUSED: 1.0}, 'the secret "late" is not delivered in the meantime'),
        (tls("gone"), {"forwarded a": 1.0},
         'the secret "gone", which the dump lacks, holds what upstream TLS needs'),
    ],
)  # fmt: skip
def test_without_its_secret_tls_fails(socket, expected, assumption):
    answer = ask(sidecar(cluster("a", **socket)))
    assert shares(answer) == expected
    assert answer.assumptions == ((assumption,) if assumption else ())


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("x", "y"), {"forwarded a": 0.5, REFUSED: 0.5}),
        (("x",), {"forwarded a": 1.0}),
        (("y",), {REFUSED: 1.0}),
        (("z",), {"forwarded a": 1.0}),
    ],
)
def test_each_endpoint_has_its_own_socket(labels, expected):
    one = {"name": "a", "load_assignment": labelled(*labels), **matches(x="here", y="late")}
    assert shares(ask(sidecar(one))) == expected


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        ([{"name": "a", "host_statuses": [{"address": address("10.0.0.7:1")}]}],
         "the metadata of endpoint 10.0.0.7:1 chooses a transport socket that has its secrets"),
        (None, "no metadata of the locality fits, which EDS may give and no dump holds"),
    ],
)  # fmt: skip
def test_what_chooses_the_socket_may_not_be_known(statuses, words):
    one = {"name": "a", "type": "EDS", **matches(x="here", y="late")}
    built = sidecar_of(one)
    if statuses is None:
        built["Endpoints"] = sections(eds=[endpoints("a", "10.0.0.1:1")])["Endpoints"]
    answer = ask(tracer(built, statuses))
    assert words in answer.assumptions


def test_secrets_of_matches_may_be_missing_too():
    answer = ask(sidecar(cluster("a", **matches(x="gone"))))
    assert "which the dump lacks" in answer.assumptions[0]


def test_a_connection_is_closed():
    answer = ask(sidecar(cluster("a", **tls("late")), filters=tcp()))
    assert shares(answer) == {"closed UF,URX": 1.0}


@pytest.mark.parametrize(
    ("secret", "expected", "words"),
    [
        ("gone", {"forwarded a": 1.0}, "which the dump lacks"),
        ("late", {REFUSED: 1.0}, "not delivered in the meantime"),
        ("here", {"forwarded a": 1.0}, None),
    ],
)
@pytest.mark.parametrize("kind", ["aggregate", "composite"])
def test_members_have_secrets_of_their_own(kind, secret, expected, words):
    full = f"type.googleapis.com/envoy.extensions.clusters.{kind}.v3.ClusterConfig"
    names = ["m", "nowhere"]
    members = names if kind == "aggregate" else [{"name": name} for name in names]
    config = {"@type": full, "clusters": members}
    one = {"name": "a", "cluster_type": {"name": "x", "typed_config": config}, **tls("late")}
    answer = ask(sidecar(one, cluster("m", **tls(secret))))
    assert shares(answer) == expected
    assert bool(answer.assumptions) is (words is not None)
    assert words is None or words in answer.assumptions[0]

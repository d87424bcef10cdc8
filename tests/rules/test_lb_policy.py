"""Which load balancing a cluster asks for, in both styles of configuration."""

import msgspec
import pytest

from osmscope.resources.cluster import Cluster
from osmscope.rules.lb_policy import Kind, LbPolicy, policy_of
from osmscope.rules.ring_hash import RingSize
from osmscope.rules.zone_aware import ZoneAware

POLICIES = "type.googleapis.com/envoy.extensions.load_balancing_policies"


def cluster(**fields: object) -> Cluster:
    return msgspec.json.decode(msgspec.json.encode(fields), type=Cluster)


def typed(kind: str, **fields: object) -> dict[str, object]:
    config = {"@type": f"{POLICIES}.{kind}", **fields}
    return {"typed_extension_config": {"name": "x", "typed_config": config}}


def extended(*policies: dict[str, object], **fields: object) -> LbPolicy:
    return policy_of(cluster(load_balancing_policy={"policies": policies}, **fields))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, LbPolicy()),
        ({"lb_policy": "LEAST_REQUEST"}, LbPolicy(kind=Kind.LEAST_REQUEST)),
        ({"lb_policy": "RANDOM"}, LbPolicy(kind=Kind.RANDOM)),
        ({"lb_policy": "CLUSTER_PROVIDED"}, LbPolicy(kind=Kind.CLUSTER_PROVIDED)),
        (
            {"lb_policy": "LOAD_BALANCING_POLICY_CONFIG"},
            LbPolicy(kind=Kind.UNSUPPORTED, type_name="LOAD_BALANCING_POLICY_CONFIG"),
        ),
        ({"lb_policy": "RING_HASH"}, LbPolicy(kind=Kind.RING_HASH)),
        (
            {"lb_policy": "RING_HASH", "ring_hash_lb_config": {"minimum_ring_size": 8}},
            LbPolicy(kind=Kind.RING_HASH, ring_size=RingSize(minimum=8)),
        ),
        (
            {
                "lb_policy": "RING_HASH",
                "ring_hash_lb_config": {
                    "maximum_ring_size": 9,
                    "hash_function": "MURMUR_HASH_2",
                },
            },
            LbPolicy(
                kind=Kind.RING_HASH,
                ring_size=RingSize(maximum=9, hash_function="MURMUR_HASH_2"),
            ),
        ),
        (
            {"lb_policy": "MAGLEV", "maglev_lb_config": {"table_size": 11}},
            LbPolicy(kind=Kind.MAGLEV, table_size=11),
        ),
    ],
)
def test_lb_policy(fields: dict[str, object], expected: LbPolicy) -> None:
    assert policy_of(cluster(**fields)) == expected


@pytest.mark.parametrize(
    ("common", "expected"),
    [
        ({"healthy_panic_threshold": {"value": 0}}, LbPolicy(panic_threshold=0)),
        ({"healthy_panic_threshold": {"value": 33.5}}, LbPolicy(panic_threshold=33)),
        ({"locality_weighted_lb_config": {}}, LbPolicy(locality_weighted=True)),
        ({"ignore_new_hosts_until_first_hc": True}, LbPolicy(ignore_new_hosts=True)),
        (
            {
                "consistent_hashing_lb_config": {
                    "use_hostname_for_hashing": True,
                    "hash_balance_factor": 120,
                }
            },
            LbPolicy(use_hostname_for_hashing=True, hash_balance_factor=120),
        ),
        (
            {"zone_aware_lb_config": {"routing_enabled": {"value": 40}, "min_cluster_size": 3}},
            LbPolicy(zone_aware=ZoneAware(routing_enabled=40, min_cluster_size=3)),
        ),
        (
            {"zone_aware_lb_config": {"fail_traffic_on_panic": True}},
            LbPolicy(zone_aware=ZoneAware(fail_traffic_on_panic=True)),
        ),
        (
            {"zone_aware_lb_config": {"force_local_zone": {}}},
            LbPolicy(zone_aware=ZoneAware(force_local_zone_min_size=1)),
        ),
        (
            {"zone_aware_lb_config": {"force_local_zone": {"min_size": 4}}},
            LbPolicy(zone_aware=ZoneAware(force_local_zone_min_size=4)),
        ),
        (
            {"zone_aware_lb_config": {"force_locality_direct_routing": True}},
            LbPolicy(zone_aware=ZoneAware(force_local_zone_min_size=1)),
        ),
        (
            {"zone_aware_lb_config": {"locality_basis": "HEALTHY_HOSTS_WEIGHT"}},
            LbPolicy(zone_aware=ZoneAware(by_weight=True)),
        ),
    ],
)
def test_common_lb_config(common: dict[str, object], expected: LbPolicy) -> None:
    assert policy_of(cluster(common_lb_config=common)) == expected


def test_subsets_count_only_with_selectors() -> None:
    assert policy_of(cluster(lb_subset_config={"fallback_policy": "ANY_ENDPOINT"})).subset is None
    subset = policy_of(cluster(lb_subset_config={"subset_selectors": [{"keys": ["v"]}]})).subset
    assert subset is not None
    assert subset.subset_selectors[0].keys == ("v",)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (typed("round_robin.v3.RoundRobin"), LbPolicy()),
        (typed("least_request.v3.LeastRequest"), LbPolicy(kind=Kind.LEAST_REQUEST)),
        (
            typed("random.v3.Random", locality_lb_config={"locality_weighted_lb_config": {}}),
            LbPolicy(kind=Kind.RANDOM, locality_weighted=True),
        ),
        (
            typed(
                "round_robin.v3.RoundRobin",
                locality_lb_config={"zone_aware_lb_config": {"min_cluster_size": 0}},
            ),
            LbPolicy(zone_aware=ZoneAware(min_cluster_size=0)),
        ),
        (typed("cluster_provided.v3.ClusterProvided"), LbPolicy(kind=Kind.CLUSTER_PROVIDED)),
        (
            typed("maglev.v3.Maglev", table_size="7", locality_weighted_lb_config={}),
            LbPolicy(kind=Kind.MAGLEV, table_size=7, locality_weighted=True),
        ),
        (
            typed("ring_hash.v3.RingHash", use_hostname_for_hashing=True, hash_balance_factor=150),
            LbPolicy(kind=Kind.RING_HASH, use_hostname_for_hashing=True, hash_balance_factor=150),
        ),
        (
            typed(
                "ring_hash.v3.RingHash",
                minimum_ring_size="9",
                consistent_hashing_lb_config={"use_hostname_for_hashing": True},
            ),
            LbPolicy(
                kind=Kind.RING_HASH, ring_size=RingSize(minimum=9), use_hostname_for_hashing=True
            ),
        ),
        (
            typed(
                "wrr_locality.v3.WrrLocality",
                endpoint_picking_policy={
                    "policies": [
                        typed("client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin")
                    ]
                },
            ),
            LbPolicy(kind=Kind.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN, locality_weighted=True),
        ),
    ],
)
def test_extensions(policy: dict[str, object], expected: LbPolicy) -> None:
    assert extended(policy) == expected


def test_an_extension_replaces_lb_policy_but_not_the_panic_threshold() -> None:
    policy = extended(
        typed("round_robin.v3.RoundRobin"),
        lb_policy="MAGLEV",
        common_lb_config={"healthy_panic_threshold": {"value": 10}},
    )
    assert policy == LbPolicy(panic_threshold=10)


def test_wrapping_policies_are_taken_apart() -> None:
    inner = {"policies": [typed("random.v3.Random")]}
    subset = typed("subset.v3.Subset", subset_selectors=[{"keys": ["v"]}], subset_lb_policy=inner)
    policy = extended(
        typed(
            "override_host.v3.OverrideHost",
            override_host_sources=[{"header": "x-to"}],
            fallback_policy={"policies": [subset]},
        )
    )
    assert policy.kind is Kind.RANDOM
    assert [source.header for source in policy.override_host_sources] == ["x-to"]
    assert policy.subset is not None


def test_the_hash_policy_of_a_load_balancing_policy() -> None:
    policies = [{"header": {"header_name": "x-user"}}]
    policy = extended(
        typed("maglev.v3.Maglev", consistent_hashing_lb_config={"hash_policy": policies})
    )
    (hash_policy,) = policy.hash_policy
    assert hash_policy.header is not None
    assert hash_policy.header.header_name == "x-user"
    assert policy.is_hashing


def test_types_that_envoy_does_not_know_are_skipped() -> None:
    unknown = typed("later.v3.Later")
    assert extended(unknown, typed("random.v3.Random")).kind is Kind.RANDOM
    assert extended(unknown) == LbPolicy(
        kind=Kind.UNSUPPORTED,
        type_name="envoy.extensions.load_balancing_policies.later.v3.Later",
    )
    assert extended().type_name == "an empty list of policies"


def test_types_that_only_envoy_knows_are_not_skipped() -> None:
    aware = typed("load_aware_locality.v3.LoadAwareLocality")
    assert extended(aware, typed("random.v3.Random")).kind is Kind.UNSUPPORTED


def test_an_extension_that_is_no_load_balancing_policy() -> None:
    raw_buffer = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
    config = {"@type": f"type.googleapis.com/{raw_buffer}"}
    policy = extended({"typed_extension_config": {"name": "x", "typed_config": config}})
    assert policy == LbPolicy(kind=Kind.UNSUPPORTED, type_name="RawBuffer")


@pytest.mark.parametrize(
    ("value", "threshold"), [(20, 20), (20.0, 20), (300, 100), ("x", 50), (-1, 50)]
)
def test_runtime_overrides_the_panic_threshold(value: object, threshold: int) -> None:
    runtime = {"upstream.healthy_panic_threshold": value}
    assert policy_of(Cluster(), runtime).panic_threshold == threshold


def test_runtime_overrides_zone_aware_routing() -> None:
    runtime = {"upstream.zone_routing.enabled": 0, "upstream.zone_routing.min_cluster_size": 2}
    zone_aware = policy_of(Cluster(), runtime).zone_aware
    assert zone_aware == ZoneAware(routing_enabled=0, min_cluster_size=2)


@pytest.mark.parametrize(
    ("configured", "value", "size"), [(None, 2, 2), (3, 2, 2), (3, 0, 3), (None, 0, None)]
)
def test_runtime_forces_the_own_zone(configured: int | None, value: int, size: int | None) -> None:
    zones = {} if configured is None else {"force_local_zone": {"min_size": configured}}
    policy = typed("round_robin.v3.RoundRobin", locality_lb_config={"zone_aware_lb_config": zones})
    runtime = {"upstream.zone_routing.force_local_zone.min_size": value}
    found = policy_of(cluster(load_balancing_policy={"policies": [policy]}), runtime).zone_aware
    assert found.force_local_zone_min_size == size


@pytest.mark.parametrize(
    ("fields", "slow"),
    [
        ({}, False),
        ({"round_robin_lb_config": {}}, False),
        ({"round_robin_lb_config": {"slow_start_config": {}}}, True),
        ({"lb_policy": "LEAST_REQUEST"}, False),
        (
            {
                "lb_policy": "LEAST_REQUEST",
                "least_request_lb_config": {"slow_start_config": {"slow_start_window": "30s"}},
            },
            True,
        ),
        (
            {"lb_policy": "RANDOM", "round_robin_lb_config": {"slow_start_config": {}}},
            False,
        ),
    ],
)
def test_slow_start_of_the_old_style(fields: dict[str, object], slow: bool) -> None:
    assert policy_of(cluster(**fields)).slow_start is slow


@pytest.mark.parametrize(
    ("kind", "slow"),
    [
        ("round_robin.v3.RoundRobin", True),
        ("least_request.v3.LeastRequest", True),
        ("client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin", True),
    ],
)
def test_slow_start_of_extensions(kind: str, slow: bool) -> None:
    assert extended(typed(kind)).slow_start is False
    assert extended(typed(kind, slow_start_config={})).slow_start is slow


def test_policies_that_are_passed_over_are_named() -> None:
    own, wrapped = typed("mine.v1.Mine"), typed("mine.v1.Other")
    inner = {"policies": [wrapped, typed("round_robin.v3.RoundRobin")]}
    policy = extended(own, typed("subset.v3.Subset", subset_lb_policy=inner))
    assert policy.kind is Kind.ROUND_ROBIN
    assert [name.rpartition(".")[2] for name in policy.passed_over] == ["Mine", "Other"]

"""Subset load balancing, as a table of what Envoy 1.40.0 was observed to do."""

import msgspec
import pytest

from osmscope.resources.endpoint import Locality, MetadataHolder
from osmscope.resources.load_balancing import LbSubsetConfig
from osmscope.rules.hosts import Host
from osmscope.rules.subset import criteria_of, same_value, selections

METADATA: list[dict[str, object]] = [
    {"ver": "1", "stage": "prod"},
    {"ver": "1", "stage": "dev"},
    {"ver": "2", "stage": "prod"},
    {"ver": 1},
    {},
    {"ver": ["L1", "L2"], "stage": "dev"},
    {"ver": "3"},
]
HOSTS = tuple(
    Host(address=str(index), metadata={"envoy.lb": metadata} if metadata else {})
    for index, metadata in enumerate(METADATA, 1)
)
SELECTORS = [{"keys": ["ver"]}, {"keys": ["stage", "ver"]}]


def config(**fields: object) -> LbSubsetConfig:
    return msgspec.convert({"subset_selectors": SELECTORS, **fields}, LbSubsetConfig)


def first(settings: LbSubsetConfig, criteria: dict[str, object]) -> str:
    return " ".join(host.address for host in selections(settings, HOSTS, criteria)[0].hosts)


ANY = "1 2 3 4 5 6 7"


@pytest.mark.parametrize(
    ("criteria", "no_fallback", "any_endpoint", "default_subset"),
    [
        ({}, "", ANY, "1 3"),
        ({"ver": "1"}, "1 2", "1 2", "1 2"),
        ({"ver": 1}, "4", "4", "4"),
        ({"ver": 1.0}, "4", "4", "4"),
        ({"ver": True}, "", ANY, "1 3"),
        ({"ver": "9"}, "", ANY, "1 3"),
        ({"ver": "1", "stage": "prod"}, "1", "1", "1"),
        ({"ver": "1", "stage": "zz"}, "", ANY, "1 3"),
        ({"stage": "prod"}, "", ANY, "1 3"),
        ({"ver": "1", "foo": "bar"}, "", ANY, "1 3"),
        ({"ver": "L1"}, "", ANY, "1 3"),
        ({"ver": ["L1", "L2"]}, "6", "6", "6"),
        ({"ver": "3"}, "7", "7", "7"),
    ],
)
def test_selection_and_fallback(
    criteria: dict[str, object], no_fallback: str, any_endpoint: str, default_subset: str
) -> None:
    default = {"fallback_policy": "DEFAULT_SUBSET", "default_subset": {"stage": "prod"}}
    assert first(config(), criteria) == no_fallback
    assert first(config(fallback_policy="ANY_ENDPOINT"), criteria) == any_endpoint
    assert first(config(**default), criteria) == default_subset


def test_list_as_any() -> None:
    assert first(config(list_as_any=True), {"ver": "L1"}) == "6"
    assert first(config(list_as_any=True), {"ver": "1"}) == "1 2"


@pytest.mark.parametrize(
    ("keys", "own", "criteria", "found"),
    [
        (["a", "b"], {"a": [], "b": "1"}, {"b": "1"}, True),
        (["b", "a"], {"a": [], "b": ["0", "1"]}, {"b": "1"}, True),
        (["a", "b"], {"a": [], "b": "1"}, {"b": "2"}, False),
        (["a", "b"], {"a": "1", "b": []}, {"a": "1"}, False),
        (["a", "b", "c"], {"a": "1", "b": [], "c": "1"}, {"c": "1"}, True),
        (["a", "b", "c"], {"a": [], "b": [], "c": "1"}, {"b": "1", "c": "1"}, False),
        (["a", "b"], {"a": []}, {"b": "1"}, False),
        (["a", "b"], {"a": "0", "b": "1"}, {"b": "1"}, False),
    ],
)
def test_an_empty_list_cuts_keys_off(
    keys: list[str], own: dict[str, object], criteria: dict[str, str], found: bool
) -> None:
    fields = {"list_as_any": True, "subset_selectors": [{"keys": keys}]}
    host = Host(address="h", metadata={"envoy.lb": own})
    (selection,) = selections(msgspec.convert(fields, LbSubsetConfig), [host], criteria)
    assert selection.hosts == ((host,) if found else ())


def test_a_subset_has_the_hosts_of_an_empty_list_as_well() -> None:
    fields = {"list_as_any": True, "subset_selectors": [{"keys": ["a", "b"]}, {"keys": ["b"]}]}
    hosts = [
        Host(address="h", metadata={"envoy.lb": {"a": [], "b": "1"}}),
        Host(address="i", metadata={"envoy.lb": {"b": "1"}}),
    ]
    (selection,) = selections(msgspec.convert(fields, LbSubsetConfig), hosts, {"b": "1"})
    assert selection.hosts == tuple(hosts)


def test_an_empty_default_subset_is_every_host() -> None:
    assert first(config(fallback_policy="DEFAULT_SUBSET"), {}) == ANY


def test_redundant_keys() -> None:
    criteria: dict[str, object] = {"ver": "2", "foo": "bar"}
    assert first(config(allow_redundant_keys=True), criteria) == "3"


@pytest.mark.parametrize(
    ("fallback", "expected"),
    [
        ({"fallback_policy": "NO_FALLBACK"}, ""),
        ({"fallback_policy": "ANY_ENDPOINT"}, ANY),
        ({"fallback_policy": "DEFAULT_SUBSET"}, "1 3"),
        ({"fallback_policy": "NOT_DEFINED"}, ANY),
        ({"fallback_policy": "KEYS_SUBSET", "fallback_keys_subset": ["ver"]}, "1 2"),
    ],
)
def test_the_fallback_of_a_selector(fallback: dict[str, object], expected: str) -> None:
    settings = config(
        fallback_policy="ANY_ENDPOINT",
        default_subset={"stage": "prod"},
        subset_selectors=[{"keys": ["ver"]}, {"keys": ["stage", "ver"], **fallback}],
    )
    assert first(settings, {"ver": "1", "stage": "zz"}) == expected


def test_single_host_per_subset_takes_the_first_as_it_is() -> None:
    settings = config(subset_selectors=[{"keys": ["ver"], "single_host_per_subset": True}])
    (selection,) = selections(settings, HOSTS, {"ver": "1"})
    assert [host.address for host in selection.hosts] == ["1"]
    assert selection.ignores_health


def test_panic_mode_any_is_tried_after_the_fallback() -> None:
    default = {"fallback_policy": "DEFAULT_SUBSET", "default_subset": {"stage": "none"}}
    found = selections(config(**default, panic_mode_any=True), HOSTS, {})
    assert [len(selection.hosts) for selection in found] == [0, 7]
    assert len(selections(config(panic_mode_any=True), HOSTS, {})) == 1


@pytest.mark.parametrize(
    ("criteria", "tried"),
    [
        ({"fallback_list": [{"ver": "9"}, {"ver": "2"}]}, ["", "3"]),
        ({"ver": "1", "fallback_list": [{"stage": "dev"}]}, ["2"]),
        ({"ver": "1", "fallback_list": []}, ["1 2"]),
        ({"ver": "1"}, ["1 2"]),
    ],
)
def test_fallback_list(criteria: dict[str, object], tried: list[str]) -> None:
    settings = config(metadata_fallback_policy="FALLBACK_LIST")
    found = selections(settings, HOSTS, criteria)
    assert [" ".join(host.address for host in item.hosts) for item in found] == tried


@pytest.mark.parametrize(
    ("criteria", "reason"),
    [
        ({"ver": "1"}, 'the subset of ver="1"'),
        ({"ver": "9"}, 'no subset for ver="9", and no fallback (NO_FALLBACK)'),
        ({}, "the request asks for no subset, and no fallback (NO_FALLBACK)"),
    ],
)
def test_reasons(criteria: dict[str, object], reason: str) -> None:
    assert selections(config(), HOSTS, criteria)[0].reason == reason


@pytest.mark.parametrize(("scale", "weights"), [(False, [10, 10]), (True, [5, 5])])
def test_locality_weights_within_subsets(scale: bool, weights: list[int]) -> None:
    hosts = [
        Host(
            address=str(index),
            locality=Locality(zone="z"),
            locality_weight=10,
            metadata={"envoy.lb": {"ver": version}},
        )
        for index, version in enumerate("1122")
    ]
    settings = config(locality_weight_aware=True, scale_locality_weight=scale)
    (selection,) = selections(settings, hosts, {"ver": "1"})
    assert [host.locality_weight for host in selection.hosts] == weights


def test_the_weighted_cluster_overrides_the_route_and_filters_override_both() -> None:
    def body(**values: object) -> MetadataHolder:
        return MetadataHolder(filter_metadata={"envoy.lb": values})

    criteria = criteria_of(body(a=1, b=1, c=1), body(b=2, c=2), {"envoy.lb": {"c": 3}})
    assert criteria == {"a": 1, "b": 2, "c": 3}
    assert criteria_of(None, None, {}) == {}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (1, "1", False),
        (1, True, False),
        (True, True, True),
        ("a", "a", True),
        (None, None, True),
        ([1, "a"], [1.0, "a"], True),
        ([1], [True], False),
        ([1], [1, 2], False),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"b": 1}, False),
    ],
)
def test_values_are_compared_with_their_type(one: object, other: object, same: bool) -> None:
    assert same_value(one, other) is same


@pytest.mark.parametrize(
    ("selectors", "reason"),
    [
        ([["ver"], ["ver", "zone"]], "NO_FALLBACK"),
        ([["zone", "ver"], ["ver"]], "ANY_ENDPOINT"),
        ([["zone", "stage"], ["ver"]], "NO_FALLBACK"),
    ],
)
def test_a_selector_that_begins_an_earlier_one_has_no_fallback(
    selectors: list[list[str]], reason: str
) -> None:
    settings = config(
        fallback_policy="ANY_ENDPOINT",
        subset_selectors=[{"keys": keys, "fallback_policy": "NO_FALLBACK"} for keys in selectors],
    )
    assert reason in selections(settings, HOSTS, {"ver": "none"})[0].reason

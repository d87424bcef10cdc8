"""The cluster that a tcp_proxy takes, as a table of what Envoy 1.40.0 does."""

from fractions import Fraction

import pytest

from osmscope.resources.network_filters import TcpProxy, TcpWeightedCluster, TcpWeightedClusters
from osmscope.rules.facts import Connection, StateObject
from osmscope.rules.tcp_proxy import choose

PLAIN = Connection()
CLUSTER = "envoy.tcp_proxy.cluster"


def holding(text: str | None, factory: str = CLUSTER) -> Connection:
    return Connection(filter_state={CLUSTER: StateObject(text, factory)})


NAMED = holding("outbound_.80_._.a.b")
ONE = TcpProxy(cluster="one")
TWO = TcpProxy(
    weighted_clusters=TcpWeightedClusters(
        clusters=(
            TcpWeightedCluster(name="a", weight=1),
            TcpWeightedCluster(name="never", weight=0),
            TcpWeightedCluster(name="b", weight=3),
        )
    )
)


@pytest.mark.parametrize(
    ("config", "connection", "random_value", "expected"),
    [
        (ONE, PLAIN, None, {"one": Fraction(1)}),
        (ONE, NAMED, None, {"outbound_.80_._.a.b": Fraction(1)}),
        (ONE, holding("x", "envoy.string"), None, {"one": Fraction(1)}),
        (ONE, holding(""), None, {"": Fraction(1)}),
        (TWO, NAMED, None, {"a": Fraction(1, 4), "b": Fraction(3, 4)}),
        (TWO, PLAIN, None, {"a": Fraction(1, 4), "b": Fraction(3, 4)}),
        (TWO, PLAIN, 0, {"a": Fraction(1)}),
        (TWO, PLAIN, 1, {"b": Fraction(1)}),
        (TWO, PLAIN, 3, {"b": Fraction(1)}),
        (TWO, PLAIN, 4, {"a": Fraction(1)}),
        (TcpProxy(), PLAIN, None, {}),
        (TcpProxy(weighted_clusters=TcpWeightedClusters()), PLAIN, None, {}),
        (TcpProxy(weighted_clusters=TcpWeightedClusters()), PLAIN, 7, {}),
    ],
)
def test_choices_and_their_probabilities(
    config: TcpProxy,
    connection: Connection,
    random_value: int | None,
    expected: dict[str, Fraction],
) -> None:
    choices = choose(config, connection, random_value=random_value)
    assert {choice.name: choice.probability for choice in choices} == expected


def test_a_drawn_cluster_brings_its_entry_and_a_reason() -> None:
    share = choose(TWO, PLAIN, random_value=None)[1]
    drawn = choose(TWO, PLAIN, random_value=2)[0]
    assert share.entry == drawn.entry == TcpWeightedCluster(name="b", weight=3)
    assert share.reason == "it has weight 3 of 4"
    assert drawn.reason == "the random value 2 falls to it (weight 3 of 4)"


def test_a_name_that_is_not_known_is_missing() -> None:
    (choice,) = choose(ONE, holding(None), random_value=None)
    assert choice.missing == 'what the filter state "envoy.tcp_proxy.cluster" holds'

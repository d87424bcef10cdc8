"""The cluster that a tcp_proxy takes, as a table of what Envoy 1.40.0 does."""

from fractions import Fraction

import pytest

from osmscope.resources.network_filters import TcpProxy, TcpWeightedCluster, TcpWeightedClusters
from osmscope.rules.facts import Connection
from osmscope.rules.tcp_proxy import choose

PLAIN = Connection()
SNI = Connection(detected_server_name="outbound_.80_._.a.b")
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
    ("config", "connection", "sni_cluster", "random_value", "expected"),
    [
        (ONE, PLAIN, False, None, {"one": Fraction(1)}),
        (ONE, PLAIN, True, None, {"one": Fraction(1)}),
        (ONE, SNI, False, None, {"one": Fraction(1)}),
        (ONE, SNI, True, None, {"outbound_.80_._.a.b": Fraction(1)}),
        (TWO, SNI, True, None, {"a": Fraction(1, 4), "b": Fraction(3, 4)}),
        (TWO, PLAIN, False, None, {"a": Fraction(1, 4), "b": Fraction(3, 4)}),
        (TWO, PLAIN, False, 0, {"a": Fraction(1)}),
        (TWO, PLAIN, False, 1, {"b": Fraction(1)}),
        (TWO, PLAIN, False, 3, {"b": Fraction(1)}),
        (TWO, PLAIN, False, 4, {"a": Fraction(1)}),
        (TcpProxy(), PLAIN, False, None, {}),
        (TcpProxy(weighted_clusters=TcpWeightedClusters()), PLAIN, False, None, {}),
        (TcpProxy(weighted_clusters=TcpWeightedClusters()), PLAIN, False, 7, {}),
    ],
)
def test_choices_and_their_probabilities(
    config: TcpProxy,
    connection: Connection,
    sni_cluster: bool,
    random_value: int | None,
    expected: dict[str, Fraction],
) -> None:
    choices = choose(config, connection, sni_cluster=sni_cluster, random_value=random_value)
    assert {choice.name: choice.probability for choice in choices} == expected


def test_a_drawn_cluster_brings_its_entry_and_a_reason() -> None:
    share = choose(TWO, PLAIN, sni_cluster=False, random_value=None)[1]
    drawn = choose(TWO, PLAIN, sni_cluster=False, random_value=2)[0]
    assert share.entry == drawn.entry == TcpWeightedCluster(name="b", weight=3)
    assert share.reason == "it has weight 3 of 4"
    assert drawn.reason == "the random value 2 falls to it (weight 3 of 4)"

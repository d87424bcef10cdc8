"""Virtual clusters, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.matcher import HeaderMatcher, StringMatcher
from osmscope.resources.route import VirtualCluster, VirtualHost
from osmscope.rules.facts import Headers
from osmscope.rules.virtual_cluster import virtual_cluster


def header(name: str, **wanted: str) -> HeaderMatcher:
    return HeaderMatcher(name=name, string_match=StringMatcher(**wanted))


RIDES = VirtualCluster(
    name="ride", headers=(header(":path", prefix="/rides"), header(":method", exact="POST"))
)
ANY_RIDE = VirtualCluster(name="any ride", headers=(header(":path", prefix="/rides"),))


@pytest.mark.parametrize(
    ("clusters", "method", "path", "name"),
    [
        ((RIDES, ANY_RIDE), "POST", "/rides", "ride"),
        ((ANY_RIDE, RIDES), "POST", "/rides", "any ride"),
        ((RIDES, ANY_RIDE), "GET", "/rides", "any ride"),
        ((RIDES,), "GET", "/rides", "other"),
        ((RIDES,), "POST", "/", "other"),
        ((), "POST", "/rides", ""),
    ],
)
def test_the_first_that_fits_is_taken(clusters, method, path, name):
    headers = Headers.of([(":method", method), (":path", path)])
    assert virtual_cluster(VirtualHost(virtual_clusters=clusters), headers) == name

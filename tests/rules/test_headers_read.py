"""Which headers decide about a route."""

import pytest

from osmscope.resources.matcher import CookieMatcher, HeaderMatcher, Matcher
from osmscope.resources.resource import Opaque
from osmscope.resources.route import (
    ClusterWeight,
    HashPolicy,
    HashPolicyCookie,
    HashPolicyHeader,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)
from osmscope.rules.headers_read import headers_read

ALWAYS = {":authority", ":path", ":method", "x-forwarded-proto", "x-envoy-internal"}


def table(*routes: Route, **fields: object) -> RouteConfiguration:
    return RouteConfiguration(virtual_hosts=(VirtualHost(routes=routes),), **fields)


@pytest.mark.parametrize(
    ("route", "names"),
    [
        (Route(), set()),
        (Route(match=RouteMatch(headers=(HeaderMatcher(name="X-A"),))), {"x-a"}),
        (Route(match=RouteMatch(headers=(HeaderMatcher(name="Host"),))), set()),
        (Route(match=RouteMatch(cookies=(CookieMatcher(name="c"),))), {"cookie"}),
        (Route(match=RouteMatch(grpc=Opaque())), {"content-type"}),
        (Route(route=RouteAction(cluster_header="X-Cluster")), {"x-cluster"}),
        (
            Route(route=RouteAction(weighted_clusters=WeightedCluster(header_name="X-Random"))),
            {"x-random"},
        ),
        (
            Route(
                route=RouteAction(
                    weighted_clusters=WeightedCluster(
                        clusters=(ClusterWeight(cluster_header="X-W"),)
                    )
                )
            ),
            {"x-w"},
        ),
        (
            Route(
                route=RouteAction(
                    hash_policy=(
                        HashPolicy(header=HashPolicyHeader(header_name="X-Hash")),
                        HashPolicy(cookie=HashPolicyCookie(name="c")),
                    )
                )
            ),
            {"x-hash", "cookie"},
        ),
    ],
)
def test_headers_read(route: Route, names: set[str]) -> None:
    read = headers_read(table(route))
    assert read is not None
    assert read - {""} == ALWAYS | names


def test_the_header_that_names_the_virtual_host_is_read() -> None:
    read = headers_read(table(vhost_header="X-Vhost"))
    assert read is not None
    assert "x-vhost" in read


@pytest.mark.parametrize(
    "host",
    [
        VirtualHost(matcher=Matcher()),
        VirtualHost(routes=(Route(route=RouteAction(cluster_specifier_plugin="p")),)),
        VirtualHost(routes=(Route(route=RouteAction(inline_cluster_specifier_plugin={})),)),
    ],
)
def test_matchers_and_plugins_may_read_any_header(host: VirtualHost) -> None:
    assert headers_read(RouteConfiguration(virtual_hosts=(host,))) is None

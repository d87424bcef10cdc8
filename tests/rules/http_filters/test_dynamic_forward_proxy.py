"""The filter of dynamic forward proxies, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.custom_code import (
    DynamicForwardProxy,
    DynamicForwardProxyPerRoute,
)
from osmscope.rules.cluster_type import ClusterKind
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.dynamic_forward_proxy import evaluate
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult

OWN = DynamicForwardProxy()
DYNAMIC = ClusterKind.DYNAMIC_FORWARD_PROXY


def result(
    host: str = "192.0.2.1:80",
    headers: tuple[str, ...] = (),
    kind: ClusterKind | None = DYNAMIC,
    own: DynamicForwardProxy = OWN,
    per_route: dict[str, object] | None = None,
) -> FilterResult:
    sent = Headers.of([(":authority", host), *(("x-h", value) for value in headers)])
    request = Request(connection=Connection(), headers=sent)
    config = own if per_route is None else msgspec.convert(per_route, DynamicForwardProxyPerRoute)
    context = FilterContext(
        filter_name="dfp", config=config, own_config=own, cluster="a", cluster_kind=lambda _: kind
    )
    (found,) = evaluate(request, context)
    return found


@pytest.mark.parametrize(
    ("per_route", "headers", "host"),
    [
        (None, (), "192.0.2.1:80"),
        ({}, (), "192.0.2.1:80"),
        ({"host_rewrite_literal": "192.0.2.2"}, (), "192.0.2.2"),
        ({"host_rewrite_header": "x-h"}, ("192.0.2.3:1",), "192.0.2.3:1"),
        ({"host_rewrite_header": "x-h"}, ("192.0.2.3:1", "192.0.2.4:1"), "192.0.2.3:1"),
        ({"host_rewrite_header": "x-h"}, (), "192.0.2.1:80"),
    ],
)
def test_the_host(per_route: dict[str, object] | None, headers: tuple[str, ...], host: str) -> None:
    found = result(headers=headers, per_route=per_route)
    assert (found.request.host, found.assumptions, found.reply) == (host, (), None)


def test_an_empty_host_is_refused() -> None:
    reply = result(headers=("",), per_route={"host_rewrite_header": "x-h"}).reply
    assert reply is not None
    assert (reply.code, reply.flags, reply.details) == (400, (), "empty_host_header")


@pytest.mark.parametrize("kind", [None, ClusterKind.STATIC])
def test_other_clusters_are_left_alone(kind: ClusterKind | None) -> None:
    found = result("a.com", kind=kind, per_route={"host_rewrite_literal": "192.0.2.2"})
    assert (found.request.host, found.assumptions) == ("a.com", ())


def test_a_request_without_a_cluster_is_left_alone() -> None:
    request = Request(connection=Connection(), headers=Headers.of([(":authority", "a.com")]))
    (found,) = evaluate(request, FilterContext(config=OWN, own_config=OWN))
    assert found.request is request


@pytest.mark.parametrize(
    ("host", "own", "assumption"),
    [
        ("a.com:80", OWN, 'DNS resolves "a.com:80" for "dfp"'),
        ("[::1]:80", OWN, 'DNS resolves "[::1]:80" for "dfp"'),
        ("192.0.2.1", DynamicForwardProxy(allow_dynamic_host_from_filter_state=True),
         'no filter state names a host for "dfp"'),
    ],
)  # fmt: skip
def test_what_is_not_known(host: str, own: DynamicForwardProxy, assumption: str) -> None:
    assert result(host, own=own).assumptions == (assumption,)

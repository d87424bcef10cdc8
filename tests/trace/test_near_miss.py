"""What is close to a request that misses; each near miss is evaluated before it is listed."""

import pytest

from osmscope.errors import UnreachableError
from osmscope.trace.near_miss import MOST, near_misses
from osmscope.trace.request import CertificateFacts
from tests.trace.sidecars import (
    EVERYTHING,
    TLS_INSPECTOR,
    ask,
    behind,
    chain,
    cluster,
    host,
    listener,
    manager,
    misses,
    request,
    route,
    sections,
    table,
    tcp,
    tracer,
)


def header(name, **string_match):
    return {"name": name, "string_match": string_match}


HOSTS = behind(
    table(
        host("bookstore", ["bookstore", "bookstore:14001", "bookstore.ns"], route()),
        host("bookwarehouse", ["bookwarehouse", "bookwarehouse:14001"], route()),
        host("far", ["zzz"], route()),
    )
)
ROUTES = behind(
    table(
        host(
            "all",
            ["*"],
            route(prefix="/books", match={"headers": [header(":method", exact="POST")]}),
            route(prefix="/buy", match={"headers": [header("client-app", exact="bookbuyer")]}),
            route(
                match={
                    "prefix": None,
                    "path": "/q",
                    "query_parameters": [{"name": "v", "string_match": {"exact": "1"}}],
                },
            ),
            route(prefix="/r", match={"headers": [header("x", safe_regex={"regex": "v1|v2"})]}),
            route(prefix="/p", match={"headers": [{"name": "p", "present_match": True}]}),
            route(
                prefix="/n",
                match={"headers": [{"name": "n", "range_match": {"start": 3, "end": 5}}]},
            ),
        )
    )
)
RANGE = {"prefix_ranges": [{"address_prefix": "10.0.0.1", "prefix_len": 32}]}
CHAINS = tracer(
    sections(
        [
            listener(
                chain(manager(EVERYTHING), name="web", match={"destination_port": 80, **RANGE}),
                chain(tcp(), name="db", match={"destination_port": 3306, **RANGE}),
                chain(
                    tcp(), name="tls", match={"destination_port": 443, "server_names": ["a.com"]}
                ),
                listener_filters=[TLS_INSPECTOR],
            )
        ]
    )
)


def listed(found):
    return [(one.change, one.what) for one in found]


@pytest.mark.parametrize(
    ("asked", "change", "what"),
    [
        ("bookstore:80", 'use the host "bookstore:14001"', "bookstore"),
        ("bookstor:14001", 'use the host "bookstore:14001"', "bookstore"),
        ("bookstore.default", 'use the host "bookstore"', "bookstore"),
        ("BOOKWAREHOUSE:1", 'use the host "bookwarehouse:14001"', "bookwarehouse"),
    ],
)
def test_the_closest_host_comes_first_and_one_for_each_virtual_host(asked, change, what):
    found = misses(HOSTS, host=asked)
    assert listed(found)[0] == (change, f'route #0 of virtual host "{what}"')
    assert len({one.what for one in found}) == len(found)


def test_a_host_that_resembles_nothing_has_no_near_miss():
    assert misses(HOSTS, host="qqqqqqq.example") == ()


@pytest.mark.parametrize(
    ("asked", "change", "index"),
    [
        ({"path": "/books/1"}, "use the method POST", 0),
        ({"path": "/buy"}, 'send the header "client-app: bookbuyer"', 1),
        (
            {"path": "/buy", "headers": {"Client-App": "x"}},
            'send the header "client-app: bookbuyer"',
            1,
        ),
        ({"path": "/q"}, 'use the path "/q?v=1"', 2),
        ({"path": "/x", "method": "POST"}, 'use the path "/books"', 0),
        ({"path": "/r"}, 'send the header "x: v1"', 3),
        ({"path": "/p"}, 'send the header "p: 1"', 4),
        ({"path": "/n"}, 'send the header "n: 3"', 5),
    ],
)
def test_the_one_condition_that_does_not_hold_is_named(asked, change, index):
    first = misses(ROUTES, **asked)[0]
    assert (first.change, first.what) == (change, f'route #{index} of virtual host "all"')


@pytest.mark.parametrize(
    ("asked", "change", "what"),
    [
        ({"dst_port": 81}, "use port 80", 'route #0 of virtual host "all"'),
        ({"dst_ip": "10.0.0.9"}, "use the address 10.0.0.1", 'route #0 of virtual host "all"'),
        ({"dst_port": 443, "sni": "b.com"}, 'use the SNI "a.com"', 'filter chain "tls"'),
        ({"dst_port": 443}, 'start TLS with the SNI "a.com"', 'filter chain "tls"'),
    ],
)
def test_a_connection_without_a_chain(asked, change, what):
    found = misses(CHAINS, **asked)
    assert (change, what) in listed(found)


def test_a_connection_without_a_listener():
    sidecar = tracer(sections([listener(chain(manager(EVERYTHING)), at="10.0.0.1:80")]))
    (found,) = misses(sidecar, listener=None, dst_port=81)
    assert (found.change, found.request) == ("use port 80", {"dst_port": 80})
    (found,) = misses(sidecar, listener="k1l")
    assert found.change == 'name the listener "l"'


TRUSTED = {"validation_context": {"trusted_ca": {"inline_string": "x"}}}


@pytest.mark.parametrize(
    ("tls", "asked", "changes"),
    [
        ({}, {}, ["start TLS"]),
        ({"require_client_certificate": True, "common_tls_context": TRUSTED}, {},
         ["start TLS and present a client certificate that the filter chain trusts"]),
        ({"require_client_certificate": True, "common_tls_context": TRUSTED}, {"tls": True},
         ["present a client certificate that the filter chain trusts"]),
    ],
)  # fmt: skip
def test_a_handshake_that_fails(tls, asked, changes):
    sidecar = tracer(sections([listener(chain(manager(EVERYTHING), tls=tls))]))
    found = misses(sidecar, **asked)
    assert [one.change for one in found] == changes
    assert all(
        isinstance(one.request.get("client_certificate", CertificateFacts()), CertificateFacts)
        for one in found
    )


@pytest.mark.parametrize("sidecar", [HOSTS, ROUTES, CHAINS])
@pytest.mark.parametrize(
    "asked",
    [
        {"host": "bookstore:1"},
        {"path": "/books"},
        {"dst_port": 81},
        {"dst_port": 443},
        {"path": "/q"},
    ],
)
def test_each_is_verified_and_there_are_few(sidecar, asked):
    before = ask(sidecar, **asked)
    found = misses(sidecar, **asked)
    assert len(found) <= MOST
    for near_miss in found:
        after = sidecar.answer(request(**{**asked, **near_miss.request}))
        assert after.outcomes != before.outcomes
        assert after.outcomes[0].verdict == "forwarded"


def test_what_reaches_an_endpoint_has_none():
    assert misses(behind(EVERYTHING)) == ()


def test_what_envoy_answers_on_purpose_has_none():
    redirect = table(host("all", ["*"], route(None, redirect={"host_redirect": "b"})))
    assert misses(behind(redirect)) == ()


def test_a_change_that_leads_to_what_cannot_be_read_is_passed_over():
    broken = route(
        prefix="/b",
        match={"headers": [header("x", exact="1")]},
        typed_per_filter_config={
            "fault": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
                "abort": 3,
            }
        },
    )
    sidecar = behind(
        table(host("all", ["*"], broken)),
        {
            "name": "fault",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"
            },
        },
    )
    assert misses(sidecar, path="/b") == ()


def test_a_table_of_many_hosts_is_searched_quickly():
    hosts = [host(f"s{i}", [f"s{i}", f"s{i}.ns", f"s{i}.ns.svc:80"], route()) for i in range(2000)]
    sidecar = behind(table(*hosts), clusters=[cluster("a")])
    assert misses(sidecar, host="s77.ns.svc:81")[0].change == 'use the host "s77.ns.svc:80"'


def test_a_live_sidecar_that_goes_away_is_told_at_once():
    asked = request(host="bookstor")
    found = HOSTS
    answer = found.answer(asked)
    assert answer.outcomes[0].verdict == "responded"
    tried = []

    def evaluate(other):
        tried.append(other)
        raise UnreachableError("it has gone")

    with pytest.raises(UnreachableError):
        near_misses(asked, found.evaluate(asked), answer, evaluate)
    assert len(tried) == 1

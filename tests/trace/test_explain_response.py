"""What of a response's headers changes on its way to the client, in words."""

import pytest

from tests.trace.sidecars import behind, cluster, deny, explained, host, route, table

ADDS = {"response_headers_to_add": [{"header": {"key": "x-a", "value": "1"}}]}
REMOVES = {"response_headers_to_remove": ["server"]}
WEIGHTED = {"weighted_clusters": {"clusters": [{"name": "a", "weight": 1, **ADDS}]}}


def told(*routes, **fields):
    filters = fields.pop("filters", ())
    asked = behind(table(host("all", ["*"], *routes, **fields)), *filters, clusters=[cluster("a")])
    return [step.reason for step in explained(asked).steps if step.kind == "response"]


@pytest.mark.parametrize(
    ("routes", "fields", "expected"),
    [
        ([route()], {}, []),
        ([route(**ADDS)], {}, ['the route adds "x-a: 1"']),
        (
            [route(**ADDS)],
            REMOVES,
            ['the route adds "x-a: 1"; the virtual host removes "server"'],
        ),
        ([route(None, route=WEIGHTED)], {}, ['the weighted cluster adds "x-a: 1"']),
        (
            [route(None, direct_response={"status": 404}, **ADDS)],
            {},
            ['the route adds "x-a: 1"'],
        ),
        ([route(**ADDS)], {"filters": [deny()]}, []),
        ([], REMOVES, []),
    ],
)
def test_changes(routes, fields, expected):
    assert told(*routes, **fields) == expected


def test_what_was_sent_on_is_what_values_read():
    path = {"header": {"key": "x-p", "value": "%REQ(:path)%"}}
    rewriting = route(None, route={"cluster": "a", "prefix_rewrite": "/new"})
    rewriting |= {"response_headers_to_add": [path]}
    assert told(rewriting) == ['the route adds "x-p: /new"']

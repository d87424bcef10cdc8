from __future__ import annotations

import msgspec
import pytest

from osmscope.report.route_table import action_lines, route_table
from osmscope.resources.resource import decode
from osmscope.resources.route import Route
from tests.trace.sidecars import host, route, sections, table, tracer

MIRRORS = {"request_mirror_policies": [{"cluster": "m"}]}


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({"route": {"cluster": "a"}}, ["a"]),
        ({"route": {"cluster_header": "x-to"}}, ["cluster named by header x-to"]),
        ({"route": {"cluster_specifier_plugin": "p"}}, ["cluster chosen by a plugin"]),
        ({"route": {"weighted_clusters": {"clusters": [
            {"name": "a", "weight": 3}, {"cluster_header": "x-to", "weight": 1}]}}},
         ["75 % a", "25 % by header x-to"]),
        ({"route": {"weighted_clusters": {"clusters": [{"name": "a"}]}}}, ["0 % a"]),
        ({"route": {"cluster": "a", "prefix_rewrite": "/b"}}, ["a", "prefix rewrite /b"]),
        ({"route": {"cluster": "a", "host_rewrite_literal": "b"}}, ["a", "host rewrite literal b"]),
        ({"route": {"cluster": "a", "regex_rewrite": {"pattern": {"regex": "^/x"},
                                                      "substitution": "/y"}}},
         ["a", "rewrite ^/x to /y"]),
        ({"route": {"cluster": "a", **MIRRORS}}, ["a", "mirror to m"]),
        ({"redirect": {}}, ["redirect"]),
        ({"redirect": {"https_redirect": True, "host_redirect": "b", "path_redirect": "/c"}},
         ["redirect https://b/c"]),
        ({"redirect": {"scheme_redirect": "http", "port_redirect": 81}}, ["redirect http://:81"]),
        ({"redirect": {"host_redirect": "b", "prefix_rewrite": "/p"}}, ["redirect b prefix /p"]),
        ({"redirect": {"prefix_rewrite": "/p"}}, ["redirect prefix /p"]),
        ({"redirect": {"regex_rewrite": {"pattern": {"regex": "^/x"}, "substitution": "/y"}}},
         ["redirect ^/x to /y"]),
        ({"direct_response": {"status": 418}}, ["answer 418"]),
        ({"non_forwarding_action": {}}, ["no forwarding"]),
    ],
)  # fmt: skip
def test_what_a_route_does_in_words(fields, lines):
    body = msgspec.json.encode({"match": {"prefix": "/"}, **fields})
    assert list(action_lines(decode(Route, body, "made"))) == lines


def test_each_route_is_a_row_and_a_virtual_host_without_any_is_one_too():
    tree = {"matcher_tree": {"exact_match_map": {"map": {}}}}
    built = sections(routes=[table(
        host("h", ["a", "b"], route("a", name="r"), route("b")),
        host("empty", ["c"]),
        host("tree", ["d"], matcher=tree),
    )])  # fmt: skip
    rows = [row.cells[:5] for row in route_table(tracer(built).proxy).rows]
    assert rows == [
        ("h", ("a", "b"), "#0 r", ("path /*",), ("a",)),
        ("h", ("a", "b"), "#1", ("path /*",), ("b",)),
        ("empty", ("c",), "", ("no routes",), ()),
        ("tree", ("d",), "", ("by a matcher tree",), ()),
    ]

from __future__ import annotations

import msgspec
import pytest

from osmscope.report.criteria import chain_criteria, route_criteria
from osmscope.resources.listener import FilterChainMatch
from osmscope.resources.resource import decode
from osmscope.resources.route import RouteMatch


def _chain(**fields):
    return chain_criteria(decode(FilterChainMatch, msgspec.json.encode(fields), "made"))


def _route(**fields):
    return route_criteria(decode(RouteMatch, msgspec.json.encode(fields), "made"))


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({}, ("any",)),
        ({"destination_port": 0}, ("port 0",)),
        ({"prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8},
                            {"address_prefix": "::"}]}, ("prefix 10.0.0.0/8, ::/0",)),
        ({"server_names": ["a", "*.b"]}, ("SNI a, *.b",)),
        ({"transport_protocol": "tls"}, ("transport tls",)),
        ({"application_protocols": ["h2"]}, ("ALPN h2",)),
        ({"direct_source_prefix_ranges": [{"address_prefix": "10.0.0.1", "prefix_len": 32}]},
         ("direct source 10.0.0.1/32",)),
        ({"source_type": "EXTERNAL"}, ("source type EXTERNAL",)),
        ({"source_prefix_ranges": [{"address_prefix": "10.0.0.1", "prefix_len": 32}]},
         ("source prefix 10.0.0.1/32",)),
        ({"source_ports": [1, 2]}, ("source port 1, 2",)),
        ({"address_suffix": "1.1", "suffix_len": 16}, ("suffix 1.1/16 (Envoy ignores it)",)),
    ],
)  # fmt: skip
def test_each_criterion_of_a_chain_is_a_line(fields, lines):
    assert _chain(**fields) == lines


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "any"),
        ({"path": "/a"}, "path = /a"),
        ({"prefix": "/a", "case_sensitive": False}, "path /a* (ignoring case)"),
        ({"path_separated_prefix": "/a"}, "path /a or below"),
        ({"safe_regex": {"regex": ".*"}}, "path ~ .*"),
        ({"connect_matcher": {}}, "CONNECT"),
        ({"path_match_policy": {"name": "t"}}, 'path policy {"name":"t"}'),
        ({"grpc": {}}, "gRPC"),
        ({"headers": [{"name": ":method", "exact_match": "GET"}]}, "method = GET"),
        ({"headers": [{"name": "a", "safe_regex_match": {"regex": "x"}}]}, "header a ~ x"),
        ({"headers": [{"name": "a", "prefix_match": "x"}]}, "header a x*"),
        ({"headers": [{"name": "a", "suffix_match": "x"}]}, "header a *x"),
        ({"headers": [{"name": "a", "contains_match": "x"}]}, "header a *x*"),
        ({"headers": [{"name": "a", "present_match": True}]}, "header a present"),
        ({"headers": [{"name": "a", "present_match": False}]}, "header a absent"),
        ({"headers": [{"name": "a", "invert_match": True}]}, "not: header a present"),
        ({"headers": [{"name": "a", "range_match": {"start": 1, "end": 5}}]},
         "header a from 1 to below 5"),
        ({"headers": [{"name": "a", "string_match": {"exact": "x"},
                       "treat_missing_header_as_empty": True}]},
         'header a has to equal "x" (absent counts as empty)'),
        ({"query_parameters": [{"name": "q", "present_match": True}]}, "query q present"),
        ({"query_parameters": [{"name": "q", "string_match": {"prefix": "x"}}]},
         'query q has to start with "x"'),
        ({"query_parameters": [{"name": "q", "value": "x", "regex": True}]}, "query q ~ x"),
        ({"cookies": [{"name": "c", "string_match": {"exact": "x"}, "invert_match": True}]},
         'not: cookie c has to equal "x"'),
        ({"runtime_fraction": {"default_value": {"numerator": 25}, "runtime_key": "k"}},
         "25 % of requests (runtime k)"),
        ({"tls_context": {"presented": True}}, 'tls_context {"presented":true}'),
        ({"filter_state": [{"key": "k"}]}, 'filter_state [{"key":"k"}]'),
    ],
)  # fmt: skip
def test_each_condition_of_a_route_is_a_line(fields, line):
    assert _route(**fields) == (line,)

"""The route table check tool's peculiarities, and where Envoy 1.40.0 says otherwise."""

from __future__ import annotations

import pytest

TABLE = """
name: table
virtual_hosts:
- name: tls
  domains: [tls]
  require_tls: EXTERNAL_ONLY
  routes: [{match: {prefix: /}, route: {cluster: a}}]
- name: main
  domains: ["*"]
  virtual_clusters:
  - {name: before, headers: [{name: ":path", string_match: {prefix: /old}}]}
  - {name: after, headers: [{name: ":path", string_match: {prefix: /new}}]}
  response_headers_to_add: [{header: {key: x-host, value: h}}]
  routes:
  - match: {prefix: /old}
    route: {cluster: a, prefix_rewrite: /new, host_rewrite_literal: other, timeout: 3s}
    metadata: {filter_metadata: {ns: {id: one}}}
  - match: {path: /zero, runtime_fraction: {runtime_key: zero, default_value: {numerator: 0}}}
    route: {cluster: fraction}
  - match: {path: /fraction, runtime_fraction: {runtime_key: k, default_value: {numerator: 50}}}
    route: {cluster: fraction}
  - match: {path: /split}
    route: {weighted_clusters: {clusters: [{name: a, weight: 30}, {name: b, weight: 70}]}}
  - match: {path: /metadata, dynamic_metadata: [{filter: ns, path: [{key: a}],
      value: {string_match: {exact: x}}}]}
    route: {cluster: metadata}
  - match: {path: /add}
    route: {cluster: a}
    request_headers_to_add: [{header: {key: x-client,
        value: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}}]
    response_headers_to_remove: [x-gone]
  - match: {path: /redirect}
    redirect: {host_redirect: new, response_code: FOUND}
  - match: {path: /direct}
    direct_response: {status: 201, body: {inline_string: hello}}
  - match: {path: /none}
    non_forwarding_action: {}
  - match: {prefix: /}
    route: {cluster: rest}
"""


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        # A route that forwards.
        (
            "{authority: h, path: /old/x?q}",
            "{cluster_name: a, virtual_host_name: main, path_rewrite: /new/x?q, "
            "host_rewrite: other}",
        ),
        (
            "{authority: h, path: /x}",
            "{path_rewrite: /x, host_rewrite: h, path_redirect: '', code_redirect: 0}",
        ),
        (
            "{authority: h, path: /old}",
            "{timeout: 3s, route_metadata: [{namespace: ns, key: id, value: one}]}",
        ),
        (
            "{authority: h, path: /x}",
            "{timeout: 15.000s, route_metadata: [{namespace: ns, key: id, value: ''}]}",
        ),
        # Envoy looks for the virtual cluster before it rewrites; its tool after.
        ("{authority: h, path: /old}", "{virtual_cluster_name: before}"),
        ("{authority: h, path: /x}", "{virtual_cluster_name: other}"),
        ("{authority: tls, path: /x, ssl: true}", "{virtual_cluster_name: ''}"),
        # The random number is 0 where it is not said.
        ("{authority: h, path: /split}", "{cluster_name: a}"),
        ("{authority: h, path: /split, random_value: 29}", "{cluster_name: a}"),
        ("{authority: h, path: /split, random_value: 30}", "{cluster_name: b}"),
        ("{authority: h, path: /split, random_value: 100}", "{cluster_name: a}"),
        # A runtime fraction counts only where its key is named.
        ("{authority: h, path: /fraction}", "{cluster_name: rest}"),
        ("{authority: h, path: /fraction, runtime: k}", "{cluster_name: fraction}"),
        ("{authority: h, path: /fraction, runtime: other}", "{cluster_name: rest}"),
        (
            "{authority: h, path: /fraction, runtime: k, random_value: 49}",
            "{cluster_name: fraction}",
        ),
        ("{authority: h, path: /fraction, runtime: k, random_value: 50}", "{cluster_name: rest}"),
        # Dynamic metadata is merged only where that is allowed.
        ("{authority: h, path: /metadata}", "{cluster_name: rest}"),
        (
            "{authority: h, path: /metadata, dynamic_metadata: [{metadata_namespace: ns, "
            "value: {a: x}}]}",
            "{cluster_name: metadata}",
        ),
        (
            "{authority: h, path: /metadata, dynamic_metadata: [{metadata_namespace: ns, "
            "value: {a: x}}, {metadata_namespace: ns, value: {a: y}}]}",
            "{cluster_name: metadata}",
        ),
        (
            "{authority: h, path: /metadata, dynamic_metadata: [{metadata_namespace: ns, "
            "value: {a: x}}, {metadata_namespace: ns, value: {a: y}, "
            "allow_overwrite: true}]}",
            "{cluster_name: rest}",
        ),
        # Typed metadata is another place: nothing of a route reads it.
        (
            "{authority: h, path: /metadata, dynamic_metadata: [{metadata_namespace: ns, "
            "typed_value: {'@type': t, a: y}}, {metadata_namespace: ns, value: {a: x}}]}",
            "{cluster_name: metadata}",
        ),
        # Headers are those after all changes; the client is 127.0.0.1.
        (
            "{authority: h, path: /add}",
            "{request_header_fields: [{key: X-Client, value: 127.0.0.1}]}",
        ),
        (
            "{authority: h, path: /add, additional_request_headers: [{key: a, value: b}]}",
            "{request_header_matches: [{name: a, exact_match: b}]}",
        ),
        (
            "{authority: h, path: /add, additional_response_headers: [{key: x-gone, "
            "value: a}, {key: x-kept, value: b}]}",
            "{response_header_matches: [{name: x-gone, invert_match: true}, {name: x-kept, "
            "exact_match: b}, {name: x-host, exact_match: h}]}",
        ),
        ("{authority: h, path: /add}", "{request_header_fields: [{key: cookie, value: ''}]}"),
        (
            "{authority: h, path: /old, additional_response_headers: [{key: vary, "
            "value: a}, {key: vary, value: b}]}",
            "{response_header_fields: [{key: vary, value: 'a,b'}]}",
        ),
        (
            "{authority: h, path: /old, additional_request_headers: [{key: via, value: a}, "
            "{key: via, value: b}]}",
            "{request_header_fields: [{key: via, value: 'a,b'}]}",
        ),
        # A route that answers by itself has neither virtual host nor rewrites, but an address.
        (
            "{authority: h, path: /redirect}",
            "{path_redirect: 'http://new/redirect', code_redirect: 302, "
            "virtual_host_name: '', cluster_name: '', path_rewrite: ''}",
        ),
        ("{authority: h, path: /redirect, ssl: true}", "{path_redirect: 'https://new/redirect'}"),
        ("{authority: h, path: /direct}", "{path_redirect: 'http://h/direct', code_redirect: 201}"),
        (
            "{authority: h, path: /direct}",
            "{response_header_matches: [{name: content-length, exact_match: '5'}, "
            "{name: x-host, exact_match: h}]}",
        ),
        # require_tls.
        (
            "{authority: tls, path: /a}",
            "{path_redirect: 'https://tls/a', code_redirect: 301, cluster_name: ''}",
        ),
        ("{authority: tls, path: /a, ssl: true}", "{path_redirect: '', cluster_name: a}"),
        ("{authority: tls, path: /a, internal: true}", "{path_redirect: '', cluster_name: a}"),
        ("{authority: h, path: /none}", "{cluster_name: '', virtual_host_name: ''}"),
    ],
)
def test_a_look_up_finds(mismatches, asked, expected):
    assert mismatches(TABLE, asked, expected) == {}


@pytest.mark.parametrize(
    ("random_value", "cluster"), [("0", "fraction"), ("1", "rest"), ("100", "fraction")]
)
def test_a_fraction_of_0_counts_as_1(mismatches, random_value, cluster):
    asked = f"{{authority: h, path: /zero, runtime: zero, random_value: {random_value}}}"
    assert mismatches(TABLE, asked, f"{{cluster_name: {cluster}}}") == {}


def test_nothing_is_found_for_a_host_without_a_virtual_host(mismatches):
    table = "virtual_hosts: [{name: a, domains: [a], routes: []}]"
    expected = "{cluster_name: '', virtual_host_name: '', path_redirect: '', code_redirect: 0}"
    assert mismatches(table, "{authority: b, path: /}", expected) == {}

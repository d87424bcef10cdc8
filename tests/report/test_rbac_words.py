"""Permissions and principals in words; what has none is shown as JSON."""

from __future__ import annotations

import msgspec
import pytest

from osmscope.report.rbac_words import permission_words, principal_words
from osmscope.resources.rbac import Permission, Principal


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"any": True}, "any"),
        ({"header": {"name": ":method", "exact_match": "GET"}}, "method = GET"),
        ({"url_path": {"path": {"prefix": "/a"}}}, 'path has to start with "/a"'),
        ({"url_path": {}}, "any path"),
        ({"destination_ip": {"address_prefix": "10.0.0.0", "prefix_len": 8}}, "to 10.0.0.0/8"),
        ({"destination_port": 80}, "port 80"),
        ({"destination_port_range": {"start": 1, "end": 9}}, "port 1 to below 9"),
        ({"requested_server_name": {"exact": "a"}}, 'SNI has to equal "a"'),
        ({"not_rule": {"any": True}}, "not (any)"),
        ({"and_rules": {"rules": [{"any": True}]}}, "any"),
        ({"and_rules": {"rules": [{"destination_port": 1}, {"any": True}]}}, "port 1 and any"),
        (
            {"and_rules": {"rules": [
                {"or_rules": {"rules": [{"destination_port": 1}, {"destination_port": 2}]}},
                {"any": True},
            ]}},
            "(port 1 or port 2) and any",
        ),
        ({"metadata": {"filter": "a"}}, '{"metadata":{"filter":"a","invert":false}}'),
    ],
)  # fmt: skip
def test_what_a_policy_permits(rule, words):
    assert permission_words(msgspec.convert(rule, Permission)) == words


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"any": True}, "any"),
        ({"authenticated": {}}, "any client certificate"),
        ({"authenticated": {"principal_name": {"exact": "a.b"}}}, "certificate a.b"),
        (
            {"authenticated": {"principal_name": {"prefix": "a"}}},
            'certificate has to start with "a"',
        ),
        ({"source_ip": {"address_prefix": "10.0.0.0", "prefix_len": 8}}, "from 10.0.0.0/8"),
        ({"direct_remote_ip": {"address_prefix": "::", "prefix_len": 0}}, "directly from ::/0"),
        ({"remote_ip": {"address_prefix": "::", "prefix_len": 1}}, "from the client ::/1"),
        ({"header": {"name": "x", "present_match": True}}, "header x present"),
        ({"url_path": {"path": {"exact": "/a"}}}, 'path has to equal "/a"'),
        ({"not_id": {"any": True}}, "not (any)"),
        ({"or_ids": {"ids": [{"any": True}, {"any": True}]}}, "any or any"),
        ({"and_ids": {"ids": [{"any": True}]}}, "any"),
        ({"filter_state": {"key": "k"}}, '{"filter_state":{"key":"k"}}'),
    ],
)  # fmt: skip
def test_whom_a_policy_means(rule, words):
    assert principal_words(msgspec.convert(rule, Principal)) == words

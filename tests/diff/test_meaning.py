"""What differs between two JSON values of one Envoy message, by meaning."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osmscope.diff.meaning import ABSENT, Change, changes

A, B, C = ({"name": name, "x": 1} for name in "abc")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"domains": ["a", "b"]}, {"domains": ["b", "a"]}),
        ({"virtual_hosts": [A, B]}, {"virtual_hosts": [B, A]}),
        ({"filter_chains": [{"x": 1}, {"x": 2}]}, {"filter_chains": [{"x": 2}, {"x": 1}]}),
        ([], []),
    ],
)
def test_no_difference(before: object, after: object) -> None:
    assert list(changes(before, after)) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 2}, [Change("a", 1, 2)]),
        ({"a": {"b": 1}}, {"a": {}}, [Change("a.b", 1, ABSENT)]),
        ({}, {"a": [1]}, [Change("a", ABSENT, [1])]),
        ({"a": [1]}, {"a": {"b": 1}}, [Change("a", [1], {"b": 1})]),
        ({"domains": ["a", "b"]}, {"domains": ["c", "b"]}, [Change("domains[]", "a", "c")]),
        ({"domains": ["a"]}, {"domains": ["a", "b"]}, [Change("domains[]", ABSENT, "b")]),
        ({"domains": ["a", "a"]}, {"domains": ["a"]}, [Change("domains[]", "a", ABSENT)]),
        (
            {"virtual_hosts": [A]},
            {"virtual_hosts": [B, A]},
            [Change("virtual_hosts[b]", ABSENT, B)],
        ),
        (
            {"virtual_hosts": [A, B]},
            {"virtual_hosts": [{**B, "x": 2}, A]},
            [Change("virtual_hosts[b].x", 1, 2)],
        ),
        (
            {"http_filters": [A, B, C]},
            {"http_filters": [C, A]},
            [
                Change("http_filters[b]", B, ABSENT),
                Change("http_filters", ["a", "c"], ["c", "a"], moved=True),
            ],
        ),
        ({"routes": [1, 2, 3]}, {"routes": [1, 3]}, [Change("routes[1]", 2, ABSENT)]),
        ({"routes": [1, 3]}, {"routes": [1, 2, 3]}, [Change("routes[1]", ABSENT, 2)]),
        (
            {"routes": [{"m": 1}, {"m": 2}]},
            {"routes": [{"m": 1, "to": "a"}, {"m": 2}]},
            [Change("routes[0].to", ABSENT, "a")],
        ),
        (
            {"routes": [1, 2]},
            {"routes": [3]},
            [Change("routes[0]", 1, 3), Change("routes[1]", 2, ABSENT)],
        ),
    ],
)  # fmt: skip
def test_differences(before: object, after: object, expected: list[Change]) -> None:
    assert list(changes(before, after)) == expected


ENDPOINT = {"endpoint": {"address": {"socket_address": {"address": "::1", "port_value": 80}}}}
PIPE = {"endpoint": {"address": {"pipe": {"path": "/a"}}}}
HEADER = {"header": {"key": "x-a", "value": "1"}}


@pytest.mark.parametrize(
    ("field", "item", "path"),
    [
        ("lb_endpoints", ENDPOINT, "lb_endpoints[::1:80]"),
        ("lb_endpoints", PIPE, "lb_endpoints[/a]"),
        ("endpoints", {"lb_endpoints": []}, "endpoints[no locality, priority 0]"),
        (
            "endpoints",
            {"locality": {"region": "r", "zone": "z"}, "priority": 1, "lb_endpoints": []},
            "endpoints[r/z, priority 1]",
        ),
        ("request_headers_to_add", HEADER, "request_headers_to_add[x-a]"),
        ("tls_certificate_sds_secret_configs", A, "tls_certificate_sds_secret_configs[a]"),
    ],
)
def test_items_are_told_by_what_they_are(field: str, item: dict[str, object], path: str) -> None:
    before, after = {field: [item]}, {field: [{**item, "new": True}]}
    assert list(changes(before, after)) == [Change(f"{path}.new", ABSENT, True)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from("abc"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "routes", "domains", "x"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON, JSON)
def test_a_difference_is_told_exactly_where_there_is_one(before: object, after: object) -> None:
    """A value has no difference to itself; two that differ in more than order have at least one."""
    copy = json.loads(json.dumps(before))
    assert list(changes(before, copy)) == []
    if _without_order(before) != _without_order(after):
        assert list(changes(before, after))


def _without_order(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_order(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted(
            (_without_order(inner) for inner in value),
            key=lambda one: msgspec.json.encode(one, order="sorted"),
        )
    return value

from __future__ import annotations

import pytest

from osmscope.errors import OsmscopeError
from osmscope.route_tests.cases import ListenerCase, TableCase
from osmscope.route_tests.reading import read_cases

TABLE = '{"test_name": "a", "input": {"authority": "h", "path": "/"}, "validate": %s}'


def read(text: str):
    return read_cases(text.encode(), where="f.yaml")


def validate(fields: str):
    (case,) = read('{"tests": [' + TABLE % fields + "]}").cases
    return case.expected


def test_an_authority_makes_a_test_of_a_table():
    file = read("""
        runtime: {some.key: 1}
        tests:
        - test_name: table
          input: {authority: h, path: /, random_value: "7", ssl: true}
          validate: {cluster_name: ""}
        - testName: listener
          input: {host: h, headers: {X-Mixed-Case: a}, clientCertificate: {dns_sans: [a]}}
          validate: {routeIndex: 0}
    """)
    table, listener = file.cases
    assert file.runtime == {"some.key": 1}
    assert isinstance(table, TableCase)
    assert (table.input.random_value, table.input.method, table.input.ssl) == (7, "GET", True)
    assert table.expected.cluster_name == ""
    assert table.expected.virtual_host_name is None
    assert isinstance(listener, ListenerCase)
    assert listener.input.headers == {"X-Mixed-Case": "a"}
    assert listener.input.client_certificate.dns_sans == ("a",)
    assert listener.expected.route_index == 0


@pytest.mark.parametrize(
    "fields",
    [
        '{"request_header_fields": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}',
        '{"header_fields": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}',
        '{"header_fields": [{"key": "a", "value": "1"}],'
        ' "custom_header_fields": [{"key": "b", "value": "2"}]}',
        '{"requestHeaderFields": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}',
    ],
)
def test_names_of_all_versions_of_the_tool_are_read(fields):
    found = validate(fields).request_header_fields
    assert [(one.key, one.value) for one in found] == [("a", "1"), ("b", "2")]


def test_header_matchers_may_be_in_camel_case():
    fields = '{"requestHeaderMatches": [{"name": "a", "stringMatch": {"ignoreCase": true}}]}'
    (matcher,) = validate(fields).request_header_matches
    assert matcher.string_match.ignore_case


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no list of `tests:` is in here (f.yaml)"),
        ("[]", "no list of `tests:` is in here (f.yaml)"),
        ("virtual_hosts: []", "no list of `tests:` is in here (f.yaml)"),
        ("tests: []", "the list of tests is empty (f.yaml)"),
        ("tests: [1]\nx: 1", "unknown field 'x' (f.yaml)"),
        ("runtime: 1\ntests: [1]", "`runtime` is not an object (f.yaml)"),
        ("tests: [1]", "the test is no object (f.yaml, line 1, test 1)"),
        ("tests:\n- a: [\n- b", "(f.yaml, line 3)"),
        ("tests:\n\t- a", "(f.yaml, line 2)"),
        ("a: &a [1]\ntests: *a", "YAML with aliases (f.yaml)"),
        ('{"tests":\n[1,\n]}', "(f.yaml, line 2, test 1)"),
        ("tests: [{input: {}}]", "it has no test_name (f.yaml, line 1, test 1)"),
        ("tests: [{test_name: a, validate: {}}]", "input is missing (f.yaml, line 1, test 1 'a')"),
        ("tests: [{test_name: a, input: {}}]", "validate is missing (f.yaml, line 1, test 1 'a')"),
        ("tests: [{test_name: a, input: {}, validate: {}}]", "`validate` expects nothing"),
        ("tests: [{test_name: a, x: 1}]", "unknown field 'x' (f.yaml, line 1, test 1 'a')"),
        (
            "tests: [{test_name: a, input: {x: 1}, validate: {code: 1}}]",
            "input has an unknown field 'x'",
        ),
        (
            "tests: [{test_name: a, input: {dst_ip: x}, validate: {code: 1}}]",
            "dst_ip 'x' is not an IP address (f.yaml, line 1, test 1 'a')",
        ),
        (
            "tests: [{test_name: a, input: {}, validate: {code: x}}]",
            "Expected `int | null`, got `str` at `code` (f.yaml, line 1, test 1",
        ),
        (
            "tests: [{test_name: a, input: {}, validate: {cluster_name: x}}]",
            "unknown field `cluster_name`",
        ),
        (
            "tests: [{test_name: a, input: {}, validate: {code: 1}, route_config: r}]",
            "is for tests with an `authority`",
        ),
        (
            "tests: [{test_name: a, input: {authority: h}, validate: {cluster_name: x}}]",
            "missing required field `path`",
        ),
    ],
)
def test_what_is_wrong_is_said_on_one_line_with_its_place(text, message):
    with pytest.raises(OsmscopeError) as caught:
        read(text)
    assert message in str(caught.value)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"tests": [{"test_name": "a", "input": {"host": "b"}, "validate": {"code": 1,},},],}',
        '{"tests": [{"test_name": "a", "input": {"host": "b"}, "validate": {"code": 1}}, ]}',
    ],
)
def test_commas_before_brackets_are_read_as_in_the_examples_of_envoys_tool(text):
    assert read(text).cases[0].name == "a"


def test_a_matcher_with_an_unknown_field_is_refused():
    with pytest.raises(OsmscopeError, match="request_header_matches: unknown field 'exact'"):
        validate('{"request_header_matches": [{"name": "a", "exact": "b"}]}')

"""The hash of a request, held against the hashes of Envoy 1.40.0."""

import msgspec
import pytest
import xxhash

from osmscope.resources.network_filters import TcpHashPolicy
from osmscope.resources.route import HashPolicy
from osmscope.rules.facts import Connection, Headers, Request, StateObject
from osmscope.rules.hash_policy import HashResult, connection_hash, request_hash

CONNECTION = Connection(
    source_ip="10.0.0.9", source_port=55, destination_ip="1.1.1.1", destination_port=80
)


def policies(*fields: dict[str, object]) -> list[HashPolicy]:
    return msgspec.convert(list(fields), list[HashPolicy])


def hashed(
    *fields: dict[str, object], connection: Connection = CONNECTION, **facts: object
) -> HashResult:
    headers = facts.pop("headers", [])
    request = Request(connection=connection, headers=Headers.of(headers), remote_ip="10.0.0.9")
    return request_hash(policies(*fields), msgspec.structs.replace(request, **facts))


def text(value: str) -> int:
    return xxhash.xxh64_intdigest(value.encode())


HEADER = {"header": {"header_name": "x-user"}}


@pytest.mark.parametrize(
    ("values", "hash_value"),
    [
        ([], None),
        ([""], 17241709254077376921),
        (["alice"], 8332761332120969289),
        (["b", "a"], 8564053812407216358),
        (["a", "b"], 8564053812407216358),
    ],
)
def test_header(values: list[str], hash_value: int | None) -> None:
    assert hashed(HEADER, headers=[("x-user", value) for value in values]).value == hash_value


def test_header_is_rewritten_before_it_is_hashed() -> None:
    rewrite = {"pattern": {"regex": "-.*"}, "substitution": ""}
    policy = {"header": {"header_name": "x-user", "regex_rewrite": rewrite}}
    assert hashed(policy, headers=[("x-user", "alice-1")]).value == 8332761332120969289


@pytest.mark.parametrize(
    ("path", "hash_value"),
    [("/", None), ("/?q", text("")), ("/?q=%41&q=b", text("%41")), ("/?p=1", None)],
)
def test_query_parameter(path: str, hash_value: int | None) -> None:
    policy = {"query_parameter": {"name": "q"}}
    assert hashed(policy, headers=[(":path", path)]).value == hash_value


@pytest.mark.parametrize(
    ("remote_ip", "result"),
    [
        ("10.0.0.9", HashResult(value=text("10.0.0.9"), sources=("the source IP",))),
        ("::0:1", HashResult(value=text("::1"), sources=("the source IP",))),
        (None, HashResult(missing="the source IP")),
    ],
)
def test_source_ip(remote_ip: str | None, result: HashResult) -> None:
    policy: dict[str, object] = {"connection_properties": {"source_ip": True}}
    assert hashed(policy, remote_ip=remote_ip) == result


def test_source_ip_may_be_off() -> None:
    assert hashed({"connection_properties": {}}, remote_ip=None) == HashResult()


COOKIE = {"cookie": {"name": "s"}}
MADE = {"cookie": {"name": "s", "ttl": "0s"}}


@pytest.mark.parametrize(
    ("header", "hash_value"),
    [("s=v", text("v")), ('s="v"', text("v")), ("s=", None), ("t=v", None)],
)
def test_cookie(header: str, hash_value: int | None) -> None:
    assert hashed(COOKIE, headers=[("cookie", header)]).value == hash_value


@pytest.mark.parametrize(
    ("remote_ip", "made"),
    [("10.0.0.9", "6e14099ce08add6e"), ("8.8.8.8", f"{text('8.8.8.8:01.1.1.1:80'):016x}")],
)
def test_a_cookie_is_made_of_both_addresses(remote_ip: str, made: str) -> None:
    result = hashed(MADE, remote_ip=remote_ip)
    assert result.value == text(made)
    assert result.cookies == (("s", made),)
    assert hashed(MADE, headers=[("cookie", "s=v")]).cookies == ()


def test_no_cookie_is_made_for_the_choice_of_a_weighted_cluster() -> None:
    policies = [msgspec.convert(MADE, HashPolicy)]
    asked = Request(connection=CONNECTION, headers=Headers(), remote_ip="10.0.0.9")
    assert request_hash(policies, asked, makes_cookies=False) == HashResult()


@pytest.mark.parametrize(
    ("unknown", "missing"),
    [
        ({"source_port": None}, "the source IP and port, of which a cookie is made"),
        ({"destination_ip": None}, "the destination, of which a cookie is made"),
        ({"destination_port": None}, "the destination, of which a cookie is made"),
    ],
)
def test_a_cookie_of_addresses_that_are_not_known(unknown: dict[str, None], missing: str) -> None:
    connection = msgspec.structs.replace(CONNECTION, **unknown)
    assert hashed(MADE, connection=connection) == HashResult(missing=missing)


@pytest.mark.parametrize(
    ("opaque_filters", "missing"),
    [((), ""), (("lua",), 'the filter state "k", which lua may set')],
)
def test_filter_state(opaque_filters: tuple[str, ...], missing: str) -> None:
    policy: dict[str, object] = {"filter_state": {"key": "k"}}
    assert hashed(policy, opaque_filters=opaque_filters) == HashResult(missing=missing)


def test_an_empty_policy_yields_nothing() -> None:
    assert hashed({}) == HashResult()


def test_hashes_are_joined_by_rotation_and_xor() -> None:
    other: dict[str, object] = {"header": {"header_name": "x-v"}}
    result = hashed(HEADER, other, headers=[("x-user", "u"), ("x-v", "v")])
    assert result.value == 6959142935928336673
    assert result.sources == ("header 'x-user'", "header 'x-v'")


@pytest.mark.parametrize(
    ("headers", "hash_value"),
    [([("x-user", "alice"), ("x-v", "v")], text("alice")), ([("x-v", "v")], text("v"))],
)
def test_terminal_stops_as_soon_as_there_is_a_hash(
    headers: list[tuple[str, str]], hash_value: int
) -> None:
    other: dict[str, object] = {"header": {"header_name": "x-v"}}
    assert hashed({**HEADER, "terminal": True}, other, headers=headers).value == hash_value


@pytest.mark.parametrize(
    ("policy", "opaque_filters", "result"),
    [
        ({"source_ip": {}}, (), HashResult(value=text("10.0.0.9"), sources=("the source IP",))),
        ({"filter_state": {"key": "k"}}, (), HashResult()),
        (
            {"filter_state": {"key": "k"}},
            ("x",),
            HashResult(missing='the filter state "k", which x may set'),
        ),
        ({}, (), HashResult()),
    ],
)
def test_hash_of_a_connection(
    policy: dict[str, object], opaque_filters: tuple[str, ...], result: HashResult
) -> None:
    (tcp,) = msgspec.convert([policy], list[TcpHashPolicy])
    assert connection_hash([tcp], CONNECTION, opaque_filters) == result


HASHED = HashResult(value=xxhash.xxh64_intdigest(b"v"), sources=('filter state "k"',))
UNKNOWN_HASH = HashResult(missing='the hash of the filter state "k"')


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (StateObject("v", "envoy.hashable_string"), HASHED),
        (StateObject(None, "envoy.hashable_string"), UNKNOWN_HASH),
        (StateObject("v"), HashResult()),
        (StateObject("v", "envoy.tcp_proxy.cluster"), HashResult()),
        (StateObject("1.2.3.4:0", "envoy.network.ip"), UNKNOWN_HASH),
    ],
)
def test_filter_state_that_is_there(found: StateObject, expected: HashResult) -> None:
    fields: dict[str, object] = {"filter_state": {"key": "k"}}
    state = {"k": found}
    request = Request(connection=Connection(), headers=Headers(), filter_state=state)
    assert request_hash((msgspec.convert(fields, HashPolicy),), request) == expected
    connection = Connection(filter_state=state)
    assert connection_hash([msgspec.convert(fields, TcpHashPolicy)], connection) == expected

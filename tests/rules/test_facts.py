"""The facts that rules read."""

import pytest

from osmscope.rules.facts import Connection, Headers, Request

SENT = Headers.of([("A", "1"), ("b", "2"), ("a", "3"), ("Host", "web")])


def test_names_have_no_case_values_have_their_order_and_host_is_the_authority() -> None:
    assert SENT.all("a") == ("1", "3")
    assert SENT.first("A") == "1"
    assert SENT.first("host") == SENT.first(":authority") == "web"
    assert "HOST" in SENT
    assert list(SENT) == ["a", "b", ":authority"]
    assert dict(SENT.items()) == {"a": ("1", "3"), "b": ("2",), ":authority": ("web",)}


def test_what_is_absent_has_no_value() -> None:
    assert SENT.all("c") == ()
    assert SENT.first("c") is None
    assert "c" not in SENT


@pytest.mark.parametrize(
    ("changed", "values"),
    [
        (SENT.set("A", "9"), ("9",)),
        (SENT.add("A", "9"), ("1", "3", "9")),
        (SENT.remove("A", "b"), ()),
        (SENT.remove("c"), ("1", "3")),
    ],
)
def test_a_change_makes_new_headers(changed: Headers, values: tuple[str, ...]) -> None:
    assert changed.all("a") == values
    assert SENT.all("a") == ("1", "3")


def test_headers_are_equal_by_their_values() -> None:
    same = Headers.of([("a", "1"), ("a", "3"), (":authority", "web"), ("B", "2")])
    assert same == SENT
    assert hash(same) == hash(SENT)
    assert same != SENT.add("a", "1")
    assert SENT != "headers"
    assert repr(Headers.of([("a", "1")])) == "Headers({'a': ('1',)})"


@pytest.mark.parametrize(
    ("headers", "method", "host", "path", "path_without_query"),
    [
        ({":method": "GET", ":authority": "web", ":path": "/a?b#c"}, "GET", "web", "/a?b#c", "/a"),
        ({":path": "/a#b?c"}, "", None, "/a#b?c", "/a"),
        ({":method": "CONNECT", ":authority": "web:443"}, "CONNECT", "web:443", "", ""),
    ],
)
def test_what_a_request_says_of_itself(
    headers: dict[str, str], method: str, host: str | None, path: str, path_without_query: str
) -> None:
    request = Request(connection=Connection(), headers=Headers.of(headers.items()))
    assert (request.method, request.host) == (method, host)
    assert (request.path, request.path_without_query) == (path, path_without_query)


def test_a_request_with_other_headers_is_the_same_otherwise() -> None:
    request = Request(connection=Connection(source_ip="1.2.3.4"), headers=SENT, remote_ip="1.2.3.4")
    changed = request.with_headers(SENT.set(":path", "/"))
    assert changed.path == "/"
    assert (changed.connection, changed.remote_ip) == (request.connection, "1.2.3.4")

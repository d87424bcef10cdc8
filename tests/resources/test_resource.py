import json

import msgspec
import pytest

from osmscope.errors import DumpError
from osmscope.resources.resource import Opaque, Resource, converted, decode, unknown_fields


class Inner(Resource, frozen=True):
    inert = frozenset({"stat_prefix"})

    port: int = 0
    next: "Inner | None" = None


class Outer(Resource, frozen=True):
    name: str = ""
    one: Inner | None = None
    many: tuple[Inner, ...] = ()
    by_name: dict[str, Inner] = {}
    opaque: Opaque | None = None
    free: object = None
    raw: dict[str, msgspec.Raw] = {}


@pytest.mark.parametrize(
    ("body", "unknown"),
    [
        ({}, []),
        ({"@type": "x", "name": "a"}, []),
        ({"new": 1}, ["new"]),
        ({"one": {"port": 1, "stat_prefix": "x"}}, []),
        ({"one": {"new": {}}}, ["one.new"]),
        ({"one": {"next": {"next": {"new": 1}}}}, ["one.next.next.new"]),
        ({"many": [{"port": 1}, {"new": 1}]}, ["many[1].new"]),
        ({"by_name": {"x": {"port": 1}, "port": {"new": 1}}}, ["by_name['port'].new"]),
        ({"opaque": {"anything": {"at": "all"}}}, []),
        ({"free": {"anything": 1}}, []),
        ({"raw": {"x": {"anything": 1}}}, []),
        ({"one": None, "many": None}, []),
        ({"one": 3}, []),
    ],
)
def test_fields_that_are_neither_known_nor_inert_are_named(body, unknown):
    assert unknown_fields(Outer, json.dumps(body).encode()) == unknown


def test_numbers_in_quotes_are_read():
    assert decode(Inner, b'{"port": "8080", "new": 1}', "x").port == 8080


@pytest.mark.parametrize("body", [b'{"port": "x"}', b"[]", b"null", b"{", b""])
def test_what_cannot_be_read_says_where(body):
    with pytest.raises(DumpError, match=r"^cluster 'a' cannot be read as Envoy's Inner"):
        decode(Inner, body, "cluster 'a'")


def test_a_value_that_was_left_as_it_is_is_an_error_of_ours_too():
    with pytest.raises(DumpError, match="the key cannot be read: Expected `int`"):
        converted(Inner, {"port": "x"}, "the key")

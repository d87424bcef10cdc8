"""Header changes, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.route import (
    ClusterWeight,
    HeaderValue,
    HeaderValueOption,
    Route,
    RouteConfiguration,
    VirtualHost,
)
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.header_mutation import (
    HeaderMutations,
    apply,
    in_order,
    request_mutations,
    response_mutations,
)
from osmscope.rules.substitution_format import FormatContext

APPEND = "APPEND_IF_EXISTS_OR_ADD"
OVERWRITE = "OVERWRITE_IF_EXISTS_OR_ADD"


def option(name: str, value: str, action: str = APPEND, **options: object) -> HeaderValueOption:
    header = HeaderValue(key=name, value=value)
    return HeaderValueOption(header=header, append_action=action, **options)


def context(*headers: tuple[str, str], response: Headers | None = None) -> FormatContext:
    request = Request(connection=Connection(), headers=Headers.of(headers))
    return FormatContext(request=request, response_headers=response)


def additions(*options: HeaderValueOption) -> HeaderMutations:
    return HeaderMutations(to_add=options)


@pytest.mark.parametrize(
    ("action", "options", "specific", "values"),
    [
        (APPEND, {}, False, ("orig", "W", "R", "V", "G")),
        (APPEND, {}, True, ("orig", "W", "G", "V", "R")),
        (OVERWRITE, {}, False, ("G",)),
        (OVERWRITE, {}, True, ("R",)),
        ("ADD_IF_ABSENT", {}, False, ("orig",)),
        ("OVERWRITE_IF_EXISTS", {}, False, ("G",)),
        ("OVERWRITE_IF_EXISTS", {}, True, ("R",)),
        (APPEND, {"append": False}, False, ("G",)),
        (APPEND, {"append": True}, False, ("orig", "W", "R", "V", "G")),
    ],
)
def test_levels(
    action: str, options: dict[str, object], specific: bool, values: tuple[str, ...]
) -> None:
    def change(level: str) -> dict[str, tuple[HeaderValueOption, ...]]:
        return {"request_headers_to_add": (option("x-l", level, action, **options),)}

    levels = in_order(
        Route(**change("R")),
        VirtualHost(**change("V")),
        RouteConfiguration(**change("G"), most_specific_header_mutations_wins=specific),
    )
    every = [request_mutations(level) for level in (ClusterWeight(**change("W")), *levels)]
    assert apply(every, context(("x-l", "orig"))).headers.all("x-l") == values


@pytest.mark.parametrize(
    ("action", "values"), [("ADD_IF_ABSENT", ("W",)), ("OVERWRITE_IF_EXISTS", ())]
)
def test_levels_where_the_header_is_absent(action: str, values: tuple[str, ...]) -> None:
    levels = [additions(option("x-l", level, action)) for level in "WRVG"]
    assert apply(levels, context()).headers.all("x-l") == values


def test_removals_come_first() -> None:
    level = HeaderMutations((option("x-a", "new"), option("x-b", "%REQ(x-c)%")), ("x-a", "X-C"))
    headers = apply([level], context(("x-a", "old"), ("x-c", "1"))).headers
    assert headers == Headers.of([("x-a", "new")])


def test_within_a_level_overwriting_comes_before_adding() -> None:
    level = additions(
        option("x-1", "a"),
        option("x-1", "b", OVERWRITE),
        option("x-1", "c"),
        option("x-1", "d", "ADD_IF_ABSENT"),
    )
    assert apply([level], context(("x-1", "orig"))).headers.all("x-1") == ("b", "a", "c")


def test_values_read_the_headers_before_their_level() -> None:
    first = additions(option("x-1", "new"), option("x-2", "%REQ(x-1)%"))
    second = additions(option("x-3", "%REQ(x-1)%"))
    headers = apply([first, second], context()).headers
    assert (headers.first("x-2"), headers.first("x-3")) == (None, "new")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("User-Agent", ("orig,added",)),
        ("x-envoy-expected-rq-timeout-ms", ("orig,added",)),
        ("accept-language", ("orig", "added")),
        ("cookie", ("orig", "added")),
    ],
)
def test_joined_headers(name: str, values: tuple[str, ...]) -> None:
    level = additions(option(name, "added"))
    assert apply([level], context((name, "orig"))).headers.all(name) == values


def test_nothing_is_joined_to_an_empty_header() -> None:
    level = additions(option("User-Agent", "added"))
    assert apply([level], context(("user-agent", ""))).headers.all("user-agent") == ("added",)


@pytest.mark.parametrize(
    ("added", "values"),
    [
        (option("x-a", "%REQ(x-none)%"), ("old",)),
        (option("x-a", "%REQ(x-none)%", OVERWRITE), ("old",)),
        (option("x-a", "%REQ(x-none)%", OVERWRITE, keep_empty_value=True), ("",)),
        (option("x-a", "a%%b %REQ(x-none)%", OVERWRITE), ("a%b ",)),
    ],
)
def test_empty_values(added: HeaderValueOption, values: tuple[str, ...]) -> None:
    assert apply([additions(added)], context(("x-a", "old"))).headers.all("x-a") == values


def test_what_cannot_be_told_is_named() -> None:
    mutated = apply([additions(option("x-a", "at %START_TIME%"))], context())
    assert mutated.missing == ("%START_TIME%",)
    assert mutated.headers.all("x-a") == ("at ",)


def test_response_headers() -> None:
    route = Route(
        response_headers_to_add=(
            option("location", "/b"),
            option("x-a", "%RESP(location)% %REQ(x-q)%"),
        ),
        response_headers_to_remove=("server",),
    )
    response = Headers.of([("location", "/a"), ("server", "s")])
    facts = context(("x-q", "1"), response=response)
    headers = apply([response_mutations(route)], facts, response=True).headers
    assert headers == Headers.of([("location", "/a,/b"), ("x-a", "/a 1")])


def test_a_response_may_be_without_headers() -> None:
    level = additions(option("location", "/b"))
    assert apply([level], context(), response=True).headers.all("location") == ("/b",)


def test_a_level_without_changes_changes_nothing() -> None:
    assert apply([HeaderMutations()], context(("x-a", "1"))).headers.all("x-a") == ("1",)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("content-type", ("up,add",)),
        ("cache-control", ("up,add",)),
        ("server", ("up,add",)),
        ("set-cookie", ("up", "add")),
        ("accept", ("up", "add")),
        ("x-custom", ("up", "add")),
    ],
)
def test_a_second_value_of_a_response_header(name: str, values: tuple[str, ...]) -> None:
    facts = context(response=Headers.of([(name, "up")]))
    mutated = apply([additions(option(name, "add"))], facts, response=True)
    assert mutated.headers.all(name) == values

"""API keys, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.authentication import ApiKeyAuth, ApiKeyAuthPerRoute
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.api_key_auth import evaluate
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult

SOURCES = {"key_sources": [{"header": "x-k"}, {"query": "k"}, {"cookie": "ck"}]}
CREDENTIALS = {"credentials": [{"key": "[redacted]", "client": "[redacted]"}]}
OWN = msgspec.convert(SOURCES | CREDENTIALS, ApiKeyAuth)


def ask(config: Resource, path: str = "/", **sent: str) -> FilterResult:
    pairs = [(":path", path), *((name.replace("_", "-"), v) for name, v in sent.items())]
    request = Request(connection=Connection(), headers=Headers.of(pairs))
    context = FilterContext(filter_name="f", config=config, own_config=OWN)
    (result,) = evaluate(request, context)
    return result


@pytest.mark.parametrize(
    ("path", "sent", "found"),
    [
        ("/", {}, False),
        ("/", {"x_k": "k"}, True),
        ("/", {"x_k": ""}, False),
        ("/", {"x_k": "", "cookie": "ck=k"}, True),
        ("/?k=k", {}, True),
        ("/?k=", {}, False),
        ("/?%6B=%6b", {}, True),
        ("/?K=k", {}, False),
        ("/", {"cookie": "a=1; ck=k"}, True),
    ],
)
def test_where_a_key_is_looked_for(path: str, sent: dict[str, str], found: bool) -> None:
    result = ask(OWN, path, **sent)
    if found:
        assert result.reply is None
        assert result.assumptions == ('the API key is one that "f" knows',)
    else:
        assert result.reply is not None
        assert (result.reply.code, result.reply.details) == (401, "missing_api_key")


def forwarding(*clients: str, **fields: object) -> ApiKeyAuth:
    credentials = [{"key": "[redacted]", "client": name} for name in clients]
    config = SOURCES | {"credentials": credentials, "forwarding": fields}
    return msgspec.convert(config, ApiKeyAuth)


def test_a_client_is_named_where_there_is_but_one() -> None:
    assert ask(forwarding("a", header="x-c"), x_k="k").request.headers.first("x-c") == "a"


@pytest.mark.parametrize("clients", [("a", "b"), ("[redacted]",)])
def test_a_client_that_is_not_known_is_named_so(clients: tuple[str, ...]) -> None:
    result = ask(forwarding(*clients, header="x-c"), x_k="k")
    assert result.request.headers.first("x-c") is None
    assert result.assumptions[1] == 'header "x-c" names the client, who is not known'


def test_the_clients_that_a_route_allows_are_all_that_ask() -> None:
    own = forwarding("a", "b", hide_credentials=True)
    pairs = Headers.of([(":path", "/"), ("x-k", "k")])
    fields = {"allowed_clients": ["b"], "forwarding": {"header": "x-c"}}
    per_route = msgspec.convert(fields, ApiKeyAuthPerRoute)
    context = FilterContext(filter_name="f", config=per_route, own_config=own)
    (result,) = evaluate(Request(connection=Connection(), headers=pairs), context)
    assert result.request.headers.first("x-c") == "b"
    assert "x-k" in result.request.headers


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("/", "/"),
        ("/a?k=k", "/a"),
        ("/?z=1&k=k&b", "/?b=&z=1"),
        ("/?b=2&a=1&b=1", "/?a=1&b=2&b=1"),
        ("/?", "/"),
        ("/?%6b=k&c=a+b&b=%20x&%62=2", "/?b= x&b=2&c=a+b"),
    ],
)
def test_keys_are_hidden(path: str, hidden: str) -> None:
    result = ask(forwarding("a", hide_credentials=True), path, x_k="k", cookie="ck=k")
    assert result.request.path == hidden
    assert "x-k" not in result.request.headers
    assert "cookie" not in result.request.headers


def test_other_cookies_stay() -> None:
    result = ask(forwarding("a", hide_credentials=True), cookie="a=1;ck=k; b=2")
    assert result.request.headers.first("cookie") == "a=1; b=2"


def test_only_headers_are_hidden_where_no_source_is_a_parameter() -> None:
    fields = {"key_sources": [{"header": "x-k"}], "forwarding": {"hide_credentials": True}}
    result = ask(msgspec.convert(fields, ApiKeyAuth), "/?b=1&a=1", x_k="k")
    assert result.request.path == "/?b=1&a=1"


def test_a_route_may_look_elsewhere() -> None:
    fields = {"key_sources": [{"header": "x-route"}]}
    per_route = msgspec.convert(fields, ApiKeyAuthPerRoute)
    assert ask(per_route, x_k="k").reply is not None
    assert ask(per_route, x_route="k").reply is None
    assert ask(ApiKeyAuthPerRoute(allowed_clients=("c",)), x_k="k").reply is None


def test_without_sources_nobody_comes_in() -> None:
    context = FilterContext(config=ApiKeyAuth(), own_config=ApiKeyAuth())
    (result,) = evaluate(Request(connection=Connection(), headers=Headers()), context)
    assert result.reply is not None
    assert (result.reply.code, result.reply.details) == (401, "missing_key_sources")


def test_without_credentials_nobody_comes_in() -> None:
    config = msgspec.convert(SOURCES, ApiKeyAuth)
    headers = Headers.of([(":path", "/?k=k")])
    context = FilterContext(config=config, own_config=config)
    (result,) = evaluate(Request(connection=Connection(), headers=headers), context)
    assert result.reply is not None
    assert (result.reply.code, result.reply.details) == (401, "missing_credentials")

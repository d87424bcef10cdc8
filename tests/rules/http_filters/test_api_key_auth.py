"""API keys, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.authentication import ApiKeyAuth, ApiKeyAuthPerRoute
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.api_key_auth import evaluate
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult

SOURCES = {"key_sources": [{"header": "x-k"}, {"query": "k"}, {"cookie": "ck"}]}
OWN = msgspec.convert(SOURCES, ApiKeyAuth)


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


def test_a_route_may_look_elsewhere() -> None:
    fields = {"key_sources": [{"header": "x-route"}]}
    per_route = msgspec.convert(fields, ApiKeyAuthPerRoute)
    assert ask(per_route, x_k="k").reply is not None
    assert ask(per_route, x_route="k").reply is None
    assert ask(ApiKeyAuthPerRoute(allowed_clients=("c",)), x_k="k").reply is None

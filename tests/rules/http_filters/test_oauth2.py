"""OAuth2: what needs no session."""

import msgspec
import pytest

from osmscope.resources.http_filters.authentication import OAuth2
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext
from osmscope.rules.http_filters.oauth2 import evaluate

MATCHERS = [
    {"name": "x-a", "present_match": True},
    {"name": "authorization", "string_match": {"prefix": "Bearer "}},
]
CONFIG = msgspec.convert({"config": {"pass_through_matcher": MATCHERS}}, OAuth2)


@pytest.mark.parametrize(
    ("config", "sent", "assumed"),
    [
        (CONFIG, {}, True),
        (CONFIG, {"x-a": "1"}, False),
        (CONFIG, {"authorization": "Bearer t"}, False),
        (CONFIG, {"authorization": "Basic t"}, True),
        (OAuth2(), {}, True),
        (Cors(), {}, True),
    ],
)
def test_sessions(config: Resource, sent: dict[str, str], assumed: bool) -> None:
    request = Request(connection=Connection(), headers=Headers.of(sent.items()))
    context = FilterContext(filter_name="f", config=config, own_config=config)
    (result,) = evaluate(request, context)
    words = ('the OAuth2 session of "f" lets the request go on unchanged',)
    assert result.assumptions == (words if assumed else ())

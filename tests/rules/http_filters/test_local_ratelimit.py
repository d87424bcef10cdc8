"""Local rate limits, as Envoy 1.40.0 applies them."""

import msgspec
import pytest

from osmscope.resources.http_filters.limits import LocalRateLimit
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext
from osmscope.rules.http_filters.local_ratelimit import evaluate

ON = {"default_value": {"numerator": 100}}
OFF = {"default_value": {"numerator": 0}}
BUCKET = {"max_tokens": 1, "fill_interval": "1s"}


def is_assumed(config: Resource) -> bool:
    request = Request(connection=Connection(), headers=Headers())
    context = FilterContext(filter_name="f", config=config, own_config=config)
    (result,) = evaluate(request, context)
    assert result.reply is None
    if result.assumptions:
        assert result.assumptions == ('the local rate limit "f" has a token left',)
    return bool(result.assumptions)


@pytest.mark.parametrize(
    ("fields", "assumed"),
    [
        ({"token_bucket": BUCKET, "filter_enabled": ON, "filter_enforced": ON}, True),
        ({"descriptors": [{}], "filter_enabled": ON, "filter_enforced": ON}, True),
        ({"filter_enabled": ON, "filter_enforced": ON}, False),
        ({"token_bucket": BUCKET, "filter_enabled": ON}, False),
        ({"token_bucket": BUCKET, "filter_enforced": ON}, False),
        ({"token_bucket": BUCKET, "filter_enabled": OFF, "filter_enforced": ON}, False),
        ({"token_bucket": BUCKET}, False),
        ({}, False),
    ],
)
def test_a_limit_has_to_be_enabled_and_enforced(fields: dict[str, object], assumed: bool) -> None:
    body = msgspec.json.encode(fields)
    assert is_assumed(msgspec.json.decode(body, type=LocalRateLimit)) is assumed


def test_another_configuration_limits_nothing() -> None:
    assert not is_assumed(Cors())

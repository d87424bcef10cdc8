"""Local rate limits, as Envoy 1.40.0 applies them."""

import msgspec
import pytest

from osmscope.resources.http_filters.limits import LocalRateLimit
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext
from osmscope.rules.http_filters.local_ratelimit import evaluate

Fields = dict[str, object]
ON = {"default_value": {"numerator": 100}}
OFF = {"default_value": {"numerator": 0}}
BUCKET = {"max_tokens": 100, "tokens_per_fill": 9, "fill_interval": "1s"}
ENABLED = {"token_bucket": BUCKET, "filter_enabled": ON, "filter_enforced": ON}
OWN = "its own bucket (100 tokens, 9 more every 1s)"


def descriptor(tokens: int, *entries: tuple[str, str]) -> Fields:
    listed = [{"key": key, "value": value} for key, value in entries]
    return {"entries": listed, "token_bucket": {"max_tokens": tokens, "fill_interval": "1s"}}


def limit(*names: str) -> Fields:
    actions = [
        {"request_headers": {"header_name": f"x-{name}", "descriptor_key": name}} for name in names
    ]
    return {"actions": actions}


def buckets(config: Resource, **sent: str) -> str:
    """Where a token has to be left; "" where none is needed."""
    headers = Headers.of((f"x-{name}", value) for name, value in sent.items())
    request = Request(connection=Connection(), headers=headers)
    context = FilterContext(filter_name="f", config=config, own_config=config)
    (result,) = evaluate(request, context)
    assert result.reply is None
    if not result.assumptions:
        return ""
    (words,) = result.assumptions
    begin, end = 'the local rate limit "f" has a token left in ', " (else: 429 RL)"
    assert words.startswith(begin)
    assert words.endswith(end)
    return words.removeprefix(begin).removesuffix(end)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (ENABLED, OWN),
        ({"filter_enabled": ON, "filter_enforced": ON}, ""),
        ({"token_bucket": BUCKET, "filter_enabled": ON}, ""),
        ({"token_bucket": BUCKET, "filter_enforced": ON}, ""),
        ({"token_bucket": BUCKET, "filter_enabled": OFF, "filter_enforced": ON}, ""),
        ({"token_bucket": BUCKET}, ""),
        ({}, ""),
    ],
)
def test_a_limit_has_to_be_enabled_and_enforced(fields: Fields, expected: str) -> None:
    assert buckets(msgspec.convert(fields, LocalRateLimit)) == expected


K = 'the bucket of k="v" ({} tokens, 1 more every 1s)'


@pytest.mark.parametrize(
    ("sent", "fields", "expected"),
    [
        ({"k": "v"}, {}, f"{K.format(5)} and in {OWN}"),
        ({"k": "v"}, {"always_consume_default_token_bucket": False}, K.format(5)),
        ({"k": "w"}, {"always_consume_default_token_bucket": False},
         K.format(7).replace('"v"', '"w"')),
        ({}, {"always_consume_default_token_bucket": False}, OWN),
        ({"a": "1", "b": "2"}, {},
         f'the bucket of a="1", b="2" (8 tokens, 1 more every 1s) and in {OWN}'),
        ({"a": "2", "b": "2"}, {}, OWN),
        ({"k": "v", "a": "1", "b": "2"}, {"always_consume_default_token_bucket": False},
         f'{K.format(5)} and in the bucket of a="1", b="2" (8 tokens, 1 more every 1s)'),
    ],
)  # fmt: skip
def test_descriptors(sent: dict[str, str], fields: Fields, expected: str) -> None:
    listed = [
        descriptor(7, ("k", "")), descriptor(5, ("k", "v")), descriptor(6, ("k", "v")),
        descriptor(8, ("a", "1"), ("b", "2")), descriptor(4, ("k", "")),
    ]  # fmt: skip
    limits = [limit("k"), limit("a", "b")]
    config = ENABLED | {"descriptors": listed, "rate_limits": limits} | fields
    assert buckets(msgspec.convert(config, LocalRateLimit), **sent) == expected


def test_without_a_bucket_of_its_own_other_descriptors_are_not_limited() -> None:
    config = {
        "filter_enabled": ON, "filter_enforced": ON, "rate_limits": [limit("k")],
        "descriptors": [descriptor(5, ("k", "v"))],
    }  # fmt: skip
    assert buckets(msgspec.convert(config, LocalRateLimit), k="w") == ""
    assert buckets(msgspec.convert(config, LocalRateLimit), k="v") == K.format(5)


def test_what_a_descriptor_needs_and_nobody_said_is_named() -> None:
    limits = [{"actions": [{"remote_address": {}}]}]
    config = msgspec.convert(ENABLED | {"rate_limits": limits}, LocalRateLimit)
    expected = f"the bucket of a descriptor and in {OWN}, the remote address is not known"
    assert buckets(config) == expected


def test_another_configuration_limits_nothing() -> None:
    assert buckets(Cors()) == ""

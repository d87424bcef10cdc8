"""Cross-site request forgery, as Envoy 1.40.0 decides."""

import msgspec
import pytest

from osmscope.resources.http_filters.traffic import Cors, CsrfPolicy
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.csrf import evaluate
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult


def ask(
    method: str = "POST", percent: int | None = 100, origins: tuple[str, ...] = (), **sent: str
) -> tuple[FilterResult, ...]:
    fields: dict[str, object] = {"additional_origins": [{"exact": name} for name in origins]}
    if percent is not None:
        fields["filter_enabled"] = {"default_value": {"numerator": percent}}
    return run(msgspec.convert(fields, CsrfPolicy), method, **sent)


@pytest.mark.parametrize(
    ("host", "origin", "denied"),
    [
        ("u@a.com", "http://a.com", False),
        ("u@a.com", "u@a.com", True),
        ("a=b", "a=b", True),
        ("a=b", "http://a=b", False),
    ],
)
def test_the_target_is_a_url_as_well(host: str, origin: str, denied: bool) -> None:
    pairs = [(":method", "POST"), (":scheme", "http"), ("host", host), ("origin", origin)]
    request = Request(connection=Connection(), headers=Headers.of(pairs))
    config = msgspec.convert({"filter_enabled": {"default_value": {"numerator": 100}}}, CsrfPolicy)
    (result,) = evaluate(request, FilterContext(config=config, own_config=config))
    assert (result.reply is not None) is denied


def run(config: Resource, method: str = "POST", **sent: str) -> tuple[FilterResult, ...]:
    headers = Headers.of([(":method", method), ("host", "a.com:80"), *sent.items()])
    request = Request(connection=Connection(), headers=headers)
    return evaluate(request, FilterContext(config=config, own_config=config))


@pytest.mark.parametrize(
    ("method", "sent", "denied"),
    [
        ("POST", {}, True),
        ("PUT", {}, True),
        ("DELETE", {}, True),
        ("PATCH", {}, True),
        ("GET", {}, False),
        ("OPTIONS", {}, False),
        ("POST", {"origin": "http://a.com:80"}, False),
        ("POST", {"origin": "http://a.com"}, True),
        ("POST", {"origin": "a.com:80"}, False),
        ("POST", {"origin": "null"}, True),
        ("POST", {"origin": "", "referer": "http://u@a.com:80/x?y"}, False),
        ("POST", {"referer": "http://b.com/"}, True),
        ("POST", {"origin": "http://other.com/"}, False),
    ],
)
def test_the_origin_has_to_be_the_target(method: str, sent: dict[str, str], denied: bool) -> None:
    (result,) = ask(method, origins=("more.com", "other.com"), **sent)
    assert (result.reply is not None) is denied
    if result.reply is not None:
        assert (result.reply.code, result.reply.flags) == (403, ())
        assert result.reply.details == "csrf_origin_mismatch"


@pytest.mark.parametrize("percent", [0, None])
def test_it_may_be_switched_off(percent: int | None) -> None:
    (result,) = ask(percent=percent)
    assert result.reply is None


def test_it_may_be_for_some_requests() -> None:
    denied, off = ask(percent=25)
    assert (denied.probability, denied.reply is not None) == (0.25, True)
    assert (off.probability, off.reply) == (0.75, None)


def test_another_configuration_denies_nothing() -> None:
    (result,) = run(Cors())
    assert result.reply is None

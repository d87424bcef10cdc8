"""When a rate limit service is asked, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.limits import RateLimit, RateLimitPerRoute
from osmscope.resources.http_filters.traffic import Cors
from osmscope.resources.resource import Resource
from osmscope.resources.route import Route
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.ratelimit import evaluate

Fields = dict[str, object]
X = {"actions": [{"generic_key": {"descriptor_value": "x"}}]}
ABSENT = {"actions": [{"request_headers": {"header_name": "zz", "descriptor_key": "k"}}]}
SKIPPED = {
    "actions": [
        {
            "request_headers": {
                "header_name": "zz",
                "descriptor_key": "k",
                "skip_if_absent": True,
            }
        }
    ]
}
CLIENT = {"actions": [{"remote_address": {}}]}


def ask(
    own: Resource, *limits: Fields, per_route: Fields | None = None, internal: bool = False
) -> FilterResult:
    route = msgspec.convert({"route": {"rate_limits": limits}}, Route)
    config = own if per_route is None else msgspec.convert(per_route, RateLimitPerRoute)
    request = Request(connection=Connection(), headers=Headers(), internal=internal)
    context = FilterContext(filter_name="f", config=config, own_config=own, route=route)
    (result,) = evaluate(request, context)
    return result


def allows(words: str) -> tuple[str, ...]:
    return (f'the rate limit service of "f" allows {words} (else: 429 RL)',)


@pytest.mark.parametrize(
    ("fields", "limits", "per_route", "expected"),
    [
        ({}, [], None, ()),
        ({}, [X], None, allows('generic_key="x"')),
        ({}, [X, CLIENT], None, allows(
            'generic_key="x" and a descriptor with the remote address, which is not known')),
        ({}, [ABSENT], None, ()),
        ({}, [SKIPPED], None, allows("a descriptor without entries")),
        ({"stage": 2}, [X], None, ()),
        ({"request_type": "internal"}, [X], None, ()),
        ({"request_type": "external"}, [X], None, allows('generic_key="x"')),
        ({"request_type": "both"}, [X], None, allows('generic_key="x"')),
        ({}, [], {"rate_limits": [X]}, allows('generic_key="x"')),
        ({"rate_limits": [X]}, [ABSENT], None, allows('generic_key="x"')),
    ],
)  # fmt: skip
def test_when_the_service_is_asked(
    fields: Fields, limits: list[Fields], per_route: Fields | None, expected: tuple[str, ...]
) -> None:
    result = ask(msgspec.convert(fields, RateLimit), *limits, per_route=per_route)
    assert result.assumptions == expected
    assert result.request.opaque_filters == (("f",) if expected else ())


def test_internal_requests() -> None:
    own = RateLimit(request_type="internal")
    assert ask(own, X, internal=True).assumptions == allows('generic_key="x"')


def test_without_a_route_it_is_not_asked() -> None:
    request = Request(connection=Connection(), headers=Headers())
    own = RateLimit()
    (result,) = evaluate(request, FilterContext(config=own, own_config=own))
    assert result.assumptions == ()
    assert ask(Cors(), X).assumptions == ()

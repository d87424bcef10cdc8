"""Loops between networks, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.http_filters.traffic import CdnLoop, Cors
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.cdn_loop import evaluate
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult

LOOP = "cdn_loop_detected"
BAD = "invalid_cdn_loop_header"


def ask(value: str | None, config: Resource) -> FilterResult:
    headers = Headers.of([("cdn-loop", value)] if value is not None else [])
    request = Request(connection=Connection(), headers=headers)
    (result,) = evaluate(request, FilterContext(config=config, own_config=config))
    return result


@pytest.mark.parametrize(
    ("value", "none_allowed", "one_allowed"),
    [
        (None, "me", "me"),
        ("", "me", "me"),
        ("me", LOOP, "me,me"),
        ("other", "other,me", "other,me"),
        ("other, me", LOOP, "other, me,me"),
        ("me, me", LOOP, LOOP),
        ("me; a=b", LOOP, "me; a=b,me"),
        ("ME", "ME,me", "ME,me"),
        ("me:80", "me:80,me", "me:80,me"),
        ("me, , other", LOOP, "me, , other,me"),
        ("[::1]:80", "[::1]:80,me", "[::1]:80,me"),
        ('other;a="x;y"', 'other;a="x;y",me', 'other;a="x;y",me'),
        ('"bad', BAD, BAD),
        ("a b", BAD, BAD),
    ],
)
def test_own_name_in_the_header(value: str | None, none_allowed: str, one_allowed: str) -> None:
    for allowed, expected in enumerate((none_allowed, one_allowed)):
        result = ask(value, CdnLoop(cdn_id="me", max_allowed_occurrences=allowed))
        if result.reply is not None:
            assert result.reply.details == expected
            assert result.reply.code == (502 if expected == LOOP else 400)
        else:
            assert result.request.headers.first("cdn-loop") == expected


def test_another_configuration_changes_nothing() -> None:
    assert ask("a b", Cors()).reply is None

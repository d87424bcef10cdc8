"""Health checks that Envoy answers, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.traffic import Cors, HealthCheck
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext
from osmscope.rules.http_filters.health_check import evaluate

HEALTH = {"up": (1, 1), "half": (1, 2), "sick": (0, 2), "empty": (0, 0)}
REQUEST = Request(connection=Connection(), headers=Headers.of([(":path", "/healthz")]))


def ask(**fields: object) -> tuple[int, tuple[str, ...], str | None] | None:
    config = msgspec.convert({"pass_through_mode": False, **fields}, HealthCheck)
    context = FilterContext(config=config, own_config=config, cluster_health=HEALTH.get)
    (result,) = evaluate(REQUEST, context)
    reply = result.reply
    return None if reply is None else (reply.code, reply.flags, reply.details)


@pytest.mark.parametrize(
    ("path", "expected"), [("/healthz", (200, (), "health_check_ok")), ("/", None)]
)
def test_headers_tell_a_health_check(path: str, expected: object) -> None:
    assert ask(headers=[{"name": ":path", "string_match": {"exact": path}}]) == expected


def test_without_headers_every_request_is_one() -> None:
    assert ask() == (200, (), "health_check_ok")
    assert ask(pass_through_mode=True) is None


def test_a_cached_answer_is_assumed_not_to_be_there() -> None:
    config = HealthCheck(pass_through_mode=True, cache_time="5s")
    (result,) = evaluate(REQUEST, FilterContext(config=config, own_config=config))
    assert result.reply is None
    assert result.assumptions == ("the health check is the first one within 5s: none is cached",)


OK = (200, (), "health_check_ok_cluster_healthy")


@pytest.mark.parametrize(
    ("minimum", "expected"),
    [
        ({"up": 50}, OK),
        ({"half": 50}, OK),
        ({"half": 50, "sick": 1}, (503, ("LH",), "health_check_failed_cluster_unhealthy")),
        ({"half": 51}, (503, ("LH",), "health_check_failed_cluster_unhealthy")),
        ({"empty": 50}, (503, ("LH",), "health_check_failed_cluster_empty")),
        ({"empty": 0}, OK),
        ({"none": 50}, (503, ("LH",), "health_check_failed_no_cluster_found")),
    ],
)
def test_clusters_have_to_be_healthy(minimum: dict[str, int], expected: object) -> None:
    percentages = {name: {"value": value} for name, value in minimum.items()}
    assert ask(cluster_min_healthy_percentages=percentages) == expected


def test_another_configuration_answers_nothing() -> None:
    (result,) = evaluate(REQUEST, FilterContext(config=Cors(), own_config=Cors()))
    assert result.reply is None

"""Filters of which nobody knows what they do."""

import pytest

from osmscope.resources.extension import Unsupported
from osmscope.resources.http_filters.authentication import CredentialInjector
from osmscope.resources.http_filters.custom_code import ExternalProcessor, ExtProcPerRoute
from osmscope.resources.resource import Resource
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters import opaque
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult, HttpFilterRule

REQUEST = Request(connection=Connection(), headers=Headers(), opaque_filters=("before",))


def run(rule: HttpFilterRule, own: Resource, config: Resource | None = None) -> FilterResult:
    context = FilterContext(filter_name="f", config=config or own, own_config=own)
    (result,) = rule(REQUEST, context)
    assert result.reply is None
    return result


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (Unsupported(type_name="a.B"), 'the filter "f" (a.B) lets the request go on unchanged'),
        (CredentialInjector(), 'the filter "f" lets the request go on unchanged'),
    ],
)
def test_an_unknown_filter_is_an_assumption(config: Resource, words: str) -> None:
    result = run(opaque.evaluate, config)
    assert result.assumptions == (words,)
    assert result.request.opaque_filters == ("before", "f")


def test_a_known_kind_has_words_of_its_own() -> None:
    result = run(opaque.named("the service"), CredentialInjector())
    assert result.assumptions == ('the service of "f" lets the request go on unchanged',)
    assert result.request.opaque_filters == ("before", "f")


@pytest.mark.parametrize(
    ("own", "per_route", "asked"),
    [
        (ExternalProcessor(), ExtProcPerRoute(disabled=True), False),
    ],
)
def test_a_route_may_switch_it_off(own: Resource, per_route: Resource, asked: bool) -> None:
    assert bool(run(opaque.named("it"), own, per_route).assumptions) is asked


def test_a_harmless_filter_needs_no_assumption() -> None:
    assert run(opaque.harmless, CredentialInjector()).assumptions == ()


def test_a_labelling_filter_is_taken_to_add_nothing() -> None:
    result = run(opaque.labelling("the header x"), CredentialInjector())
    assert result.assumptions == ('"f" does not add the header x',)

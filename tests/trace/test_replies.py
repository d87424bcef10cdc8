"""What becomes of Envoy's own replies on their way to the client."""

import pytest

from tests.trace.sidecars import (
    HTTP,
    ask,
    behind,
    brief,
    deny,
    extension,
    host,
    only,
    route,
    table,
    typed,
)

CUSTOM = f"{HTTP}.custom_response.v3.CustomResponse"
POLICY = "envoy.extensions.http.custom_response.local_response_policy.v3.LocalResponsePolicy"
CODE = "envoy.type.matcher.v3.HttpResponseStatusCodeMatchInput"


def when(code, status):
    single = {"input": extension("i", CODE), "value_match": {"exact": str(code)}}
    on_match = {"action": extension("p", POLICY, status_code=status)}
    entry = {"predicate": {"single_predicate": single}, "on_match": on_match}
    return {"custom_response_matcher": {"matcher_list": {"matchers": [entry]}}}


def custom(code, status, **fields):
    return extension("custom", CUSTOM, **when(code, status)) | fields


def own(code, **fields):
    return route(None, direct_response={"status": code}, **fields)


def per_route(config):
    return {"typed_per_filter_config": {"custom": config}}


OFF = per_route(typed("envoy.config.route.v3.FilterConfig", disabled=True))
OTHER = per_route(typed(CUSTOM, **when(404, 419)))
SAME = per_route(typed(CUSTOM, **when(503, 419)))


@pytest.mark.parametrize(
    ("filters", "routes", "expected"),
    [
        ([custom(503, 418)], [own(503)], "418"),
        ([custom(503, 418)], [own(404)], "404 direct_response"),
        ([custom(403, 418), deny()], [route()], "418"),
        ([deny(), custom(403, 418)], [route()], "418"),
        ([custom(503, 418)], [own(503, **OTHER)], "418"),
        ([custom(503, 418)], [own(503, **SAME)], "419"),
        ([custom(503, 418)], [own(503, **OFF)], "503 direct_response"),
        ([custom(404, 418)], [], "418 NR"),
        ([custom(503, 418)], [route()], "forwarded a"),
        ([custom(503, 418), custom(503, 420)], [own(503)], "420"),
    ],
)
def test_custom_responses(filters, routes, expected):
    asked = behind(table(host("all", ["*"], *routes)), *filters)
    assert brief(only(asked)) == expected
    assert ask(asked).exact


def test_requests_that_are_refused_get_them_too():
    asked = behind(table(host("all", ["*"], route())), custom(400, 418))
    assert brief(only(asked, path="/a#x")) == "418"


def test_they_see_the_code_of_local_reply_mappers():
    condition = {"status_code_filter": {"comparison": {"value": {"default_value": 503}}}}
    mapping = {"mappers": [{"filter": condition, "status_code": 504}]}
    routes = table(host("all", ["*"], own(503)))
    for code, expected in ((503, "504 direct_response"), (504, "418")):
        asked = behind(routes, custom(code, 418), local_reply_config=mapping)
        assert brief(only(asked)) == expected


def test_what_is_not_evaluated_is_named():
    redirect = {"action": extension("p", "a.RedirectPolicy")}
    config = {"custom_response_matcher": {"on_no_match": redirect}}
    mapping = {"mappers": [{"filter": {"metadata_filter": {}}, "status_code": 504}]}
    routes = table(host("all", ["*"], own(503)))
    asked = behind(routes, extension("custom", CUSTOM, **config), local_reply_config=mapping)
    answer = ask(asked)
    assert not answer.exact
    assert answer.assumptions == (
        "no mapper of local_reply_config with a metadata_filter fits the reply",
        "the custom response a.RedirectPolicy leaves the reply as it is",
    )

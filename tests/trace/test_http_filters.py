"""HTTP filters in order, with the configuration of the route that a request has by then."""

import pytest

from tests.trace.sidecars import (
    HTTP,
    ask,
    behind,
    brief,
    chain,
    cluster,
    deny,
    extension,
    fault,
    host,
    listener,
    lua,
    manager,
    only,
    route,
    section,
    sections,
    shares,
    step,
    table,
    tracer,
    typed,
)

TWO = [cluster("a"), cluster("b")]
FAULT = f"{HTTP}.fault.v3.HTTPFault"
RBAC = f"{HTTP}.rbac.v3"


def aborting(code):
    return typed(FAULT, abort={"http_status": code, "percentage": {"numerator": 100}})


def filter_config(**fields):
    return typed("envoy.config.route.v3.FilterConfig", **fields)


def by(discovered, **fields):
    return {"name": "f", "config_discovery": {"type_urls": [FAULT], **fields}, **discovered}


DELIVERED = section("Ecds", ecds_filters=[{"ecds_filter": {
    "name": "f", "typed_config": aborting(555)}}])  # fmt: skip
NOTHING = section("Ecds", ecds_filters=[])
DEFAULT = {"default_config": aborting(444)}
ON_ROUTE = {"typed_per_filter_config": {"f": filter_config(disabled=True)}}


@pytest.mark.parametrize(
    ("ecds", "discovery", "per_route", "expected", "exact"),
    [
        (DELIVERED, {}, {}, "555 FI fault_filter_abort", True),
        (DELIVERED, DEFAULT, {}, "555 FI fault_filter_abort", True),
        (NOTHING, DEFAULT, {}, "444 FI fault_filter_abort", True),
        (NOTHING, {}, {}, "500 NFCF", True),
        (NOTHING, {}, ON_ROUTE, "forwarded a", True),
        (None, {}, {}, "forwarded a", False),
        (None, DEFAULT, {}, "forwarded a", False),
    ],
)
def test_a_filter_by_ecds(ecds, discovery, per_route, expected, exact):
    routes = table(host("all", ["*"], route(**per_route)))
    built = sections([listener(chain(manager(routes, by({}, **discovery))))])
    if ecds is not None:
        built["Ecds"] = ecds
    answer = ask(tracer(built))
    assert (brief(answer.outcomes[0]), answer.exact) == (expected, exact)
    assert exact or "ECDS" in answer.assumptions[0]


def test_an_undelivered_filter_is_the_step_that_failed():
    built = sections([listener(chain(manager(table(host("all", ["*"], route())), by({}))))])
    built["Ecds"] = NOTHING
    found = step(tracer(built), "http_filter")
    assert (found.chosen, found.failed) == ("f", True)
    assert "was not delivered" in found.reason


def test_the_first_filter_that_answers_ends_it():
    routes = table(host("all", ["*"], route()))
    outcome = only(behind(routes, deny(), fault(503, 100)))
    assert (brief(outcome), outcome.cluster) == (
        "403 rbac_access_denied_matched_policy[none]",
        "a",
    )


def test_filters_run_before_the_router_finds_no_route():
    routes = table(host("all", ["*"], route(prefix="/x")))
    assert brief(only(behind(routes, fault(555, 100)))) == "555 FI fault_filter_abort"


LEVELS = {
    "entry": {"typed_per_filter_config": {"fault": aborting(501)}},
    "route": {"typed_per_filter_config": {"fault": aborting(502)}},
    "host": {"typed_per_filter_config": {"fault": aborting(503)}},
    "table": {"typed_per_filter_config": {"fault": aborting(504)}},
}


@pytest.mark.parametrize(
    ("levels", "code"),
    [
        (("entry", "route", "host", "table"), 501),
        (("route", "host", "table"), 502),
        (("host", "table"), 503),
        (("table",), 504),
        ((), 505),
    ],
)
def test_the_most_specific_configuration_counts(levels, code):
    given = {name: LEVELS[name] if name in levels else {} for name in LEVELS}
    entry = {"name": "a", "weight": 1, **given["entry"]}
    to = route(None, route={"weighted_clusters": {"clusters": [entry]}}, **given["route"])
    routes = table(host("all", ["*"], to, **given["host"]), **given["table"])
    assert only(behind(routes, fault(505, 100))).response.code == code


@pytest.mark.parametrize(
    ("own", "per_route", "expected"),
    [
        ({"disabled": True}, {}, "forwarded a"),
        ({"disabled": True}, {"fault": aborting(502)}, "502 FI fault_filter_abort"),
        ({"disabled": True}, {"fault": filter_config(config={})}, "505 FI fault_filter_abort"),
        ({}, {"fault": filter_config(disabled=True)}, "forwarded a"),
        ({}, {"other": aborting(502)}, "505 FI fault_filter_abort"),
    ],
)
def test_whether_a_filter_runs(own, per_route, expected):
    routes = table(host("all", ["*"], route(typed_per_filter_config=per_route)))
    assert brief(only(behind(routes, {**fault(505, 100), **own}))) == expected


MOVING = table(
    host("one", ["a.com"], route("a")),
    host("two", ["b.com"], route("b"), typed_per_filter_config={
        "rbac": typed(f"{RBAC}.RBACPerRoute")}),
)  # fmt: skip
TO_B = 'handle:headers():replace(":authority", "b.com")'


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ((lua(TO_B),), ("two", "forwarded b")),
        ((lua('handle:headers():add("x", "1")'),), ("one", "forwarded a")),
        ((lua('handle:headers():replace(":authority", "c.com")'),),
         (None, "404 NR route_not_found")),
        ((deny(), lua(TO_B)), ("one", "403 rbac_access_denied_matched_policy[none]")),
        ((lua(TO_B), deny()), ("two", "forwarded b")),
    ],
)  # fmt: skip
def test_changed_headers_make_envoy_look_up_another_virtual_host(filters, expected):
    answer = ask(behind(MOVING, *filters, clusters=TWO))
    outcome = answer.outcomes[0]
    assert (outcome.virtual_host, brief(outcome)) == expected
    assert answer.exact


MUTATION = f"{HTTP}.header_mutation.v3.HeaderMutation"
TO_B_BY_MUTATION = {
    "request_mutations": [
        {
            "append": {
                "header": {"key": ":authority", "value": "b.com"},
                "append_action": "OVERWRITE_IF_EXISTS",
            }
        }
    ]
}
FORGETS = lua('handle:headers():add("x", "1")')
MUTATES = extension("mutation", MUTATION, mutations=TO_B_BY_MUTATION)
NEVER_ASKS = extension("cdn", f"{HTTP}.cdn_loop.v3.CdnLoopConfig", cdn_id="x")
ASKS = extension("cors", f"{HTTP}.cors.v3.Cors")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ((MUTATES,), "forwarded a"),
        ((FORGETS, MUTATES), "forwarded b"),
        ((MUTATES, FORGETS), "forwarded b"),
        ((FORGETS, NEVER_ASKS, MUTATES), "forwarded b"),
        ((FORGETS, ASKS, MUTATES), "forwarded a"),
        ((FORGETS, MUTATES, ASKS), "forwarded b"),
    ],
)
def test_a_forgotten_route_is_looked_up_by_the_filter_that_asks_for_it(filters, expected):
    assert brief(only(behind(MOVING, *filters, clusters=TWO))) == expected


def test_changes_by_a_route_come_after_it_was_looked_up():
    own = typed(f"{MUTATION}PerRoute", mutations=TO_B_BY_MUTATION)
    routes = table(
        host("one", ["a.com"], route("a"), typed_per_filter_config={"mutation": own}),
        host("two", ["b.com"], route("b")),
    )
    nothing = extension("mutation", MUTATION)
    assert brief(only(behind(routes, FORGETS, nothing, clusters=TWO))) == "forwarded a"


def test_the_route_stays_where_the_filter_keeps_it():
    keeping = lua(TO_B)
    keeping["typed_config"]["clear_route_cache"] = False
    assert brief(only(behind(MOVING, keeping, clusters=TWO))) == "forwarded a"


def test_whether_a_filter_runs_is_decided_with_the_first_route():
    off = {"typed_per_filter_config": {"rbac": filter_config(disabled=True)}}
    routes = table(host("one", ["a.com"], route("a")), host("two", ["b.com"], route("b"), **off))
    assert brief(only(behind(routes, lua(TO_B), deny(), clusters=TWO))).startswith("403")
    off_at_first = table(
        host("one", ["a.com"], route("a"), **off), host("two", ["b.com"], route("b"))
    )
    assert brief(only(behind(off_at_first, lua(TO_B), deny(), clusters=TWO))) == "forwarded b"


def test_a_route_that_cannot_be_told_any_more_is_unknown():
    asks = {"dynamic_metadata": [{"filter": "x", "path": [{"key": "y"}], "value": {
        "present_match": True}}]}  # fmt: skip
    routes = table(
        host("one", ["a.com"], route("a")), host("two", ["b.com"], route("b", match=asks))
    )
    opaque = extension("odd", "a.B")
    answer = ask(behind(routes, opaque, lua(TO_B), deny(), clusters=TWO))
    assert (brief(answer.outcomes[0]), answer.exact) == ("unknown", False)


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (0, {"forwarded a": 1.0}),
        (1, {"503 FI fault_filter_abort": 0.01, "forwarded a": 0.99}),
        (100, {"503 FI fault_filter_abort": 1.0}),
    ],
)
def test_a_fault_has_a_share(percent, expected):
    routes = table(host("all", ["*"], route()))
    assert shares(ask(behind(routes, fault(503, percent)))) == expected


def test_two_faults_are_independent():
    routes = table(host("all", ["*"], route()))
    second = {**fault(504, 50), "name": "second"}
    assert shares(ask(behind(routes, fault(503, 50), second))) == {
        "503 FI fault_filter_abort": 0.5,
        "504 FI fault_filter_abort": 0.25,
        "forwarded a": 0.25,
    }


def test_weights_are_not_drawn_again_where_the_route_stays_the_same():
    clusters = [{"name": "a", "weight": 1}, {"name": "b", "weight": 3}]
    both = ["a.com", "b.com"]
    routes = table(host("all", both, route(None, route={"weighted_clusters": {
        "clusters": clusters}})))  # fmt: skip
    answer = ask(behind(routes, lua(TO_B), clusters=TWO))
    assert shares(answer) == {"forwarded a": 0.25, "forwarded b": 0.75}


def test_code_of_its_own_is_assumed_to_let_the_request_go_on():
    odd = lua("if os.time() > 0 then handle:respond({}, '') end")
    routes = table(host("all", ["*"], route()))
    answer = ask(behind(routes, odd))
    assert (brief(answer.outcomes[0]), answer.exact) == ("forwarded a", False)
    assert answer.assumptions == ('the Lua script of "lua" lets the request go on unchanged',)

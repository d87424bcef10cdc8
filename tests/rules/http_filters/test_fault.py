"""Injected faults, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_filters.traffic import Cors, HttpFault
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.http_filters.fault import evaluate
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult

Fields = dict[str, object]
ALWAYS = {"numerator": 100}


def ask(
    fault: Fields, headers: dict[str, str] | None = None, **runtime: object
) -> tuple[FilterResult, ...]:
    config = msgspec.convert(fault, HttpFault)
    request = Request(
        connection=Connection(),
        headers=Headers.of((headers or {}).items()),
        runtime={f"fault.http.{name.replace('__', '.')}": v for name, v in runtime.items()},
    )
    return evaluate(request, FilterContext(config=config, own_config=config, cluster="c"))


def code(results: tuple[FilterResult, ...]) -> int | None:
    (result,) = results
    return result.reply and result.reply.code


def abort(status: int = 418, percentage: Fields | None = None, **others: object) -> Fields:
    part = {"http_status": status, "percentage": percentage or ALWAYS}
    return {"abort": part, **others}


@pytest.mark.parametrize(
    ("fault", "headers", "expected"),
    [
        ({}, {}, None),
        (abort(), {}, 418),
        (abort(percentage={"numerator": 0}), {}, None),
        ({"abort": {"http_status": 418}}, {}, None),
        ({"abort": {"grpc_status": 5, "percentage": ALWAYS}}, {}, 200),
        ({"abort": {"percentage": ALWAYS}}, {}, None),
        (abort(upstream_cluster="c"), {}, 418),
        (abort(upstream_cluster="d"), {}, None),
        (abort(headers=[{"name": "x"}]), {"x": "1"}, 418),
        (abort(headers=[{"name": "x"}]), {}, None),
        (abort(downstream_nodes=["n"]), {"x-envoy-downstream-service-node": "n"}, 418),
        (abort(downstream_nodes=["n"]), {}, None),
        (abort(max_active_faults=0), {}, None),
        (abort(max_active_faults=1), {}, 418),
    ],
)
def test_abort(fault: Fields, headers: dict[str, str], expected: int | None) -> None:
    results = ask(fault, headers)
    assert code(results) == expected
    reply = results[0].reply
    if reply is not None:
        assert (reply.flags, reply.details) == (("FI",), "fault_filter_abort")


@pytest.mark.parametrize(
    ("percentage", "headers", "expected"),
    [
        (ALWAYS, {"request": "503"}, 503),
        (ALWAYS, {"request": "+503"}, 503),
        (ALWAYS, {"request": "-503"}, None),
        (ALWAYS, {"request": "600"}, None),
        (ALWAYS, {"request": "199"}, None),
        (ALWAYS, {"request": "junk"}, None),
        (ALWAYS, {}, None),
        (ALWAYS, {"grpc-request": "5"}, 200),
        (ALWAYS, {"request": "503", "request-percentage": "0"}, None),
        (ALWAYS, {"request": "503", "request-percentage": "200"}, 503),
        ({"numerator": 0}, {"request": "503", "request-percentage": "100"}, None),
    ],
)
def test_abort_by_header(percentage: Fields, headers: dict[str, str], expected: int | None) -> None:
    sent = {f"x-envoy-fault-abort-{name}": value for name, value in headers.items()}
    assert code(ask({"abort": {"header_abort": {}, "percentage": percentage}}, sent)) == expected


@pytest.mark.parametrize(
    ("delay", "headers", "delayed"),
    [
        ({"fixed_delay": "1s", "percentage": ALWAYS}, {}, True),
        ({"fixed_delay": "1s"}, {}, False),
        ({"fixed_delay": "0s", "percentage": ALWAYS}, {}, False),
        ({"percentage": ALWAYS}, {}, False),
        ({"header_delay": {}, "percentage": ALWAYS}, {}, False),
        ({"header_delay": {}, "percentage": ALWAYS}, {"request": "5"}, True),
        ({"header_delay": {}, "percentage": ALWAYS}, {"request": "0"}, False),
        (
            {"header_delay": {}, "percentage": ALWAYS},
            {"request": "5", "request-percentage": "0"},
            False,
        ),
    ],
)
def test_delay(delay: Fields, headers: dict[str, str], delayed: bool) -> None:
    sent = {f"x-envoy-fault-delay-{name}": value for name, value in headers.items()}
    (result,) = ask({"delay": delay}, sent)
    assert result.reply is None
    assert result.flags == (("DI",) if delayed else ())


def test_delay_and_abort_are_drawn_one_after_the_other() -> None:
    delay = {"fixed_delay": "1s", "percentage": {"numerator": 25}}
    results = ask({"delay": delay, **abort(percentage={"numerator": 50})})
    drawn = {(r.reply.flags if r.reply else None, r.flags): r.probability for r in results}
    assert drawn == {
        (None, ()): 0.375,
        (("FI",), ()): 0.375,
        (None, ("DI",)): 0.125,
        (("DI", "FI"), ("DI",)): 0.125,
    }


@pytest.mark.parametrize(
    ("runtime", "expected"),
    [
        ({"abort__abort_percent": 0}, None),
        ({"abort__http_status": 500}, 500),
        ({"abort__http_status": "501"}, 501),
        ({"abort__http_status": True}, 418),
        ({"abort__http_status": "junk"}, 418),
        ({"max_active_faults": 0}, None),
    ],
)
def test_runtime_overrides(runtime: dict[str, object], expected: int | None) -> None:
    assert code(ask(abort(), **runtime)) == expected


def test_another_configuration_injects_nothing() -> None:
    context = FilterContext(config=Cors(), own_config=Cors())
    (result,) = evaluate(Request(connection=Connection(), headers=Headers()), context)
    assert result.reply is None

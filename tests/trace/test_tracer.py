import pytest

from osmscope.errors import DumpError
from osmscope.trace.tracer import Tracer
from tests.trace.sidecars import (
    EVERYTHING,
    ask,
    behind,
    brief,
    chain,
    cluster,
    host,
    listener,
    manager,
    only,
    request,
    route,
    sections,
    table,
    tcp,
    tracer,
    typed,
)


def test_an_answer_and_its_explanation_are_of_one_evaluation():
    sidecar = behind(EVERYTHING)
    answer, explanation = sidecar.explain(request(id="x"))
    assert answer == sidecar.answer(request(id="x"))
    assert [step.kind for step in explanation.steps] == [
        "listener", "filter_chain", "virtual_host", "route", "time_limits", "cluster", "endpoint",
        "upstream_tls",
    ]  # fmt: skip


def test_equal_requests_are_answered_once_and_keep_their_own_id():
    sidecar = behind(EVERYTHING)
    first, second = (sidecar.answer(request(id=identity)) for identity in ("x", 7))
    assert (first.id, second.id) == ("x", 7)
    assert first.outcomes is second.outcomes


@pytest.mark.parametrize(
    "fields",
    [
        {"host": "b.com"},
        {"dst_port": 81},
        {"path": "/x"},
        {"random_value": 1},
        {"runtime": {"x": 1}},
        {"headers": {"x": "1"}},
        {"src_ip": "10.0.0.1"},
        {"tls": True},
    ],
)
def test_what_is_remembered_depends_on_every_fact(fields):
    warm, cold = behind(EVERYTHING), behind(EVERYTHING)
    ask(warm)
    assert ask(warm, **fields) == ask(cold, **fields)


def test_more_answers_than_are_remembered_are_still_right():
    sidecar = behind(table(host("all", ["*"], route(prefix="/x"))))
    for number in range(2100):
        outcome = only(sidecar, path=f"/x{number}" if number % 2 else f"/y{number}")
        assert (outcome.verdict == "forwarded") is bool(number % 2)


def test_one_tracer_for_http_and_tcp():
    web = chain(manager(EVERYTHING), match={"destination_port": 80})
    sidecar = tracer(sections([listener(web, chain(tcp("b"), name="t"))]))
    assert brief(only(sidecar)) == "forwarded a"
    assert brief(only(sidecar, dst_port=3306, host=None, protocol="tcp")) == "closed NC"


@pytest.mark.parametrize("place", ["cluster", "route", "filter", "chain"])
def test_what_cannot_be_read_is_an_error_that_names_it(place):
    broken = typed("envoy.extensions.filters.http.router.v3.Router", suppress_envoy_headers="x")
    clusters = [cluster("a", **({"lb_policy": 3} if place == "cluster" else {}))]
    tables = [table(host("all", ["*"], route()), **({"vhds": {}, "virtual_hosts": 3} if place
              == "route" else {}))]  # fmt: skip
    filters = [{"name": "x", "typed_config": broken}] if place == "filter" else []
    match = {"destination_port": "x"} if place == "chain" else {}
    web = listener(chain(manager("rds", *filters), match=match))
    sidecar = tracer(sections([web], routes=tables, clusters=clusters))
    with pytest.raises(DumpError, match="cannot be read"):
        sidecar.answer(request())
    with pytest.raises(DumpError, match="cannot be read"):
        sidecar.explain(request())


def test_an_empty_dump_is_answered():
    sidecar = tracer(sections())
    assert isinstance(sidecar, Tracer)
    answer, explanation = sidecar.explain(request(listener=None))
    assert (brief(answer.outcomes[0]), answer.exact) == ("closed", True)
    assert explanation.near_misses == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"path": ""},
        {"path": "x"},
        {"path": "*"},
        {"host": ""},
        {"host": "a:²"},
        {"host": "[::1"},
        {"host": "a" * 9000},
        {"method": ""},
        {"method": "get it"},
        {"headers": {"x": ["", "\x00", "é"]}},
        {"headers": {"Host": ["a", "b"]}, "host": None},
        {"headers": {"content-type": "application/grpc"}},
        {"sni": ".", "tls": True},
        {"alpn": [""], "tls": True},
        {"protocol": "tcp"},
        {"protocol": "h2", "method": "CONNECT", "path": None},
        {"dst_ip": "::ffff:10.0.0.1"},
        {"dst_ip": "fe80::1%eth0"},
        {"dst_port": 0},
        {"runtime": {"a": [1], "b": {"c": None}}},
    ],
)
def test_odd_requests_are_answered_and_explained(fields):
    for sidecar in (behind(EVERYTHING), behind(table(host("b", ["b.com", "*.c", "d.*"], route())))):
        answer, explanation = sidecar.explain(request(**fields))
        assert sum(one.probability for one in answer.outcomes) == pytest.approx(1)
        assert explanation.steps

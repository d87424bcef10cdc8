from __future__ import annotations

import msgspec
import pytest

from osmscope.report.path_graph import GraphLine, Place, foldable, path_graph
from osmscope.report.trace_report import Setting, trace_report
from osmscope.session.sources import SourceOptions, read_sidecar
from osmscope.session.tracing import SidecarTracer
from osmscope.session.typed_request import RequestOptions, typed_request

STORE = "bookstore.bookstore:14001"


@pytest.fixture(scope="module")
def tracer(bookstore):
    return SidecarTracer(read_sidecar("bookbuyer", SourceOptions(from_=str(bookstore))))


def drawn(tracer, target, *opened, corrections=False, **options):
    traced = tracer.trace(typed_request(target, RequestOptions(**options)))
    setting = Setting(source="bookbuyer", pods=tracer.sidecar.pod_names(),
                      inferred=traced.inferred, stand_in=traced.stand_in)  # fmt: skip
    report = trace_report(traced.answer, traced.explanation, traced.request, setting)
    nearest = report.nearest if corrections else ()
    return path_graph(report, traced.answer, frozenset(opened), nearest)


def text(line: GraphLine) -> str:
    words = " ".join(piece.text for piece in line.pieces)
    return f"{line.rail}{words}" + (f"  {line.tail.text}" if line.tail is not None else "")


def test_the_way_leads_down_and_branches_carry_their_shares(tracer):
    lines = [text(line) for line in drawn(tracer, f"{STORE}/x")]
    assert lines[0] == f" ◆ bookbuyer → GET {STORE}/x"
    assert lines[2].startswith(" ● ▸ listener      outbound-listener  outbound connections")
    assert [line[:31] for line in lines if line[:3] in (" ├─", " └─")] == [
        " ├─  50 % cluster bookstore/boo",
        " └─  50 % cluster bookstore/boo",
    ]
    assert " │      └─ 100 % ✓ 10.244.1.21:14001" in " │".join(lines).replace("  healthy", "")
    assert "        ├─  50 % ✓ 10.244.1.22:14001  healthy  bookstore-v2" in "\n".join(lines)


def test_what_lost_is_folded_until_it_is_opened(tracer):
    closed = drawn(tracer, STORE)
    assert not any("not inbound-listener" in text(line) for line in closed)
    index = next(n for n, line in enumerate(closed) if " listener " in text(line))
    opened = drawn(tracer, STORE, closed[index].fold)
    assert text(opened[index]).startswith(" ● ▾ listener")
    assert text(opened[index + 1]) == (
        " │      not inbound-listener  outbound connections are redirected to another listener"
    )
    assert foldable(closed) == {line.fold for line in closed if line.fold}
    everything = drawn(tracer, STORE, *foldable(closed))
    assert len(everything) > len(closed) + 10


def test_filters_that_let_the_request_go_on_are_one_line(tracer):
    closed = drawn(tracer, STORE)
    (filters,) = [line for line in closed if "rbac, local_ratelimit" in text(line)]
    assert text(filters).endswith("let the request go on")
    opened = [text(line) for line in drawn(tracer, STORE, filters.fold)]
    assert " │      local_ratelimit  the local rate limit has no bucket" in opened


def test_where_it_ends_is_marked_by_sign_and_word(tracer):
    lines = drawn(tracer, "nothing:14001", dst_ip="10.96.18.11")
    assert [text(line) for line in lines if line.pieces and line.pieces[0].style == "bad"] == [
        ' ✗ ▸ virtual host  none  no domain of route configuration "rds-outbound.14001" fits the'
        ' host "nothing:14001" · 4 lost',
        " └─✗   Envoy answers 404 (NR) route_not_found",
    ]


def test_near_misses_come_first_with_their_keys(tracer):
    lines = drawn(tracer, "bookstore.bookstor:14001", dst_ip="10.96.18.11", corrections=True)
    assert text(lines[0]) == " close, and one key away:"
    assert text(lines[1]).startswith(f' 1 use the host "{STORE}"  → route #0 of virtual host')
    assert [line.correction for line in lines[:3]][:2] == [None, 1]


def test_what_is_assumed_and_looked_up_stands_below(tracer):
    lines = [text(line) for line in drawn(tracer, "nowhere.example:80")]
    assert any(line.startswith(" ≈ assumed   nowhere.example resolves to") for line in lines)
    lines = [text(line) for line in drawn(tracer, "bookstore:14001")]
    assert any(line.startswith(" · looked up namespace bookbuyer has no service") for line in lines)


def test_lines_know_their_resources(tracer):
    places = [line.place for line in drawn(tracer, "bookstore-v1:14001") if line.place]
    host = "outbound_virtual-host|bookstore-v1.bookstore.svc.cluster.local"
    assert places[:4] == [
        Place("listener", "outbound-listener"),
        Place("filter_chain", "outbound_bookstore/bookstore-v1_14001_http", "outbound-listener"),
        Place("virtual_host", f"rds-outbound.14001/{host}"),
        Place("route", f"rds-outbound.14001/{host}#0"),
    ]
    assert Place("cluster", "bookstore/bookstore-v1|14001") in places
    assert places[-1] == Place("endpoint", "10.244.1.21:14001", "bookstore/bookstore-v1|14001")


def test_many_endpoints_are_counted(tracer):
    traced = tracer.trace(typed_request("bookstore-v1:14001", RequestOptions()))
    outcome = traced.answer.outcomes[0]
    many = tuple(
        msgspec.structs.replace(outcome.endpoints[0], address=f"10.0.0.{n}:1", probability=0.05,
                                priority=n % 2, health=("UNHEALTHY", "DEGRADED", "X")[n % 3],
                                host="h")
        for n in range(20)
    )  # fmt: skip
    outcome = msgspec.structs.replace(outcome, endpoints=many)
    answer = msgspec.structs.replace(traced.answer, outcomes=(outcome,))
    report = trace_report(answer, traced.explanation, traced.request, Setting(source="x"))
    lines = [text(line) for line in path_graph(report, answer)]
    assert any(line.endswith("… and 8 more endpoints") for line in lines)
    assert "   5 % ✗ 10.0.0.0:1  unhealthy  host h" in "\n".join(lines)
    assert "   5 % ~ 10.0.0.1:1  degraded  priority 1  host h" in "\n".join(lines)
    assert "   5 % ? 10.0.0.2:1  x  host h" in "\n".join(lines)

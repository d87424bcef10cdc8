"""Answers and explanations made by hand: what the engine gives, without an engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from osmscope.trace.answer import (
    Answer,
    Candidate,
    EndpointShare,
    Explanation,
    NearMiss,
    OutcomeAnswer,
    Response,
    Step,
    UpstreamRequest,
)
from osmscope.trace.request import TraceRequest

GOLDEN = Path(__file__).parent / "golden"

Case = tuple[Answer, Explanation, TraceRequest]


def _endpoint(address: str, share: float, health: str = "HEALTHY") -> EndpointShare:
    return EndpointShare(address=address, probability=share, priority=0, health=health)


def _path() -> dict[str, object]:
    return {
        "listener": "outbound-listener",
        "filter_chain": "outbound_bookstore/bookstore_14001_http",
        "route_config": "rds-outbound.14001",
        "virtual_host": "outbound_virtual-host|bookstore.bookstore.svc.cluster.local",
    }


_LISTENER = Step(
    kind="listener",
    chosen="outbound-listener",
    reason="traffic direction OUTBOUND",
    fields=("traffic_direction",),
)
_CHAIN = Step(
    kind="filter_chain",
    chosen="outbound_bookstore/bookstore_14001_http",
    reason="by destination port 14001, then prefix range 10.96.18.11/32",
    fields=("filter_chain_match.destination_port", "filter_chain_match.prefix_ranges[0]"),
    losers=(
        Candidate(
            name="outbound_bookwarehouse/bookwarehouse_14001_http",
            reason="10.96.18.11 is not in 10.96.75.109/32",
            fields=("filter_chain_match.prefix_ranges",),
        ),
    ),
    more_losers=2,
)
_VIRTUAL_HOST = Step(
    kind="virtual_host",
    chosen="outbound_virtual-host|bookstore.bookstore.svc.cluster.local",
    reason='by domain "bookstore:14001", exact',
    fields=("domains[1]",),
)


def split() -> Case:
    """Half of the requests to each of two clusters."""
    upstream = UpstreamRequest(
        method="GET",
        host="bookstore:14001",
        path="/books",
        headers={"x-forwarded-proto": ("http",)},
        removed_headers=("x-secret",),
    )
    outcomes = tuple(
        OutcomeAnswer(
            probability=0.5,
            verdict="forwarded",
            route=None,
            route_index=0,
            cluster=f"bookstore/bookstore-{version}|14001",
            endpoints=endpoints,
            upstream_request=upstream,
            **_path(),
        )
        for version, endpoints in (
            ("v1", (_endpoint("10.244.1.21:14001", 1.0),)),
            (
                "v2",
                (
                    _endpoint("10.244.1.22:14001", 0.5),
                    _endpoint("10.244.2.23:14001", 0.5, "DEGRADED"),
                ),
            ),
        )
    )
    steps = (
        _LISTENER,
        _CHAIN,
        _VIRTUAL_HOST,
        Step(kind="route", chosen="#0", reason="regex .*, any method", fields=("match",)),
        Step(kind="cluster", chosen="bookstore/bookstore-v1|14001", reason="weight 50 of 100",
             outcome=0),
        Step(kind="upstream_tls", chosen="SNI bookstore-v1.bookstore.svc.cluster.local",
             reason="ALPN osm", outcome=0),
        Step(kind="cluster", chosen="bookstore/bookstore-v2|14001", reason="weight 50 of 100",
             outcome=1),
    )  # fmt: skip
    answer = Answer(id="a", exact=False, assumptions=("equal load",), outcomes=outcomes)
    request = TraceRequest(host="bookstore:14001", path="/books", dst_ip="10.96.18.11")
    return answer, Explanation(steps=steps), request


def missing_host() -> Case:
    """No virtual host has the domain; one is close."""
    domains = tuple(
        Candidate(
            name=f"outbound_virtual-host|{name}.svc.cluster.local",
            reason=f'no domain fits "bookstor:14001"; the closest is "{name}:14001"',
            fields=("domains",),
        )
        for name in ("bookstore.bookstore", "bookwarehouse.bookwarehouse", "a.a", "b.b", "c.c")
    )
    steps = (
        _LISTENER,
        _CHAIN,
        Step(
            kind="virtual_host",
            chosen="",
            reason='no domain of route configuration "rds-outbound.14001" fits "bookstor:14001"',
            failed=True,
            losers=domains,
            more_losers=7,
        ),
    )
    miss = NearMiss(
        what='virtual host "outbound_virtual-host|bookstore.bookstore.svc.cluster.local"',
        change='use host "bookstore:14001"',
        request={"host": "bookstore:14001"},
    )
    outcome = OutcomeAnswer(
        probability=1.0,
        verdict="responded",
        response=Response(code=404, flags=("NR",), details="route_not_found"),
        **{**_path(), "virtual_host": None},
    )
    answer = Answer(id="b", exact=True, assumptions=(), outcomes=(outcome,))
    request = TraceRequest(host="bookstor:14001", dst_ip="10.96.18.11")
    return answer, Explanation(steps=steps, near_misses=(miss,)), request


def closed() -> Case:
    """No filter chain."""
    response = Response(code=0, flags=("NR",), details="filter_chain_not_found")
    outcome = OutcomeAnswer(
        probability=1.0, verdict="closed", listener="outbound-listener", response=response
    )
    step = Step(kind="filter_chain", chosen="", reason="no chain fits 10.0.0.9:5", failed=True)
    answer = Answer(id="c", exact=True, assumptions=(), outcomes=(outcome,))
    request = TraceRequest(protocol="tcp", dst_ip="10.0.0.9", dst_port=5)
    return answer, Explanation(steps=(_LISTENER, step)), request


def unknown() -> Case:
    """A rule needs what nobody said."""
    outcome = OutcomeAnswer(probability=1.0, verdict="unknown", listener="outbound-listener")
    answer = Answer(
        id="d", exact=False, assumptions=("the source IP is not known",), outcomes=(outcome,)
    )
    return answer, Explanation(steps=(_LISTENER,)), TraceRequest(host="a:1")


def partly() -> Case:
    """A fault answers one request of ten."""
    reached = OutcomeAnswer(
        probability=0.9, verdict="forwarded", cluster="a",
        endpoints=(_endpoint("10.0.0.1:80", 1.0),), **_path(),
    )  # fmt: skip
    refused = OutcomeAnswer(
        probability=0.1, verdict="responded",
        response=Response(code=503, flags=("FI",), details="fault_filter_abort"), **_path(),
    )  # fmt: skip
    answer = Answer(id="e", exact=True, assumptions=(), outcomes=(reached, refused))
    return answer, Explanation(steps=(_LISTENER,)), TraceRequest(host="a", tls=True)


def hostile() -> Case:
    """Names that hold terminal escapes, markup, quotes and a right-to-left mark."""
    name = '\x1b[31mred\x07 [bold]b[/] "q\\" \u202eevil\n<b>'
    outcome = OutcomeAnswer(
        probability=1.0, verdict="forwarded", listener=name, cluster=name,
        endpoints=(_endpoint("10.0.0.1:80", 1.0, name),),
    )  # fmt: skip
    step = Step(kind="listener", chosen=name, reason=name, notes=(name,))
    answer = Answer(id="f", exact=True, assumptions=(name,), outcomes=(outcome,))
    return answer, Explanation(steps=(step,)), TraceRequest(host=name)


CASES: dict[str, Callable[[], Case]] = {
    "split": split,
    "missing_host": missing_host,
    "closed": closed,
    "unknown": unknown,
    "partly": partly,
    "hostile": hostile,
}


@pytest.fixture(params=list(CASES))
def case_name(request: pytest.FixtureRequest) -> str:
    """The name of each case in turn."""
    return str(request.param)


@pytest.fixture
def case() -> Callable[[str], Case]:
    """A case by its name."""
    return lambda name: CASES[name]()


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Hold a text against its file in `golden/`; OSMSCOPE_GOLDEN=write writes it anew."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("OSMSCOPE_GOLDEN") == "write":
            path.write_bytes(text.encode())
        assert path.read_bytes().decode() == text

    return check

"""What counts as a difference between a line and an answer."""

from __future__ import annotations

import pytest

from osmscope.replay.comparing import compare
from osmscope.replay.logged import Logged
from osmscope.trace.answer import Answer, EndpointShare, OutcomeAnswer, Response

NAMES = {"a": frozenset({"a", "a_stat"})}


def names(cluster: str) -> frozenset[str]:
    return NAMES.get(cluster, frozenset({cluster}))


def forwarded(cluster: str, *addresses: str, **fields: object) -> OutcomeAnswer:
    endpoints = tuple(
        EndpointShare(address=address, probability=1.0, priority=0, health="HEALTHY")
        for address in addresses
    )
    return OutcomeAnswer(
        probability=1.0, verdict="forwarded", cluster=cluster, endpoints=endpoints, **fields
    )


def replied(code: int, *flags: str, verdict: str = "responded", **fields: object) -> OutcomeAnswer:
    response = Response(code=code, flags=flags, details=None)
    return OutcomeAnswer(probability=1.0, verdict=verdict, response=response, **fields)


def sent(**fields: object) -> Logged:
    given = {"method": "GET", "code": 200, "cluster": "a", "upstream_host": "10.0.0.1:80"}
    return Logged(**{**given, **fields})


def local(code: int = 404, *flags: str, **fields: object) -> Logged:
    return Logged(method="GET", code=code, flags=frozenset(flags), **fields)


ENDPOINT = forwarded("", "10.0.0.1:80").endpoints
UNKNOWN = OutcomeAnswer(probability=1.0, verdict="unknown")


@pytest.mark.parametrize(
    ("line", "outcomes"),
    [
        pytest.param(sent(), [forwarded("a")], id="cluster"),
        pytest.param(sent(), [forwarded("a", "10.0.0.1:80")], id="endpoint"),
        pytest.param(sent(cluster="a_stat"), [forwarded("a")], id="the name for statistics"),
        pytest.param(sent(code=500), [forwarded("a")], id="the application's code"),
        pytest.param(sent(), [forwarded("b"), forwarded("a")], id="one of several outcomes"),
        pytest.param(sent(route=""), [forwarded("a")], id="a route without a name"),
        pytest.param(sent(route="r"), [forwarded("a", route="r")], id="route"),
        pytest.param(sent(route=None), [forwarded("a", route="r")], id="route not logged"),
        pytest.param(sent(cluster=None), [forwarded("b", "10.0.0.1:80")], id="endpoint alone"),
        pytest.param(local(404, "NR"), [replied(404, "NR")], id="local reply"),
        pytest.param(Logged(method="GET", code=404), [replied(404, "NR")],
                     id="flags not logged"),
        pytest.param(Logged(flags=frozenset({"NR"}), code=0), [replied(0, "NR", verdict="closed")],
                     id="closed"),
        pytest.param(
            sent(method="", code=0),
            [replied(0, verdict="closed", cluster="a", endpoints=ENDPOINT)],
            id="dialled before a filter closed it",
        ),
        pytest.param(sent(), [UNKNOWN], id="an unknown outcome is no difference"),
    ],
)  # fmt: skip
def test_an_answer_that_holds_the_line(line: Logged, outcomes: list[OutcomeAnswer]) -> None:
    assert compare(line, answer(outcomes), names) is None


@pytest.mark.parametrize(
    ("line", "outcomes", "expected"),
    [
        (sent(), [forwarded("b")], ("cluster", "a", "b")),
        (sent(), [forwarded("c"), forwarded("b")], ("cluster", "a", "b or c")),
        (sent(), [replied(404, "NR"), forwarded("b")], ("cluster", "a", "b")),
        (sent(), [replied(404, "NR")], ("code", "forwarded to a", "404 NR")),
        (sent(), [replied(404, "NR"), UNKNOWN], ("code", "forwarded to a", "404 NR")),
        (sent(), [forwarded("a", "10.0.0.2:80")], ("endpoint", "10.0.0.1:80 of a", "10.0.0.2:80")),
        (sent(route="r"), [forwarded("a", route="s")], ("route", "r", "s")),
        (sent(route=""), [forwarded("a", route="s")], ("route", "(none)", "s")),
        (sent(virtual_host="v"), [forwarded("a")], ("virtual host", "v", "(none)")),
        (local(404, "NR"), [forwarded("a")], ("code", "404 NR", "forwarded to a")),
        (local(404, "NR"), [replied(403)], ("code", "404 NR", "403")),
        (local(404, "NR"), [replied(404)], ("code", "404 NR", "404")),
        (local(403, cluster="a"), [replied(403, cluster="b")], ("cluster", "a", "b")),
        (
            Logged(flags=frozenset({"NR"}), code=0),
            [forwarded("a")],
            ("code", "closed NR", "forwarded to a"),
        ),
    ],
)
def test_an_answer_that_does_not(
    line: Logged, outcomes: list[OutcomeAnswer], expected: tuple[str, str, str]
) -> None:
    found = compare(line, answer(outcomes), names)
    assert found is not None
    assert (found.kind, found.was, found.now) == expected


def answer(outcomes: list[OutcomeAnswer]) -> Answer:
    return Answer(id=1, exact=True, assumptions=(), outcomes=tuple(outcomes))

import msgspec
import pytest

from osmscope.trace.answer import Answer, EndpointShare, OutcomeAnswer, Response, UpstreamRequest
from osmscope.trace.answer_changes import answer_changes


def endpoint(address: str, share: float = 1.0, **fields: object) -> EndpointShare:
    return msgspec.convert(
        {"address": address, "probability": share, "priority": 0, "health": "HEALTHY", **fields},
        EndpointShare,
    )


def outcome(cluster: str | None = "a", share: float = 1.0, **fields: object) -> OutcomeAnswer:
    plain: dict[str, object] = {"probability": share, "verdict": "forwarded", "cluster": cluster}
    return OutcomeAnswer(**{**plain, **fields})  # type: ignore[arg-type]


def replied(**fields: object) -> OutcomeAnswer:
    response = Response(**{"code": 404, **fields})  # type: ignore[arg-type]
    return outcome(None, verdict="responded", response=response)


def answer(*outcomes: OutcomeAnswer, assumptions: tuple[str, ...] = ()) -> Answer:
    return Answer(id=1, exact=True, assumptions=assumptions, outcomes=outcomes)


SENT = UpstreamRequest(method="GET", host="a", path="/", headers={})
RESET = outcome(None, verdict="closed", response=Response(code=0, flags=("NR",)))
ONE = endpoint("1.1.1.1:80")


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        pytest.param(answer(outcome()), answer(outcome()), (), id="nothing"),
        pytest.param(
            answer(outcome(share=0.5), outcome("b", 0.5)),
            answer(outcome(share=0.8), outcome("b", 0.2)),
            ("cluster a: 50.0% → 80.0% of requests", "cluster b: 50.0% → 20.0% of requests"),
            id="weights",
        ),
        pytest.param(
            answer(outcome()),
            answer(outcome("b")),
            ("cluster a: gone, it had 100.0% of requests", "cluster b: new, 100.0% of requests"),
            id="cluster",
        ),
        pytest.param(
            answer(outcome()),
            answer(replied(flags=("NR",), details="route_not_found")),
            (
                "cluster a: gone, it had 100.0% of requests",
                "answered by Envoy: 404 (NR) route_not_found: new, 100.0% of requests",
            ),
            id="outcome",
        ),
        pytest.param(
            answer(RESET),
            answer(outcome(None, verdict="unknown")),
            (
                "closed by Envoy: (NR): gone, it had 100.0% of requests",
                "an outcome that is unknown: new, 100.0% of requests",
            ),
            id="unknown",
        ),
        pytest.param(
            answer(outcome(None, verdict="closed", response=Response(code=0))),
            answer(replied(location="https://a")),
            (
                "closed by Envoy: gone, it had 100.0% of requests",
                "answered by Envoy: 404 https://a: new, 100.0% of requests",
            ),
            id="redirect",
        ),
        pytest.param(
            answer(outcome(endpoints=(ONE, endpoint("2.2.2.2:80")))),
            answer(outcome(endpoints=(ONE, endpoint("3.3.3.3:80")))),
            (
                "cluster a: endpoint 2.2.2.2:80 is gone",
                "cluster a: endpoint 3.3.3.3:80 is new",
            ),
            id="endpoints",
        ),
        pytest.param(
            answer(outcome(endpoints=(ONE,))),
            answer(
                outcome(endpoints=(endpoint("1.1.1.1:80", 0.5, priority=1, health="DEGRADED"),))
            ),
            ("cluster a: endpoint 1.1.1.1:80: HEALTHY → DEGRADED, priority 0 → 1, 100.0% → 50.0%",),
            id="health",
        ),
        pytest.param(
            answer(outcome(filter_chain="", route_index=0, route=None)),
            answer(outcome(filter_chain="c", route_index=1, route="r")),
            (
                "cluster a: filter chain (unnamed) → c",
                "cluster a: route none → r",
                "cluster a: route index 0 → 1",
            ),
            id="decisions",
        ),
        pytest.param(
            answer(outcome(upstream_request=SENT)),
            answer(outcome(upstream_request=msgspec.structs.replace(SENT, path="/x"))),
            ("cluster a: what the endpoint receives changed",),
            id="rewrite",
        ),
        pytest.param(
            answer(outcome(), assumptions=("a", "b")),
            answer(outcome(), assumptions=("b", "c")),
            ("now assumed: c", "no longer assumed: a"),
            id="assumptions",
        ),
    ],
)
def test_what_changed_is_said_with_what_was(
    before: Answer, after: Answer, changes: tuple[str, ...]
) -> None:
    assert answer_changes(before, after) == changes

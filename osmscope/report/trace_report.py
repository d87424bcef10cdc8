"""The report of one traced request: neutral data that a terminal, a page or a screen renders.

Decision: a headline that answers, the decisions in their order, a branch for each way the request
can go, then what is close, what was inferred and what was assumed. Nothing here knows of columns
or colours; texts are as the dump has them, and writers escape them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from osmscope.resources.address import host_port, split_host_port
from osmscope.trace.answer import (
    Answer,
    EndpointShare,
    Explanation,
    OutcomeAnswer,
    Response,
    Step,
)
from osmscope.trace.evidence import Evidence
from osmscope.trace.request import TraceRequest

Sign = Literal["good", "bad", "unknown"]


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """One way the request can go."""

    probability: float
    sign: Sign
    title: str
    """Where it ends: `cluster a`, `Envoy answers 404 (NR) route_not_found`."""
    reason: str = ""
    """Why this cluster, where it was chosen of several."""
    rows: tuple[Step, ...] = ()
    endpoints: tuple[EndpointShare, ...] = ()
    owners: Mapping[str, str] = {}
    """Whose an endpoint's address is, by that address."""
    changes: tuple[str, ...] = ()
    """What the endpoint receives that the client did not send like that."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What is known around an answer."""

    source: str
    """What the sidecar is called."""
    inferred: tuple[str, ...] = ()
    """How the request was completed."""
    pods: Mapping[str, str] = {}
    """The names of pods, by IP address."""
    stand_in: str = ""
    """An IP address that only stands for the one that the host has."""
    data: str = ""
    """How old what was read is, and what it cost."""
    evidence: tuple[Evidence, ...] = ()
    """What the sidecar counted on the way."""
    no_evidence: str = ""
    """Why its counters cannot be read."""


class TraceReport(msgspec.Struct, frozen=True, kw_only=True):
    """One request, answered and explained."""

    sign: Sign
    subject: str
    """`bookbuyer → GET bookstore:14001/books`; a dump without a name leaves `→ GET …`."""
    result: str
    """`reaches 3 endpoints of 2 clusters`."""
    data: str
    """How old what it rests on is; "" where nobody said."""
    rows: tuple[Step, ...]
    """The decisions that all branches share."""
    branches: tuple[Branch, ...]
    nearest: tuple[str, ...]
    inferred: tuple[str, ...]
    assumed: tuple[str, ...]
    evidence: tuple[str, ...]
    """What the sidecar counted on the way since it started."""


def trace_report(
    answer: Answer,
    explanation: Explanation,
    request: TraceRequest,
    setting: Setting,
) -> TraceReport:
    """Build the report.

    Args:
        answer: Where the request goes.
        explanation: Why.
        request: What was asked, completed.
        setting: What is known around it.
    """
    alone = len(answer.outcomes) == 1
    steps = explanation.steps
    shared = [step for step in steps if alone or step.outcome is None]
    branches = tuple(
        _branch(outcome, [s for s in steps if not alone and s.outcome == index], setting)
        for index, outcome in enumerate(answer.outcomes)
    )
    return TraceReport(
        sign=_sign({branch.sign for branch in branches}),
        subject=f"{setting.source} → {describe_request(request)}".lstrip(),
        result=_result(answer, _unnamed(request, setting)),
        data=setting.data,
        rows=tuple(step for step in shared if step.kind not in _SHOWN_ELSEWHERE),
        branches=branches,
        nearest=tuple(f"{miss.change} → {miss.what}" for miss in explanation.near_misses),
        inferred=(*setting.inferred, *_inferred(explanation)),
        evidence=tuple(_evidence(setting)),
        assumed=() if answer.intercepted is False else answer.assumptions,  # the step says it
    )


_SHOWN_ELSEWHERE = frozenset({"inference", "endpoint", "upstream_request"})


def describe_request(request: TraceRequest) -> str:
    """Name a request as a user would: `GET bookstore:14001/books`, `tcp 10.0.0.1:3306`."""
    if request.protocol in ("tcp", "udp"):
        return f"{request.protocol} {request.host or _destination(request)}"
    where = request.host or _destination(request)
    path = "" if request.path in (None, "/") else request.path
    # Inbound, TLS is the mesh's own, not what the user speaks.
    scheme = "https://" if request.starts_tls and request.direction != "inbound" else ""
    return f"{request.method or 'GET'} {scheme}{where}{path}"


def describe_response(response: Response | None) -> str:
    """Say what Envoy answers, as its access log prints it: `404 (NR) route_not_found`."""
    if response is None:
        return "no answer"
    parts = [str(response.code)] if response.code else []
    if response.flags:
        parts.append(f"({','.join(response.flags)})")
    if response.details:
        parts.append(response.details)
    if response.location:
        parts.append(f"to {response.location}")
    return " ".join(parts) or response.reason or "no answer"


def percent(probability: float) -> str:
    """Write a probability: `50 %`, `33.3 %`."""
    share = round(probability * 100, 1)
    if not share and probability:
        return "<0.1 %"
    return f"{share:.0f} %" if share == int(share) else f"{share} %"


def _destination(request: TraceRequest) -> str:
    port = "" if request.dst_port is None else f":{request.dst_port}"
    return f"{request.dst_ip or 'an unknown destination'}{port}"


def _unnamed(request: TraceRequest, setting: Setting) -> dict[str, str]:
    """Say what the address is that only stands for another, where there is one."""
    if not setting.stand_in:
        return {}
    host, port = split_host_port(request.host or "")
    port = request.dst_port if request.dst_port is not None else port
    address = setting.stand_in if port is None else host_port(setting.stand_in, port)
    return {address: f"the address of {host}" + ("" if port is None else f", port {port}")}


def _owners(outcome: OutcomeAnswer, setting: Setting) -> dict[str, str]:
    owners = {}
    for endpoint in outcome.endpoints:
        ip, _ = split_host_port(endpoint.address)
        owner = "stands for the real address" if ip == setting.stand_in else setting.pods.get(ip)
        if owner:
            owners[endpoint.address] = owner
    return owners


def _branch(outcome: OutcomeAnswer, steps: list[Step], setting: Setting) -> Branch:
    own = [step for step in steps if (step.kind, step.chosen) == ("cluster", outcome.cluster)]
    return Branch(
        probability=outcome.probability,
        sign=_outcome_sign(outcome),
        title=_title(outcome),
        reason=own[0].reason if own else "",
        rows=tuple(s for s in steps if s.kind not in _SHOWN_ELSEWHERE and s not in own[:1]),
        endpoints=outcome.endpoints,
        owners=_owners(outcome, setting),
        changes=tuple(_changes(outcome)),
    )


def _outcome_sign(outcome: OutcomeAnswer) -> Sign:
    if outcome.verdict == "forwarded":
        return "good"
    return "unknown" if outcome.verdict == "unknown" else "bad"


def _sign(signs: set[Sign]) -> Sign:
    if "bad" in signs:
        return "bad"
    return "good" if signs == {"good"} else "unknown"


def _title(outcome: OutcomeAnswer) -> str:
    if outcome.verdict == "forwarded":
        return f"cluster {outcome.cluster}"
    if outcome.verdict == "unknown":
        return "cannot be told"
    what = "Envoy closes:" if outcome.verdict == "closed" else "Envoy answers"
    cluster = f" (cluster {outcome.cluster})" if outcome.cluster else ""
    return f"{what} {describe_response(outcome.response)}{cluster}"


def _result(answer: Answer, called: Mapping[str, str]) -> str:
    if answer.intercepted is False:
        return "goes past the sidecar"
    reaching = [o for o in answer.outcomes if o.verdict == "forwarded"]
    others = [o for o in answer.outcomes if o.verdict != "forwarded"]
    if not others:
        return _reached(reaching, called)
    if all(outcome.verdict == "unknown" for outcome in others):
        words = (
            f"{_reached(reaching, called)}, else cannot be told" if reaching else "cannot be told"
        )
    else:
        refused = next(o for o in others if o.verdict != "unknown")
        how = "is closed:" if refused.verdict == "closed" else "is answered by Envoy:"
        words = f"{how} {describe_response(refused.response)}"
        more = len({(o.verdict, describe_response(o.response)) for o in others}) - 1
        if more:
            words += f" (and {more} more {'way' if more == 1 else 'ways'} to fail)"
    if reaching and others:
        share = percent(sum(outcome.probability for outcome in others))
        return f"{words} in {share} of cases"
    return words


def _reached(outcomes: list[OutcomeAnswer], called: Mapping[str, str]) -> str:
    addresses = {endpoint.address for outcome in outcomes for endpoint in outcome.endpoints}
    clusters = {outcome.cluster for outcome in outcomes}
    if len(clusters) > 1:
        return f"reaches {len(addresses)} endpoints of {len(clusters)} clusters"
    if len(addresses) == 1:
        address = addresses.pop()
        return f"reaches {called.get(address, address)}"
    if not addresses:
        return f"reaches cluster {clusters.pop()}"
    return f"reaches {len(addresses)} endpoints"


def _changes(outcome: OutcomeAnswer) -> list[str]:
    upstream = outcome.upstream_request
    if upstream is None:
        return []
    lines = [f"{upstream.method} {upstream.host or ''}{upstream.path}"]
    lines += [f"{name}: {', '.join(values)}" for name, values in upstream.headers.items()]
    if upstream.removed_headers:
        lines.append("without " + ", ".join(upstream.removed_headers))
    return lines


def _evidence(setting: Setting) -> Iterator[str]:
    for one in setting.evidence:
        yield f"{one.name} = {one.value} since start: {one.words}"
    if setting.no_evidence:
        yield f"the counters cannot be read: {setting.no_evidence}"


def _inferred(explanation: Explanation) -> list[str]:
    steps = [step for step in explanation.steps if step.kind == "inference"]
    return [": ".join(part for part in (step.chosen, step.reason) if part) for step in steps]

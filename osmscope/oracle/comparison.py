"""A trace held against what Envoy logged of the same request.

Decision: what happened must be one of the outcomes that the trace lists, in every field that the
log tells: where chance decides, one is enough. The fields are compared in the order in which Envoy
decides them, and the outcome that agrees longest is the one that is shown.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from osmscope.oracle.access_log import LogLine
from osmscope.oracle.runnable_http import UNNAMED_ROUTE
from osmscope.oracle.sent_request import SentRequest
from osmscope.trace.answer import Answer, OutcomeAnswer, Verdict
from osmscope.trace.connection import AMBIGUOUS_CHAIN
from osmscope.trace.request import TraceRequest

Result = Literal["agree", "differ", "not compared"]

FIELDS = (
    "filter_chain", "virtual_host", "route", "cluster", "verdict", "code", "flags", "details",
    "location", "endpoint", "sends", "headers",
)  # fmt: skip
"""What is compared, in Envoy's order."""
_ENDPOINT = FIELDS.index("endpoint")

_OVERFLOW = "{overflow}"
_TIME_DEPENDENT = re.compile("local_rate_limited|overflow|timeout|upstream_reset")
_GIVEN_UP = "downstream_remote_disconnect"
_CREDENTIALS = re.compile(
    "invalid_credential_for_basic_auth|unknown_api_key|Jwt_verification_fails"
)
"""What Envoy says of credentials that the trace assumes to be right."""


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was decided, by the trace or by Envoy; what has no name or was not reached is ""."""

    filter_chain: str = ""
    virtual_host: str = ""
    route: str = ""
    """Its name; where it has none, `#` and its index."""
    cluster: str = ""
    verdict: Verdict
    code: int | None = None
    flags: tuple[str, ...] = ()
    details: str = ""
    location: str = ""
    endpoint: tuple[str, ...] = ()
    """Those that may be picked, or the one that was; none where they are not known."""
    sends: str = ""
    """What the endpoint receives: method, host and path."""
    headers: tuple[str, ...] = ()
    """Of the headers that it receives, those that the other side does not have."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One request: both decisions, side by side."""

    result: Result
    simulated: Decision
    """The outcome of the trace that is nearest to what happened."""
    real: Decision | None = None
    difference: str = ""
    """The first field that differs, "" where none does."""
    reason: str = ""
    """Why they could not be compared, or not to the end."""
    assumed: tuple[str, ...] = ()
    """What the trace rests on, where it differs."""
    log: LogLine | None = None
    """What Envoy logged."""


def compare(
    answer: Answer,
    line: LogLine,
    real_addresses: dict[str, str],
    received: tuple[TraceRequest, SentRequest] | None = None,
) -> Comparison:
    """Compare.

    Args:
        answer: The trace's.
        line: Envoy's most specific log line of the request.
        real_addresses: Stand-in's address → the endpoint's, "" where the dump does not tell it.
        received: The request as it was asked, and as its endpoint got it; None where none did.
    """
    real = decided(line, real_addresses)
    pairs = [
        (*_with_sent(simulated(outcome), real, outcome, received), outcome)
        for outcome in answer.outcomes
    ]
    differences = [
        _difference(have, what, line, outcome, is_exact=answer.exact)
        for have, what, outcome in pairs
    ]
    index = max(range(len(pairs)), key=lambda at: _depth(differences[at]))
    difference, (nearest, real, outcome) = differences[index], pairs[index]
    reason = _why_not_comparable(difference, real, answer)
    if not reason and outcome.verdict == "unknown" and not outcome.cluster:
        reason = "the trace cannot tell: see what it assumes"
    result: Result = "not compared" if reason else "differ" if difference else "agree"
    if result == "agree" and outcome.verdict == "unknown":
        reason = "that is as far as the trace can tell: to the cluster"
    return Comparison(
        result=result,
        simulated=nearest,
        real=real,
        difference=difference if result == "differ" else "",
        reason=reason,
        assumed=() if result == "agree" else answer.assumptions,
        log=line,
    )


def _why_not_comparable(difference: str, real: Decision, answer: Answer) -> str:
    """Say why a difference proves nothing; "" where it does."""
    if not difference:
        return ""
    if _TIME_DEPENDENT.search(real.details):
        return f"{real.details} depends on time or load"
    if real.details == _GIVEN_UP:
        return "Envoy had not answered yet when the client gave up"
    if answer.assumptions and _CREDENTIALS.search(real.details):
        return "the copy does not know the credentials, which the trace takes to be right"
    if any(one.startswith(AMBIGUOUS_CHAIN) for one in answer.assumptions):
        return "Envoy itself may decide either way: see what the trace assumes"
    return ""


def _with_sent(
    have: Decision,
    real: Decision,
    outcome: OutcomeAnswer,
    received: tuple[TraceRequest, SentRequest] | None,
) -> tuple[Decision, Decision]:
    """Add to both decisions what the endpoint gets, where both know it."""
    sent = outcome.upstream_request
    if received is None or sent is None:
        return have, real
    asked, got = received
    picked = [one for one in outcome.endpoints if one.address in real.endpoint]
    hosts = [one.host for one in picked or outcome.endpoints[:1] if one.host]
    expected = SentRequest.expected(asked, sent, hosts[0] if hosts else sent.host)
    return (
        msgspec.structs.replace(have, sends=expected.line, headers=expected.beyond(got)),
        msgspec.structs.replace(real, sends=got.line, headers=got.beyond(expected)),
    )


def simulated(outcome: OutcomeAnswer) -> Decision:
    """Return an outcome of a trace as a decision."""
    response = outcome.response
    route = outcome.route or ""
    if not route and outcome.route_index is not None:
        route = f"#{outcome.route_index}"
    return Decision(
        filter_chain=outcome.filter_chain or "",
        virtual_host=outcome.virtual_host or "",
        route=route,
        cluster=outcome.cluster or "",
        verdict=outcome.verdict,
        code=response.code if response else None,
        flags=response.flags if response else (),
        details=(response.details if response else None) or "",
        location=(response.location if response else None) or "",
        endpoint=tuple(endpoint.address for endpoint in outcome.endpoints),
    )


def decided(line: LogLine, real_addresses: dict[str, str]) -> Decision:
    """Return what a log line tells as a decision."""
    endpoint = real_addresses.get(line.endpoint or "", line.endpoint or "")
    # A circuit breaker may refuse after an endpoint was picked, which is then logged too.
    refused = line.termination or _OVERFLOW in (line.details or "")
    is_forwarded = bool(line.endpoint) and not refused
    route = line.route or ""
    shared = Decision(
        filter_chain=line.filter_chain or "",
        virtual_host=line.virtual_host or "",
        route=route.replace(UNNAMED_ROUTE, "#") if route.startswith(UNNAMED_ROUTE) else route,
        cluster=line.cluster or "",
        verdict="forwarded",
        endpoint=(endpoint,) if endpoint else (),
    )
    if is_forwarded:
        return shared
    return msgspec.structs.replace(
        shared,
        verdict="responded" if line.kind == "http" else "closed",
        code=line.code,
        flags=tuple(line.flags.split(",")) if line.flags else (),
        details=line.termination or line.details or "",
        location=line.location or "",
    )


def _difference(
    have: Decision, real: Decision, line: LogLine, outcome: OutcomeAnswer, *, is_exact: bool
) -> str:
    """Name the first field that differs."""
    fields: tuple[str, ...] = FIELDS[:_ENDPOINT]
    if outcome.verdict == "unknown":
        # The trace goes as far as the dump does: to the cluster, or not even there.
        fields = FIELDS[:4] if outcome.cluster else ()
    elif line.kind == "tcp" and real.verdict == "forwarded":
        # tcp_proxy had dialled: its line is the same where the connection is ended after that.
        fields = FIELDS[:4]
    for name in fields:
        if getattr(have, name) != getattr(real, name):
            return name
    if real.endpoint and have.endpoint and real.endpoint[0] not in have.endpoint:
        return "endpoint"
    if have.sends != real.sends:
        return "sends"
    # What was assumed of a filter or an address may well be a header.
    return "headers" if is_exact and have.headers != real.headers else ""


def _depth(difference: str) -> int:
    return FIELDS.index(difference) if difference else len(FIELDS)

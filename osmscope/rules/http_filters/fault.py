"""Faults that are injected on purpose.

What Envoy does: where `upstream_cluster`, `downstream_nodes` and `headers` all fit and
`max_active_faults` is not 0, a delay is drawn and then an abort. `header_delay` and `header_abort`
read them from the request, whose own percentage may only lower the configured one. A percentage
that is absent is zero.
Checked against Envoy 1.40.0. Not modelled: how many faults are active; the length of a delay;
response rate limits.
"""

from __future__ import annotations

import re

import msgspec

from osmscope.resources.http_filters.traffic import FaultAbort, FaultDelay, HttpFault
from osmscope.resources.matcher import FractionalPercent, RuntimeFractionalPercent
from osmscope.rules.facts import Request
from osmscope.rules.header import match_headers
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.outcome import goes_on
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.runtime_fraction import probability

_WHOLE = re.compile(r"[0-9]{1,18}")
_IN_HEADER = re.compile(r"\+?[0-9]{1,18}")
_GRPC_CODE = 200
_MIN_STATUS, _MAX_STATUS = 200, 599


class _Runtime(msgspec.Struct, frozen=True):
    """The runtime keys of a fault filter, where its configuration names no others."""

    delay_percent: str = "fault.http.delay.fixed_delay_percent"
    delay_duration: str = "fault.http.delay.fixed_duration_ms"
    abort_percent: str = "fault.http.abort.abort_percent"
    http_status: str = "fault.http.abort.http_status"
    grpc_status: str = "fault.http.abort.grpc_status"
    max_active: str = "fault.http.max_active_faults"


_KEYS = _Runtime()


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the fault filter.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    fault = context.config
    if not isinstance(fault, HttpFault):
        return goes_on(request)
    reason = _not_aimed_at(fault, request, context)
    if reason:
        return goes_on(request, reason)
    delay = _delay_share(fault, request)
    reply = _abort(fault, request)
    abort = _abort_share(fault, request) if reply is not None else 0.0
    results: list[FilterResult] = []
    for delayed, share in ((False, 1 - delay), (True, delay)):
        flags = ("DI",) if delayed else ()
        words = "a delay is injected" if delayed else "no delay is injected"
        if share * (1 - abort) > 0:
            results.append(
                FilterResult(
                    request=request,
                    probability=share * (1 - abort),
                    flags=flags,
                    reason=f"{words}, no abort",
                )
            )
        if reply is not None and share * abort > 0:
            results.append(
                FilterResult(
                    request=request,
                    probability=share * abort,
                    reply=msgspec.structs.replace(reply, flags=(*flags, "FI")),
                    flags=flags,
                    reason=f"{words}, an abort is injected",
                    consulted=("abort",),
                )
            )
    return tuple(results)


def _not_aimed_at(fault: HttpFault, request: Request, context: FilterContext) -> str:
    """Say why a request is not one that faults are for; "" where it is."""
    if fault.upstream_cluster and fault.upstream_cluster != context.cluster:
        return f'the cluster is not "{fault.upstream_cluster}"'
    node = request.headers.first("x-envoy-downstream-service-node")
    if fault.downstream_nodes and node not in fault.downstream_nodes:
        return "x-envoy-downstream-service-node is none of downstream_nodes"
    match = match_headers(fault.headers, request.headers)
    if not match.is_match:
        return match.reason
    key = fault.max_active_faults_runtime or _KEYS.max_active
    if _number(request.runtime.get(key), fault.max_active_faults) == 0:
        return "max_active_faults is 0"
    return ""


def _delay_share(fault: HttpFault, request: Request) -> float:
    delay = fault.delay
    if delay is None:
        return 0.0
    if delay.header_delay is not None:
        milliseconds = _header_number(request, "x-envoy-fault-delay-request")
    else:
        key = fault.delay_duration_runtime or _KEYS.delay_duration
        fixed = 0 if delay.fixed_delay in (None, "0s") else 1
        milliseconds = _number(request.runtime.get(key), fixed)
    if not milliseconds:
        return 0.0
    key = fault.delay_percent_runtime or _KEYS.delay_percent
    return _share(delay, key, request, "x-envoy-fault-delay-request-percentage")


def _abort(fault: HttpFault, request: Request) -> LocalReply | None:
    """Return what an abort answers; None where there is none."""
    abort = fault.abort
    if abort is None:
        return None
    runtime = request.runtime
    if abort.header_abort is not None:
        status = _header_number(request, "x-envoy-fault-abort-request")
        if status is not None and not _MIN_STATUS <= status <= _MAX_STATUS:
            status = None
        grpc_status = _header_number(request, "x-envoy-fault-abort-grpc-request")
    else:
        status, grpc_status = abort.http_status, abort.grpc_status
    status = _number(runtime.get(fault.abort_http_status_runtime or _KEYS.http_status), status)
    key = fault.abort_grpc_status_runtime or _KEYS.grpc_status
    if status is None:
        if _number(runtime.get(key), grpc_status) is None:
            return None
        status = _GRPC_CODE
    words = "the fault filter aborts the request"
    return LocalReply(code=status, details="fault_filter_abort", reason=words)


def _abort_share(fault: HttpFault, request: Request) -> float:
    key = fault.abort_percent_runtime or _KEYS.abort_percent
    abort = fault.abort or FaultAbort()
    return _share(abort, key, request, "x-envoy-fault-abort-request-percentage")


def _share(
    part: FaultDelay | FaultAbort, key: str, request: Request, percentage_header: str
) -> float:
    percentage = part.percentage
    by_header = (
        part.header_abort is not None
        if isinstance(part, FaultAbort)
        else part.header_delay is not None
    )
    if by_header:
        wanted = _header_number(request, percentage_header)
        if wanted is not None:
            lowered = min(wanted, percentage.numerator)
            percentage = FractionalPercent(numerator=lowered, denominator=percentage.denominator)
    fraction = RuntimeFractionalPercent(default_value=percentage, runtime_key=key)
    return float(probability(fraction, request.runtime))


def _header_number(request: Request, name: str) -> int | None:
    value = request.headers.first(name)
    return int(value) if value is not None and _IN_HEADER.fullmatch(value) else None


def _number(override: object, default: int | None) -> int | None:
    if isinstance(override, int) and not isinstance(override, bool):
        return override
    if isinstance(override, str) and _WHOLE.fullmatch(override):
        return int(override)
    return default

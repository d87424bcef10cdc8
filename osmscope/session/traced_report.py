"""The report of a traced request: what the session knows of it, put beside the answer."""

from __future__ import annotations

from datetime import datetime

from osmscope.report.trace_report import Setting, TraceReport, trace_report
from osmscope.resources.address import split_host_port
from osmscope.session.sources import Sidecar
from osmscope.session.tracing import Traced


def traced_report(traced: Traced, sidecar: Sidecar, now: datetime | None) -> TraceReport:
    """Build the report of a traced request.

    Args:
        traced: The request, answered.
        sidecar: Who was asked.
        now: The time it is; None where the report is kept for longer than an age is true.
    """
    pods = _pods(traced, sidecar)  # before what it took is noted
    later = (note for note in sidecar.later_notes() if note not in traced.inferred)
    setting = Setting(
        source=sidecar.name,
        inferred=(*traced.inferred, *later),
        pods=pods,
        stand_in=traced.stand_in,
        data="" if now is None or traced.data is None else traced.data.words(now),
        evidence=traced.evidence,
        no_evidence=traced.no_evidence,
    )
    return trace_report(traced.answer, traced.explanation, traced.request, setting)


def _pods(traced: Traced, sidecar: Sidecar) -> dict[str, str]:
    """Look up whose the addresses of an answer are."""
    names = sidecar.pod_names()
    endpoints = (one for outcome in traced.answer.outcomes for one in outcome.endpoints)
    addresses = dict.fromkeys(split_host_port(one.address)[0] for one in endpoints)
    return {ip: names[ip] for ip in addresses if ip in names}

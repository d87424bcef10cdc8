"""The report of a traced request: what the session knows of it, put beside the answer."""

from __future__ import annotations

from datetime import datetime

from osmscope.report.trace_report import Setting, TraceReport, trace_report
from osmscope.session.sources import Sidecar
from osmscope.session.tracing import Traced


def traced_report(traced: Traced, sidecar: Sidecar, now: datetime | None) -> TraceReport:
    """Build the report of a traced request.

    Args:
        traced: The request, answered.
        sidecar: Who was asked.
        now: The time it is; None where the report is kept for longer than an age is true.
    """
    setting = Setting(
        source=sidecar.name,
        inferred=traced.inferred,
        pods=sidecar.pod_names(),
        stand_in=traced.stand_in,
        data="" if now is None or traced.data is None else traced.data.words(now),
        evidence=traced.evidence,
        no_evidence=traced.no_evidence,
    )
    return trace_report(traced.answer, traced.explanation, traced.request, setting)

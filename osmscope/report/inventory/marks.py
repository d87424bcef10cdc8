"""What of a resource wants attention: warming, draining, rejected, unhealthy, expiring, missing."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from osmscope.check.expiring import validity
from osmscope.report.inventory.document import Mark
from osmscope.report.table import Cell
from osmscope.resources.certificate import Certificate

_STATES = {
    "warming": Mark("◌", "warming", "warn"),
    "draining": Mark("↓", "draining", "warn"),
    "error": Mark("✗", "rejected", "bad"),
}
_WITHOUT_ENDPOINTS = ("ORIGINAL_DST", "envoy.clusters.dynamic_forward_proxy",
                      "envoy.clusters.aggregate")  # fmt: skip
"""Types of clusters that find their hosts as requests come."""
REJECTED = _STATES["error"]
"""Of a resource whose last update Envoy refused; an older one may still serve."""


def mark_of(kind: str, cells: Mapping[str, Cell]) -> Mark | None:
    """Tell what of a row wants attention; None where nothing does.

    Args:
        kind: What the row is of.
        cells: Its cells by the columns' keys.
    """
    state = _STATES.get(str(cells.get("state", "")))
    if state is not None:
        return state
    if cells.get("error"):
        return REJECTED
    if kind == "endpoint":
        return _health(str(cells.get("health", "")))
    if kind == "cluster":
        needs_none = cells.get("type") in _WITHOUT_ENDPOINTS
        return None if needs_none else _hosts(str(cells.get("endpoints", "")))
    return None


def _health(health: str) -> Mark | None:
    if health in ("healthy", "unknown", ""):
        return None
    return Mark("✗" if "fail" in health or health == "unhealthy" else "!", health, "bad")


def _hosts(words: str) -> Mark | None:
    if words == "none known":
        return Mark("!", "no endpoints", "warn")
    if words.endswith("healthy"):
        healthy = words.split(" ", 1)[0]
        return Mark("✗", "unhealthy", "bad") if healthy == "0" else Mark("!", words, "warn")
    return None


def end_mark(certificate: Certificate | None, now: datetime.datetime) -> Mark | None:
    """Tell whether a certificate has ended, or will soon; None where it will not."""
    found = None if certificate is None else validity(certificate, now)
    if found is None:
        return None
    severity, words = found
    return Mark("✗", words, "bad") if severity == "error" else Mark("!", words, "warn")

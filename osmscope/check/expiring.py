"""Certificates that no longer hold, do not hold yet, or end soon."""

import datetime
from collections.abc import Iterator

from osmscope.check.finding import Finding, Severity
from osmscope.resources.certificate import Certificate, secret_facts
from osmscope.resources.proxy import Proxy

SOON = datetime.timedelta(days=7)
"""What is left when a certificate is called expiring."""


def expiring(proxy: Proxy, now: datetime.datetime) -> Iterator[Finding]:
    """Find the certificates in force that have expired, will soon, or do not hold yet.

    Args:
        proxy: The sidecar.
        now: The time to hold them against, with its time zone.

    Raises:
        DumpError: A section cannot be read.
    """
    for entry in proxy.dump.entries("secret"):
        certificate = secret_facts(entry).certificate if entry.state.serves else None
        found = None if certificate is None else validity(certificate, now)
        if found is not None:
            severity, words = found
            yield Finding(
                check="expiring",
                severity=severity,
                kind="secret",
                name=entry.name,
                words=words,
                path=entry.path,
            )


def validity(certificate: Certificate, now: datetime.datetime) -> tuple[Severity, str] | None:
    """Say what is wrong with a certificate's time; None where nothing is."""
    if now >= certificate.not_after:
        return "error", f"expired {span_words(now - certificate.not_after)} ago"
    if now < certificate.not_before:
        return "error", f"not valid before {certificate.not_before:%Y-%m-%d %H:%M} UTC"
    left = certificate.not_after - now
    # OSM's certificates live a day: what matters is whether a renewal is overdue, not a fixed time.
    life = certificate.not_after - certificate.not_before
    if left < min(SOON, life / 10):
        return "warning", f"expires in {span_words(left)}"
    return None


def span_words(span: datetime.timedelta) -> str:
    """Write a span of time: "9 days", "3 hours", "20 minutes"."""
    hours = int(span.total_seconds() // 3600)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} hours" if hours >= 2 else f"{int(span.total_seconds() // 60)} minutes"

"""What an endpoint receives, as the stand-in got it and as the trace says it.

Decision: headers that are new for each request, or belong to a connection alone, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import msgspec

from osmscope.trace.answer import UpstreamRequest
from osmscope.trace.request import TraceRequest

_IGNORED = frozenset({
    "host", "connection", "x-request-id", "content-length", "transfer-encoding", "keep-alive",
    "proxy-connection", "upgrade", "te", "traceparent", "tracestate", "x-b3-traceid", "x-b3-spanid",
    "x-b3-sampled", "x-b3-parentspanid",
})  # fmt: skip


class SentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it leaves Envoy."""

    line: str
    """Method, host and path."""
    headers: tuple[tuple[str, str], ...]
    """Sorted by name; the values of one name in their order."""

    @classmethod
    def received(cls, head: bytes) -> Self:
        """Read the head of a request of HTTP/1.1."""
        first, *lines = head.decode("utf-8", "replace").split("\r\n")
        method, _, rest = first.partition(" ")
        fields = [line.partition(":") for line in lines if line]
        named = [(name.lower(), value.strip(" \t")) for name, _, value in fields]
        host = next((value for name, value in named if name == "host"), "")
        path = rest.rpartition(" ")[0]
        return cls(line=f"{method} {host}{path}", headers=_compared(named))

    @classmethod
    def expected(cls, asked: TraceRequest, sent: UpstreamRequest, host: str | None) -> Self:
        """Return what the trace says.

        Args:
            asked: The request as the client sent it.
            sent: What the trace says the endpoint gets.
            host: The host that it gets.
        """
        headers: dict[str, tuple[str, ...]] = {}
        for name, values in (asked.headers or {}).items():
            headers[name.lower()] = (values,) if isinstance(values, str) else tuple(values)
        headers = {n: values for n, values in headers.items() if n not in sent.removed_headers}
        headers |= sent.headers
        listed = [(name, value) for name, values in headers.items() for value in values]
        return cls(line=f"{sent.method} {host or ''}{sent.path}", headers=_compared(listed))

    def beyond(self, other: Self) -> tuple[str, ...]:
        """List the headers that another request does not have like that."""
        theirs = other.by_name()
        return tuple(
            f"{name}: {', '.join(values)}"
            for name, values in self.by_name().items()
            if theirs.get(name) != values
        )

    def by_name(self) -> dict[str, list[str]]:
        """Return the values of each header."""
        found: dict[str, list[str]] = {}
        for name, value in self.headers:
            found.setdefault(name, []).append(value)
        return found


def _compared(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    # Blanks around a value do not outlive the way to the endpoint.
    kept = [(name, value.strip(" \t")) for name, value in headers if name not in _IGNORED]
    return tuple(sorted(kept, key=lambda one: one[0]))

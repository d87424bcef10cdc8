"""That a trace and a real Envoy cannot be compared, and why."""

from __future__ import annotations

from osmscope.errors import OsmscopeError


class NotComparableError(OsmscopeError):
    """The real Envoy could not be asked; says nothing about the trace."""

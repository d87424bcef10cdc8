"""What can go wrong for a user, as exceptions that say what to do next.

    OsmscopeError
    ├── UsageError        the command or the request cannot be understood
    ├── SourceError       bytes could not be had from where the user pointed
    │   └── UnreachableError  nobody answers there as an Envoy or a cluster does, or not in time
    │       ├── RefusedError      it answers, but not what was asked
    │       └── ForbiddenError    the cluster does not let this user
    ├── DumpError         the bytes are not something of Envoy that can be read
    └── SelectorError     a name fits no pod or resource, or several

Only `osmscope.cli.exit_codes` turns these into exit codes, and only
`osmscope.cli.diagnostics` prints them, on one line:
`osmscope: what happened (where); what to do next`.
"""

from __future__ import annotations


class OsmscopeError(Exception):
    """The root of all errors that are the user's to read.

    Args:
        message: What happened, without a full stop.
        where: The file, line, field or address it happened at; "" where there is none.
        hint: What to do next, in the imperative.
    """

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        advice = f"; {self.hint}" if self.hint else ""
        return f"{self.message}{place}{advice}"


class UsageError(OsmscopeError):
    """The command line or a request cannot be understood."""


class SourceError(OsmscopeError):
    """Bytes could not be had from where the user pointed."""


class UnreachableError(SourceError):
    """Nobody answers where the user pointed as an Envoy or a cluster does, or not in time."""


class RefusedError(UnreachableError):
    """It answers, but not what was asked.

    Args:
        message: See `OsmscopeError`.
        where: See `OsmscopeError`.
        hint: See `OsmscopeError`.
        status: The HTTP status of the answer.
    """

    def __init__(self, message: str, *, where: str = "", hint: str = "", status: int = 0) -> None:
        super().__init__(message, where=where, hint=hint)
        self.status = status


class ForbiddenError(UnreachableError):
    """The cluster's API server does not let this user do it."""


class DumpError(OsmscopeError):
    """The bytes are not something of Envoy that can be read."""


class SelectorError(OsmscopeError):
    """A name fits no pod or resource, or several."""

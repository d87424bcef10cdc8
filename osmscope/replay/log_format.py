"""An access log format turned round: from `%COMMANDS%` to what reads the lines that they wrote.

What Envoy does: a text format is written as it stands, each command replaced by its value, `-` for
none; nothing is quoted or escaped, but for the values of a JSON format.
Checked against Envoy 1.40.0.
Not modelled: values that a formatter extension writes, but for `%CEL(xds.virtual_host_name)%`.

Decision: first a strict expression is tried, where a value ends at the first character of what
stands behind it; it cannot backtrack. Where a value itself holds that character (a user agent with
a quote), RE2 looks in linear time whether there is one way to read the line. A line that can be
read in several ways is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec

from osmscope.errors import UsageError
from osmscope.replay.logged import HEADER, Logged, logged

_COMMAND = re.compile(r"%([A-Z][A-Z0-9_]*)(?:\(((?:[^)]|\)(?!(?::\d+)?%))*)\))?(?::(\d+))?%|%%")
_LINE_ENDS = re.compile(r"(?:\\[rn]|[\r\n])+\Z")
"""A format's own line end, also as configuration files spell it."""

_FIELD_OF = {
    "PROTOCOL": "protocol",
    "RESPONSE_CODE": "code",
    "RESPONSE_FLAGS": "flags",
    "RESPONSE_CODE_DETAILS": "details",
    "UPSTREAM_CLUSTER": "cluster",
    "UPSTREAM_CLUSTER_RAW": "cluster",
    "UPSTREAM_HOST": "upstream_host",
    "ROUTE_NAME": "route",
    "REQUESTED_SERVER_NAME": "server_name",
    "DOWNSTREAM_LOCAL_ADDRESS": "local_address",
    "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT": "local_address",
    "DOWNSTREAM_LOCAL_PORT": "local_port",
    "DOWNSTREAM_REMOTE_ADDRESS": "remote_address",
    "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": "remote_address",
    "DOWNSTREAM_PEER_DNS_SAN": "peer_dns",
    "DOWNSTREAM_PEER_URI_SAN": "peer_uri",
    "DOWNSTREAM_PEER_SUBJECT": "peer_subject",
    "CONNECTION_TERMINATION_DETAILS": "termination",
    "START_TIME": "start_time",
}
_PSEUDO_HEADERS = {
    ":METHOD": "method",
    ":PATH": "path",
    ":AUTHORITY": "authority",
    "HOST": "authority",
}
_EXTREMES = ("(.*?)", "(.*)")
"""A value as short as can be, and as long as can be: where both agree, there is one way to read."""
_REQUEST = "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%"
_SENT = '"%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%"'
_COUNTED = "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"

ENVOY_TEXT = (
    f'[%START_TIME%] "{_REQUEST}" %RESPONSE_CODE% %RESPONSE_FLAGS% {_COUNTED} {_SENT}'
    ' "%UPSTREAM_HOST%"'
)
"""What Envoy writes where no format is given."""
ISTIO_TEXT = (
    f'[%START_TIME%] "{_REQUEST}" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%'
    ' %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%"'
    f' {_COUNTED} {_SENT} "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS%'
    " %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%"
)
"""Istio's text format since 1.9."""
JSON_KEYS: Mapping[str, str] = {
    "start_time": "%START_TIME%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "x-envoy-origin-path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "protocol": "%PROTOCOL%",
    "response_code": "%RESPONSE_CODE%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "response_flags": "%RESPONSE_FLAGS%",
    "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "authority": "%REQ(:AUTHORITY)%",
    ":authority": "%REQ(:AUTHORITY)%",
    "user_agent": "%REQ(USER-AGENT)%",
    "user-agent": "%REQ(USER-AGENT)%",
    "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%",
    "x-forwarded-for": "%REQ(X-FORWARDED-FOR)%",
    "upstream_cluster": "%UPSTREAM_CLUSTER%",
    "upstream_host": "%UPSTREAM_HOST%",
    "route_name": "%ROUTE_NAME%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
    "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
}
"""The keys of OSM, Istio and Envoy Gateway, which do not contradict each other."""


class LogFormat(Protocol):
    """What reads lines of one format."""

    name: str

    def read(self, line: bytes) -> Logged | None:
        """Read a line; None where it is not of this format."""
        ...

    def fits(self, line: bytes) -> bool:
        """Whether a line is of this format without doubt: this is how a format is detected."""
        ...


class TextFormat:
    """A format string.

    Args:
        text: The format as Envoy has it, with or without its line end.
        name: What to call it.

    Raises:
        UsageError: It names nothing of a request, or two values stand side by side.
    """

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        parts = tuple(parts_of(_LINE_ENDS.sub("", text)))
        self._fields = tuple((part.text, part.limit) for part in parts if part.is_command)
        if not any(field for field, _ in self._fields):
            raise UsageError(
                f"the format {text!r} names nothing of a request",
                hint="give Envoy's format string, like '%REQ(:METHOD)% %REQ(:PATH)% …'",
            )
        self._parts = parts
        self._strict = re.compile(_expression(parts), re.DOTALL)
        self._lenient: tuple[re.Pattern[str], ...] | None = None

    def read(self, line: bytes) -> Logged | None:
        """Read a line; None where it is not of this format."""
        values = self.values(line.decode("utf-8", "replace").rstrip("\r"))
        return None if values is None else logged(values)

    def fits(self, line: bytes) -> bool:
        """Whether a line is of this format, every value without blanks or quotes of its own."""
        return self._strict.fullmatch(line.decode("utf-8", "replace").rstrip("\r")) is not None

    def _read_leniently(self, text: str) -> re.Match[str] | None:
        """Read a line whose values hold what stands behind them, if there is only one way to."""
        if self._lenient is None:
            import re2

            self._lenient = tuple(
                re2.compile(f"(?s){_expression(self._parts, value)}") for value in _EXTREMES
            )
        shortest, longest = (expression.fullmatch(text) for expression in self._lenient)
        if shortest is None or longest is None or shortest.groups() != longest.groups():
            return None
        return shortest

    def values(self, text: str) -> dict[str, str | None] | None:
        """Read the values of a text by the names of fields; None where it is not of this format."""
        found = self._strict.fullmatch(text) or self._read_leniently(text)
        if found is None:
            return None
        values: dict[str, str | None] = {}
        for (field, limit), value in zip(self._fields, found.groups(), strict=True):
            if field and not is_cut(value, limit):
                values[field] = "" if value == "-" else value
        return values


def field_of(command: str, argument: str) -> str:
    """Say which of a line's fields a command writes; "" for none that matters."""
    if command == "PATH":
        return "path"
    if command == "CEL":
        return "virtual_host" if argument.strip() == "xds.virtual_host_name" else ""
    if command not in ("REQ", "REQUEST_HEADER"):
        return _FIELD_OF.get(command, "")
    first, _, second = argument.upper().partition("?")
    if second:
        return _PSEUDO_HEADERS.get(second, "")
    if first.startswith(":"):
        return _PSEUDO_HEADERS.get(first, "")
    return _PSEUDO_HEADERS.get(first) or HEADER + first.lower()


def is_cut(value: str, limit: int) -> bool:
    """Tell whether a value may go on where Envoy wrote no more of it: `%REQ(X):20%`."""
    return 0 < limit <= len(value)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a format: a literal, or a command."""

    text: str
    """The literal, or the field that the command writes; "" for one that does not matter."""
    is_command: bool = False
    limit: int = 0
    """How many characters the command writes at most; 0 where it writes all."""


def parts_of(text: str) -> Iterator[Part]:
    """Split a format into its literals and commands, in their order."""
    end = 0
    for found in _COMMAND.finditer(text):
        literal = text[end : found.start()] + ("%" if found[0] == "%%" else "")
        if literal:
            yield Part(text=literal)
        if found[0] != "%%":
            field = field_of(found[1], found[2] or "")
            yield Part(text=field, is_command=True, limit=int(found[3] or 0))
        end = found.end()
    if text[end:]:
        yield Part(text=text[end:])


_END = Part(text="")
_OWN_EXPRESSIONS = {
    "code": "([0-9]+|-|)",
    "method": "([A-Za-z_-]*)",
    "protocol": "(HTTP/[0-9.]+|-|)",
}
"""Fields whose values are known well enough to tell them from what a path may hold."""


def _expression(parts: tuple[Part, ...], value_expression: str = "") -> str:
    """Write the regular expression of a format; each command is a group.

    Args:
        parts: The format.
        value_expression: What a value is; "" for all up to what stands behind it.
    """
    pieces = []
    for part, following in zip(parts, (*parts[1:], _END), strict=True):
        if not part.is_command:
            pieces.append(re.escape(part.text))
        elif following.is_command:
            pieces.append(_side_by_side(part.text))
        elif part.text in _OWN_EXPRESSIONS:
            pieces.append(_OWN_EXPRESSIONS[part.text])
        elif following is _END:
            pieces.append("(.*)")
        else:
            pieces.append(value_expression or f"([^{re.escape(following.text[0])}]*)")
    return "".join(pieces)


def _side_by_side(field: str) -> str:
    """A value directly in front of another one can be told from it only where a path follows."""
    if field == "authority":
        return "([^/]*)"
    raise UsageError(
        "two values of the format stand side by side and cannot be told apart",
        hint="give a format with something between them",
    )

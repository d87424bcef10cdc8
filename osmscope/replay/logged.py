"""One line of an access log, as facts.

Decision: what a format does not hold is None; what it holds and Envoy printed as nothing (`-`,
null) is "": only the former could have been anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from osmscope.resources.address import host_port, split_host_port

HEADER = "header:"
"""How a field's name starts that is a request header's."""

FIELDS = frozenset({
    "method", "path", "authority", "protocol", "code", "flags", "details", "cluster", "route",
    "virtual_host", "upstream_host", "server_name", "local_address", "local_port",
    "remote_address", "peer_dns", "peer_uri", "peer_subject", "termination", "start_time",
})  # fmt: skip
"""What a format may say of a request, besides its headers."""

Happened = Literal["forwarded", "replied", "closed", "nothing"]

_CLIENT_FLAGS = frozenset({"DPE", "DC", "SI", "DT", "IH", "LH"})
"""The client ended or spoilt it: no configuration decided."""
_UPSTREAM_FLAGS = frozenset({"UF", "URX", "UC", "UR", "UT", "LR", "UPE", "UO", "UMSDR", "NFCF"})
"""It was sent somewhere, or would have been: what happened there is not the configuration's."""


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """What one line says; None where the format has no such field."""

    method: str | None = None
    path: str | None = None
    authority: str | None = None
    protocol: str | None = None
    code: int | None = None
    flags: frozenset[str] | None = None
    details: str | None = None
    cluster: str | None = None
    route: str | None = None
    virtual_host: str | None = None
    upstream_host: str | None = None
    server_name: str | None = None
    local_address: str | None = None
    """`%DOWNSTREAM_LOCAL_ADDRESS%`: where a connection is redirected, its original destination."""
    remote_address: str | None = None
    peer_dns: str | None = None
    peer_uri: str | None = None
    peer_subject: str | None = None
    termination: str | None = None
    start_time: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """The request headers that the format holds, also those that the request did not have."""

    @property
    def is_http(self) -> bool:
        """Whether it is a request; else it is a connection."""
        return bool(self.method)

    @property
    def happened(self) -> Happened:
        """What Envoy's configuration did; "nothing" where something else ended it."""
        flags = self.flags or frozenset()
        if self.upstream_host or self.details == "via_upstream":
            return "forwarded"
        if flags & _CLIENT_FLAGS:
            return "nothing"
        if flags & _UPSTREAM_FLAGS:
            return "forwarded" if self.cluster else "nothing"
        if self.is_http:
            return "replied" if self.code else "nothing"
        denied = (self.termination or "").startswith("rbac_access_denied")
        return "closed" if denied or flags else "nothing"

    def peer_names(self) -> tuple[str, ...] | None:
        """Return the names in the client's certificate; None where the format holds none."""
        logged = (self.peer_uri, self.peer_dns, self.peer_subject)
        if all(name is None for name in logged):
            return None
        return tuple(name for name in logged if name)

    def summary(self) -> str:
        """Say in a line what was asked and what happened."""
        asked = f"{self.method} {self.authority or ''}{self.path or ''}" if self.method else "TCP"
        place = self.local_address or ""
        parts = (self.start_time or "", asked, place and f"to {place}", self.outcome())
        return " ".join(part for part in parts if part)

    def outcome(self) -> str:
        """Say in a few words what happened."""
        details = "" if self.details == "via_upstream" else self.details or self.termination or ""
        flags = ",".join(sorted(self.flags or ()))
        parts = (str(self.code or ""), flags, details, self.cluster or self.upstream_host or "")
        return " ".join(part for part in parts if part)


def logged(values: Mapping[str, str | None]) -> Logged:
    """Make a line's facts of the values of its fields.

    Args:
        values: Values by the names of `FIELDS`, or `HEADER` and a header's name; "" for nothing.
    """
    facts = {name: value for name, value in values.items() if name in FIELDS}
    code, flags = facts.pop("code", None), facts.pop("flags", None)
    port = facts.pop("local_port", None)
    return Logged(
        code=None if code is None else _number(code),
        flags=None if flags is None else frozenset(flag for flag in flags.split(",") if flag),
        headers=tuple(
            (name.removeprefix(HEADER), value)
            for name, value in values.items()
            if name.startswith(HEADER) and value is not None
        ),
        **_with_port(facts, port),
    )


def address_and_port(text: str) -> tuple[str, int | None]:
    """Split an address as Envoy logs it; ("", None) for one that is not of IP."""
    if not text or text.startswith(("envoy://", "/", "@")):
        return "", None
    return split_host_port(text)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _with_port(facts: dict[str, str | None], port: str | None) -> dict[str, str | None]:
    """Join an address that is logged without its port and the port."""
    address = facts.get("local_address")
    if address and port and address_and_port(address)[1] is None:
        facts["local_address"] = host_port(address, _number(port))
    return facts

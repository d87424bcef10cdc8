"""Absolute URLs and authorities, as Envoy's URL parser takes them apart.

What Envoy does: a scheme, `://`, perhaps user information and `@`, a host of letters, digits, dots
and dashes or an IP address in brackets, perhaps a port below 65536, then the path, query and
fragment, in ASCII without blanks. A fragment follows a path or a query, not the authority.
Checked against Envoy 1.40.0. Not modelled: zones of IPv6 addresses, which depend on the machine.
"""

import re

import msgspec

from osmscope.resources.address import parse_ip

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?#]*)((?:[/?][!-~]*)?)")
_AUTHORITY = re.compile(
    r"(?:([A-Za-z0-9\-_.!~*'()%;:&=+$,]*)@)?((?:\[([^\[\]%]+)\]|[A-Za-z0-9.\-]+)(?::([0-9]+))?)"
)
_MAX_PORT = 65535
_MAX_DIGITS = 4300


class Authority(msgspec.Struct, frozen=True):
    """What stands between the scheme and the path."""

    host_and_port: str
    has_port: bool
    has_userinfo: bool


class Url(msgspec.Struct, frozen=True):
    """An absolute URL."""

    scheme: str
    authority: Authority
    rest: str
    """Path, query and fragment, as they stand; "" where there are none."""


def parse_url(text: str) -> Url | None:
    """Take a URL apart; None where Envoy takes it for none."""
    parts = _URL.fullmatch(text)
    authority = parse_authority(parts[2]) if parts is not None else None
    return Url(parts[1], authority, parts[3]) if parts is not None and authority else None


def parse_authority(text: str) -> Authority | None:
    """Take an authority apart; None where Envoy takes it for none."""
    parts = _AUTHORITY.fullmatch(text)
    if parts is None or (parts[3] is not None and parse_ip(parts[3]) is None):
        return None
    port = parts[4]
    if port is not None and (len(port) > _MAX_DIGITS or int(port) > _MAX_PORT):
        return None
    return Authority(parts[2], port is not None, bool(parts[1]))


def host_and_port(text: str) -> str:
    """Return the host and port of a URL, and a text that is none as it is."""
    url = parse_url(text)
    return text if url is None else url.authority.host_and_port

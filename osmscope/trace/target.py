"""What a user types as TARGET, taken apart.

`host`, `host:port`, `host:port/path`, a URL, `IP:port`, `[IPv6]:port`. Decision: nothing is looked
up here and no default is made up; `osmscope.trace.inference` completes what a target leaves open.
"""

from __future__ import annotations

import base64
from typing import NoReturn
from urllib.parse import unquote

import msgspec

from osmscope.errors import UsageError
from osmscope.resources.address import host_port, parse_ip

SCHEME_PORTS = {"http": 80, "https": 443}
_TLS_SCHEMES = frozenset({"https", "tls"})
_SCHEMES = _TLS_SCHEMES | {"http", "tcp", "udp"}
_NEVER_IN_A_HOST = frozenset("$\"'`\\<>^{|}")
_HINT = "give host, host:port, host:port/path, a URL, or IP:port"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A destination as typed."""

    host: str
    """A name or an IP address, without brackets and port."""
    port: int | None = None
    path: str | None = None
    """With its query, without its fragment; None where none was typed."""
    scheme: str = ""
    authorization: str = ""
    """The value of the header that `user:password@` stands for."""

    @property
    def ip(self) -> str | None:
        """The host, where it is an IP address."""
        return self.host if parse_ip(self.host) is not None else None

    @property
    def tls(self) -> bool:
        """Whether the scheme says that the client starts TLS."""
        return self.scheme in _TLS_SCHEMES

    @property
    def tcp(self) -> bool:
        """Whether the scheme says that no HTTP is spoken."""
        return self.scheme in ("tcp", "tls")

    @property
    def udp(self) -> bool:
        """Whether the scheme says that it is sent over UDP."""
        return self.scheme == "udp"

    def authority(self, port: int | None) -> str:
        """Return the `host` header that a client sends: without the scheme's own port."""
        default = SCHEME_PORTS.get(self.scheme or "http")
        if port is None or port == default:
            return f"[{self.host}]" if ":" in self.host else self.host
        return host_port(self.host, port)


def parse_target(text: str) -> Target:
    """Take a target apart.

    Raises:
        UsageError: It is none of the forms.
    """
    stripped = text.strip()
    if not stripped or any(character.isspace() for character in stripped):
        _refuse(text, "a target has no blanks and is not empty")
    # A lone surrogate stands for a byte of the command line that is not UTF-8.
    if any("\ud800" <= character <= "\udfff" for character in stripped):
        _refuse(text, "it is not UTF-8")
    scheme, separator, rest = stripped.partition("://")
    if not separator:
        scheme, rest = "", stripped
    elif scheme.lower() not in _SCHEMES:
        _refuse(text, f"the scheme {scheme!r} is not known")
    authority, path = _split_path(rest)
    user, at, address = authority.rpartition("@")
    host, port = _split_port(address, text)
    if port is None and scheme.lower() == "udp":
        _refuse(text, "a destination over UDP needs its port: udp://HOST:PORT")
    return Target(
        host=host,
        port=port,
        path=path,
        scheme=scheme.lower(),
        authorization=basic_authorization(unquote(user)) if at else "",
    )


def basic_authorization(credentials: str) -> str:
    """Return the `authorization` header of `user:password`."""
    return "Basic " + base64.b64encode(credentials.encode()).decode()


def _split_path(rest: str) -> tuple[str, str | None]:
    """Cut at the first `/` or `?`; a fragment is never sent."""
    rest = rest.partition("#")[0]
    cut = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=-1)
    if cut < 0:
        return rest, None
    path = rest[cut:]
    return rest[:cut], path if path.startswith("/") else "/" + path


def _split_port(address: str, text: str) -> tuple[str, int | None]:
    if parse_ip(address) is not None:
        return address, None
    if address.startswith("["):
        host, bracket, rest = address[1:].partition("]")
        if not bracket or parse_ip(host) is None or (rest and not rest.startswith(":")):
            _refuse(text, "an IPv6 address in brackets is expected")
        return host, _port(rest[1:], text) if rest else None
    host, colon, port = address.partition(":")
    if ":" in port:
        _refuse(text, "an IPv6 address with a port needs brackets: [::1]:80")
    if not host:
        _refuse(text, "the host is missing")
    return _host(host, text), _port(port, text) if colon else None


def _host(host: str, text: str) -> str:
    """Return a host as clients send it: IDNA where it is not ASCII."""
    odd = next((one for one in host if one in _NEVER_IN_A_HOST or not one.isprintable()), None)
    if odd is not None:
        _refuse(text, f"{odd!r} is never in a host")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        _refuse(text, f"{host!r} is not a host")


def _port(digits: str, text: str) -> int:
    if not (digits.isascii() and digits.isdigit()) or not 1 <= int(digits[:6]) <= 65535:
        _refuse(text, f"{digits!r} is not a port")
    return int(digits)


def _refuse(text: str, reason: str) -> NoReturn:
    raise UsageError(f"the target {text!r} cannot be read: {reason}", hint=_HINT)

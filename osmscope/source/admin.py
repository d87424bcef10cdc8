"""An Envoy's admin interface: two questions, asked over HTTP.

Decision: read-only by construction. Only GET, only paths that change nothing, one deadline for the
whole answer and a limit for its size; redirects are not followed and no proxy of the environment
is used, because an admin address is a neighbour.
"""

import io
import os
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from osmscope.errors import SourceError, UnreachableError
from osmscope.source.files import MAXIMUM_SIZE, Source

if TYPE_CHECKING:
    import httpx

PATHS = {
    "config_dump": "/config_dump?include_eds",
    "clusters": "/clusters?format=json",
}
"""What can be asked for."""

DEADLINE = 30.0
"""Seconds for a whole answer."""

_SCHEMES = ("http", "https", "unix")


def is_admin_address(location: str) -> bool:
    """Whether a location is the address of an admin interface, not a path."""
    return location.startswith(tuple(f"{scheme}://" for scheme in _SCHEMES))


def read_admin(
    location: str, what: str, *, deadline: float = DEADLINE, limit: int = MAXIMUM_SIZE
) -> Source:
    """Ask an Envoy.

    Args:
        location: "http://host:port" or "unix:///path/of/the/socket"; a path after it is left out.
        what: "config_dump" or "clusters".
        deadline: Seconds for the whole answer.
        limit: The most that is accepted, in bytes.

    Raises:
        UnreachableError: Nobody answers there, or not in time.
        SourceError: It is not an address, or does not answer as Envoy does.
    """
    import httpx

    base, socket = _target(location)
    if socket is not None and not os.path.exists(socket):
        raise UnreachableError("no such socket", where=socket, hint="check that Envoy runs")
    path = PATHS[what]
    where = base + path if socket is None else f"{location} {path}"
    end = time.monotonic() + deadline
    transport = httpx.HTTPTransport(uds=socket, verify=base.startswith("https:"))
    try:
        with (
            httpx.Client(transport=transport, timeout=deadline, trust_env=False) as client,
            client.stream("GET", base + path) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise SourceError(
                    f"the answer is HTTP {response.status_code}, not 200",
                    where=where,
                    hint="give the address of an Envoy's admin interface",
                )
            return Source(_body(response, where, end, limit), where)
    except (httpx.TimeoutException, TimeoutError):
        raise UnreachableError(
            f"no whole answer within {deadline:g} seconds",
            where=where,
            hint="check that the address is an Envoy's admin interface",
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnreachableError(
            f"cannot be reached: {error}",
            where=where,
            hint="check that Envoy runs and that its admin port is forwarded to here",
        ) from None


def _target(location: str) -> tuple[str, str | None]:
    """The base URL, and the path of a Unix socket where it is one."""
    try:
        parts = urlsplit(location)
        if parts.scheme == "unix" and parts.path:
            return "http://envoy", unquote(parts.path)
        if parts.scheme in ("http", "https") and parts.hostname:
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", None
    except ValueError:
        pass
    raise SourceError(
        "not an admin address",
        where=location,
        hint="give http://HOST:PORT or unix:///PATH/OF/SOCKET",
    )


def _body(response: "httpx.Response", where: str, end: float, limit: int) -> bytes:
    body = io.BytesIO()
    for chunk in response.iter_bytes():
        if body.tell() + len(chunk) > limit:
            raise SourceError(
                f"the answer is larger than {limit} bytes",
                where=where,
                hint="give the address of an Envoy's admin interface",
            )
        body.write(chunk)
        if time.monotonic() > end:
            raise TimeoutError
    return body.getvalue()

"""An Envoy's admin interface: a fixed list of questions that change nothing.

Decision: read-only by construction. What may be asked stands in `QUESTIONS`; a caller gives values
for the parameters of a question, each encoded, and nothing else of the address. Only GET; one
question at a time for each address, whoever asks; one deadline for the whole answer and a limit
for its size. What answers otherwise than an Envoy does is as good as nobody: `UnreachableError`.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

import msgspec

from osmscope.errors import RefusedError, SourceError, UnreachableError
from osmscope.source.files import Source

if TYPE_CHECKING:
    from osmscope.source.http_get import Address, Answer

DEADLINE = 30.0
"""Seconds for a whole answer."""

LIMIT = 1 << 29
"""The most that is accepted of an answer, in bytes."""

_SCHEMES = ("http", "https", "unix")
_GIVE_ADMIN = "give the address of an Envoy's admin interface"
_SHOWN = 160
_REMEMBERED = 200
_OK = 200


class Question(msgspec.Struct, frozen=True):
    """Something that may be asked."""

    path: str
    fixed: tuple[str, ...] = ()
    """Parameters that are always sent."""
    parameters: tuple[str, ...] = ()
    """Parameters that may be given a value."""
    flags: tuple[str, ...] = ()
    """Parameters without a value that may be sent."""
    is_json: bool = True
    statuses: tuple[int, ...] = (_OK,)
    """What is an answer, and no refusal."""


QUESTIONS: Mapping[str, Question] = {
    "config_dump": Question(
        "/config_dump", parameters=("resource", "mask", "name_regex"), flags=("include_eds",)
    ),
    "clusters": Question("/clusters", fixed=("format=json",), parameters=("filter",)),
    "listeners": Question("/listeners", fixed=("format=json",)),
    "server_info": Question("/server_info"),
    "certs": Question("/certs"),
    "init_dump": Question("/init_dump"),
    "stats": Question("/stats", parameters=("filter",), flags=("usedonly",), is_json=False),
    "ready": Question("/ready", is_json=False, statuses=(_OK, 503)),
}
"""All that is ever asked of an Envoy."""


class Asked(msgspec.Struct, frozen=True):
    """One question that was answered."""

    path: str
    size: int
    """Bytes of the answer."""
    seconds: float


class Account:
    """What was asked of an Envoy, and what it cost."""

    def __init__(self) -> None:
        self.questions = 0
        self.bytes = 0
        self.recent: deque[Asked] = deque(maxlen=_REMEMBERED)
        """The last of them."""

    def add(self, asked: Asked) -> None:
        """Count one more."""
        self.questions += 1
        self.bytes += asked.size
        self.recent.append(asked)


def is_admin_address(location: str) -> bool:
    """Whether a location is the address of an admin interface, not a path."""
    return location.startswith(tuple(f"{scheme}://" for scheme in _SCHEMES))


class Admin:
    """One Envoy's admin interface.

    Args:
        location: "http://host:port" or "unix:///path/of/the/socket"; a path after it is left out.
        deadline: Seconds for each whole answer.
        limit: The most that is accepted of an answer, in bytes.

    Raises:
        SourceError: It is not an address.
    """

    def __init__(self, location: str, *, deadline: float = DEADLINE, limit: int = LIMIT) -> None:
        base, self._socket = _target(location)
        self.location = location if self._socket is not None else base
        self.deadline = deadline
        self.account = Account()
        self._base = base
        self._limit = limit
        self._address: Address | None = None
        self._lock = _lock_of(self.location)

    def ask(self, what: str, *flags: str, **parameters: str) -> Source:
        """Ask a question.

        Args:
            what: A key of `QUESTIONS`.
            flags: Parameters of it that have no value, as "include_eds".
            parameters: Values for others, as they are; "" leaves one out.

        Raises:
            RefusedError: Envoy answers, but not this.
            UnreachableError: Nobody answers there, not in time, or not as Envoy does.
        """
        path = path_of(what, *flags, **parameters)
        where = self._base + path if self._socket is None else f"{self.location} {path}"
        where = where if len(where) <= _SHOWN else where[:_SHOWN] + "…"
        if self._socket is not None and not os.path.exists(self._socket):
            hint = "check that Envoy runs"
            raise UnreachableError("no such socket", where=self._socket, hint=hint)
        with self._turn(where):
            start = time.monotonic()
            data = self._fetch(QUESTIONS[what], path, where)
            self.account.add(Asked(path, len(data), time.monotonic() - start))
        return Source(data, where)

    def close(self) -> None:
        """Close the connection; the next question makes a new one."""
        if self._address is not None:
            self._address.close()
            self._address = None

    @contextlib.contextmanager
    def _turn(self, where: str) -> Iterator[None]:
        """Wait until no other question is under way at this address."""
        if not self._lock.acquire(timeout=self.deadline):
            raise UnreachableError(
                f"busy for {self.deadline:g} seconds with what was asked before",
                where=where,
                hint="ask again, or give more time with --request-timeout",
            )
        try:
            yield
        finally:
            self._lock.release()

    def _fetch(self, question: Question, path: str, where: str) -> bytes:
        import httpcore

        from osmscope.source.http_get import Address

        if self._address is None:
            self._address = Address(self._base, self._socket)
        try:
            with self._address.get(path, deadline=self.deadline) as answer:
                return _body(answer, question, where, self._limit)
        except httpcore.TimeoutException:
            raise UnreachableError(
                f"no whole answer within {self.deadline:g} seconds",
                where=where,
                hint="check that it is Envoy's admin interface, or raise --request-timeout",
            ) from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            said = re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__
            raise UnreachableError(
                f"cannot be reached: {said}",
                where=self.location if isinstance(error, httpcore.NetworkError) else where,
                hint="check that Envoy runs and that its admin port is forwarded to here",
            ) from None


def read_admin(
    location: str, what: str, *, deadline: float = DEADLINE, limit: int = LIMIT
) -> Source:
    """Ask an Envoy for the whole of something, once.

    Args:
        location: See `Admin`.
        what: A key of `QUESTIONS`; a config dump comes with its endpoints.
        deadline: Seconds for the whole answer.
        limit: The most that is accepted, in bytes.

    Raises:
        SourceError: It is not an address.
        UnreachableError: Nobody answers there, not in time, or not as Envoy does.
    """
    admin = Admin(location, deadline=deadline, limit=limit)
    try:
        return admin.ask(what, *QUESTIONS[what].flags if what == "config_dump" else ())
    finally:
        admin.close()


def path_of(what: str, *flags: str, **parameters: str) -> str:
    """Write the path and query of a question; every value is encoded.

    Raises:
        ValueError: It is none of the questions, or has no such parameter.
    """
    question = QUESTIONS.get(what)
    if question is None or not {*flags} <= {*question.flags}:
        raise ValueError(f"not a question: {what} {flags}")
    unknown = parameters.keys() - {*question.parameters}
    if unknown:
        raise ValueError(f"{what} has no parameter {sorted(unknown)}")
    given = [f"{name}={quote(value, safe='')}" for name, value in parameters.items() if value]
    query = "&".join((*question.fixed, *flags, *given))
    return f"{question.path}?{query}" if query else question.path


_LOCKS: dict[str, threading.Lock] = {}
_LOCKS_LOCK = threading.Lock()


def _lock_of(location: str) -> threading.Lock:
    """The lock of an address, which all of this process share."""
    with _LOCKS_LOCK:
        return _LOCKS.setdefault(location, threading.Lock())


def _target(location: str) -> tuple[str, str | None]:
    """The base URL, and the path of a Unix socket where it is one."""
    try:
        parts = urlsplit(location)
        if parts.scheme == "unix" and parts.path:
            return "http://envoy", unquote(parts.path)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", None
    except ValueError:
        pass
    raise SourceError(
        "not an admin address",
        where=location,
        hint="give http://HOST:PORT or unix:///PATH/OF/SOCKET",
    )


def _body(answer: Answer, question: Question, where: str, limit: int) -> bytes:
    """Read an answer as long as it looks like one of Envoy's."""
    if answer.status not in question.statuses:
        raise _refused(answer, where)
    kind = answer.headers.get("content-type", "")
    if "html" in kind:
        raise _not_envoy("the answer is a web page", where)
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise _not_envoy("the answer is compressed, which was not asked for", where)
    body = io.BytesIO()
    for chunk in filter(None, answer.chunks):
        if question.is_json and not body.tell() and not chunk.lstrip().startswith(b"{"):
            raise _not_envoy("the answer is no JSON object", where)
        if body.tell() + len(chunk) > limit:
            raise _not_envoy(f"the answer is larger than {limit} bytes", where)
        body.write(chunk)
    if question.is_json and not _is_closed(body):
        raise _not_envoy("the answer ends in the middle", where)
    return body.getvalue()


def _is_closed(body: io.BytesIO) -> bool:
    """Whether the last that was read closes an object."""
    body.seek(max(0, body.tell() - 16))
    return body.read().rstrip().endswith(b"}")


def _refused(answer: Answer, where: str) -> UnreachableError:
    if 300 <= answer.status < 400:
        to = answer.headers.get("location", "")
        what = f"the answer is HTTP {answer.status}, a redirect to {to!r}, which is not followed"
        return _not_envoy(what, where)
    said = b""
    for chunk in answer.chunks:
        said += chunk
        if len(said) >= _SHOWN:
            break
    words = " ".join(said[:_SHOWN].decode("utf-8", "replace").split())
    what = f"the answer is HTTP {answer.status}, not 200"
    is_envoys = answer.headers.get("content-type", "").startswith("text/plain") and words
    return RefusedError(
        f"{what}: {words}" if is_envoys else what,
        where=where,
        hint=_GIVE_ADMIN,
        status=answer.status,
    )


def _not_envoy(what: str, where: str) -> UnreachableError:
    return UnreachableError(what, where=where, hint=_GIVE_ADMIN)

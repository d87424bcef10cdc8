"""The requests that were asked before, kept between runs.

Decision: a file in the platform's place for state, readable by its owner alone, bounded, and
without credentials: of a header that may hold one, only the name is kept. A file that cannot be
read or written costs the history and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path

import msgspec

from osmscope.errors import UsageError
from osmscope.session.request_form import RequestForm
from osmscope.trace.target import parse_target

MOST = 100
"""How many requests are kept."""
_KEPT_OUT = "…"
_SECRET = re.compile(r"auth|cookie|token|secret|key|session|password|credential", re.IGNORECASE)
_LONGEST = 4096
"""The longest text that is kept; nobody types more."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request that was asked."""

    sidecar: str
    """What the sidecar was called."""
    form: RequestForm


class RequestHistory:
    """Requests, the last one first.

    Args:
        path: The file; None to keep nothing between runs.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._asked: list[Asked] | None = None

    @property
    def asked(self) -> list[Asked]:
        """All requests, the last one first."""
        if self._asked is None:
            self._asked = self._load()
        return self._asked

    def add(self, sidecar: str, form: RequestForm) -> None:
        """Note a request; one that was asked before moves to the front."""
        kept = _without_secrets(form)
        if kept is None:
            return
        new = Asked(sidecar=sidecar, form=kept)
        self._asked = [new, *(one for one in self.asked if one != new)][:MOST]
        self._save()

    def _load(self) -> list[Asked]:
        if self._path is None:
            return []
        try:
            data = self._path.read_bytes()
        except OSError:
            return []
        found = []
        for line in data.splitlines()[:MOST]:
            with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
                found.append(msgspec.json.decode(line, type=Asked))
        return found

    def _save(self) -> None:
        if self._path is None:
            return
        data = b"".join(msgspec.json.encode(one) + b"\n" for one in self.asked)
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # mkstemp makes a file that its owner alone can read.
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".requests-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                os.replace(name, self._path)
            except OSError:
                os.unlink(name)


def default_path() -> Path:
    """Return the platform's place for the history."""
    import platformdirs

    return platformdirs.user_state_path("osmscope", appauthor=False) / "requests.jsonl"


def _without_secrets(form: RequestForm) -> RequestForm | None:
    """Return a form without credentials; None for one that is not to be kept."""
    target = form.text("target").strip()
    if not target or target.startswith("curl "):
        return None
    if any(len(text) > _LONGEST for text in (*form.values.values(), *form.headers)):
        return None
    values = {name: text for name, text in form.values.items() if text.strip()}
    try:
        has_password = bool(parse_target(target).authorization)
    except UsageError:
        return None
    if has_password:
        before, _, after = target.rpartition("@")
        scheme, separator, _ = before.partition("://")
        values["target"] = f"{scheme}{separator}{after}" if separator else after
    return RequestForm(values, tuple(map(_kept_header, filter(str.strip, form.headers))))


def _kept_header(text: str) -> str:
    name, colon, value = text.partition(":")
    return f"{name}: {_KEPT_OUT}" if colon and value.strip() and _SECRET.search(name) else text

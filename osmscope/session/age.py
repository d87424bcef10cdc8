"""How old what an answer rests on is, and what it cost the sidecar.

Decision: a capture is as old as its manifest says; of anything else that was read from a file only
the last change of the configuration is known, which it is at least as young as. The clock is the
caller's.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from osmscope.session.sources import Sidecar

_FRACTION = re.compile(r"\.\d+")
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer rests on."""

    live: bool
    last_updated: str = ""
    """When the newest of what was read was delivered, as Envoy prints it; "" where unknown."""
    captured_at: str = ""
    """When it was captured; "" where live, or unknown."""
    questions: int | None = None
    """How many questions a live sidecar was asked; None where it is not live."""
    bytes: int | None = None
    """The bytes of its answers."""

    def words(self, now: datetime) -> str:
        """Say it on a line.

        Args:
            now: The time it is, with its zone.
        """
        parts = ["live" if self.live else ""]
        if self.questions is not None and self.bytes is not None:
            noun = "question" if self.questions == 1 else "questions"
            parts.append(f"{self.questions} {noun} asked, {size_words(self.bytes)}")
        if self.captured_at:
            parts.append(f"captured {_ago(self.captured_at, now)}")
        elif self.last_updated:
            parts.append(f"last changed {_ago(self.last_updated, now)}")
        return "; ".join(filter(None, parts)) or "of an unknown time"


def data_of(sidecar: Sidecar) -> Data:
    """Say what was read of a sidecar so far."""
    account = sidecar.account
    return Data(
        live=sidecar.is_live,
        last_updated=sidecar.proxy.dump.newest_update(),
        captured_at=sidecar.captured_at,
        questions=account.questions if account is not None else None,
        bytes=account.bytes if account is not None else None,
    )


def size_words(size: int) -> str:
    """Write a number of bytes: `213 KiB`."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size} {unit}"
        size = round(size / 1024)
    return f"{size} GiB"


def _ago(moment: str, now: datetime) -> str:
    """Write a moment as Envoy prints it, and how long ago that is."""
    shown = _FRACTION.sub("", moment).replace("T", " ")
    try:
        # Envoy prints up to nine digits of a second, of which Python reads six.
        then = datetime.fromisoformat(_FRACTION.sub("", moment).replace("Z", "+00:00"))
    except ValueError:
        return shown
    seconds = int((now - then.replace(tzinfo=then.tzinfo or UTC)).total_seconds())
    if seconds < 0:
        return f"{shown}, by its own clock"
    for length, name in _UNITS:
        if seconds >= length:
            count = seconds // length
            return f"{count} {name}{'' if count == 1 else 's'} ago ({shown})"
    return f"just now ({shown})"

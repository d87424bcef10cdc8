"""A live sidecar's admin interface: the way to it, what was asked of it, and whether it moved.

Decision: the way (a port-forward, where it is a pod) is opened with the first question and kept for
the next; a question that fails closes it, and the next one opens another. So a sidecar can be
asked for as long as it is looked at, also after it was away.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Self

from osmscope.dump.live import LiveDump
from osmscope.dump.live_clusters import LiveClusters
from osmscope.dump.live_versions import Moved, moved
from osmscope.errors import RefusedError, SourceError, UnreachableError
from osmscope.source.admin import Account, Admin
from osmscope.source.files import Source

Opening = Callable[[], AbstractContextManager[str]]
"""Opens a way to an admin interface, and gives its address for as long as the context lasts."""


class Way:
    """Puts questions to an admin interface.

    Args:
        opening: Opens a way to it.
        deadline: Seconds for each whole answer.
    """

    def __init__(self, opening: Opening, *, deadline: float) -> None:
        self.account = Account()
        """What was asked so far."""
        self._opening = opening
        self._deadline = deadline
        self._stack = contextlib.ExitStack()
        self._admin: Admin | None = None
        weakref.finalize(self, self._stack.close)

    def ask(self, what: str, *flags: str, **parameters: str) -> Source:
        """Ask one question; see `Admin.ask`.

        Raises:
            SourceError: There is no way to it, or it is no address.
            RefusedError: Envoy answers, but not this.
            UnreachableError: It does not answer in time, or not as Envoy does.
        """
        if self._admin is None:
            address = self._stack.enter_context(self._opening())
            self._admin = Admin(address, deadline=self._deadline)
            self._admin.account = self.account
            self._stack.callback(self._admin.close)
        try:
            return self._admin.ask(what, *flags, **parameters)
        except RefusedError:
            raise
        except SourceError as error:
            self._admin = None
            # The way may know better what happened, and raise that instead.
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise

    def stats(self, pattern: str) -> Source:
        """Ask for the counters that fit a pattern and were ever used; raises as `ask`."""
        return self.ask("stats", "usedonly", filter=pattern)

    def close(self) -> None:
        """Close the way; the next question opens another."""
        self._admin = None
        self._stack.close()


class Live:
    """A sidecar that is asked for what is needed.

    Args:
        way: Who is asked.
        dump: Its configuration.
    """

    def __init__(self, way: Way, dump: LiveDump) -> None:
        self.way = way
        self.dump = dump
        self.clusters = LiveClusters(way, dump)
        if dump.bootstrap is None:
            raise UnreachableError(
                "the answer has no bootstrap in it",
                where=dump.where,
                hint="give the address of an Envoy's admin interface",
            )

    @classmethod
    def open(cls, opening: Opening, *, where: str, deadline: float) -> Self:
        """Ask who it is.

        Args:
            opening: Opens a way to its admin interface.
            where: What it is called, for errors and headlines.
            deadline: Seconds for each whole answer.

        Raises:
            SourceError: There is no way to it, or it is no address.
            UnreachableError: Nobody answers there as Envoy does.
        """
        way = Way(opening, deadline=deadline)
        return cls(way, LiveDump(way, where=where))

    def moved(self) -> tuple[Moved, ...]:
        """Say what of that which was read is another version by now.

        Raises:
            UnreachableError: The sidecar does not answer.
        """
        return moved(self.way, self.dump)

    def renewed(self, kinds: Collection[str] | None = None) -> Self:
        """Return the same sidecar with nothing known of its hosts and of some kinds.

        Args:
            kinds: As in `Entry.kind`; None for all.

        Raises:
            UnreachableError: The sidecar does not answer.
        """
        where = self.dump.where
        dump = LiveDump(self.way, where=where) if kinds is None else self.dump.renewed(kinds)
        return type(self)(self.way, dump)

    def close(self) -> None:
        """Close the way to it; a later question opens it again."""
        self.way.close()

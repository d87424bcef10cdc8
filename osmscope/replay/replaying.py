"""A whole access log against one sidecar, line by line, in constant memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import msgspec

from osmscope.errors import SourceError
from osmscope.replay.asking import Asking
from osmscope.replay.configured import configured
from osmscope.replay.detection import FIRST_LINES, detect
from osmscope.replay.judging import AGREES, Judge
from osmscope.replay.log_format import LogFormat
from osmscope.replay.tally import Tally
from osmscope.resources.proxy import Proxy
from osmscope.trace.batch import Answering
from osmscope.trace.completion import Completion
from osmscope.trace.request import Direction

_HINT = "name its format string with --format"


class Replayed(msgspec.Struct, frozen=True):
    """What was found, and how the lines were read."""

    tally: Tally
    format: str


class Replay:
    """Asks one sidecar about logs.

    Args:
        proxy: The sidecar.
        tracer: What answers a request about it.
        completion: What fills in a destination that is not logged.
        address: The sidecar's own address; "" where it is not known.
        direction: Which side all lines are of; None where each line is to tell.
    """

    def __init__(
        self,
        proxy: Proxy,
        tracer: Answering,
        completion: Completion,
        *,
        address: str = "",
        direction: Direction | None = None,
    ) -> None:
        self._configured = configured(proxy)
        self._asking = Asking(
            proxy, completion, self._configured, address=address, direction=direction
        )
        self._judge = Judge(proxy, tracer, self._asking, self._configured)

    def run(
        self, lines: Iterable[bytes], *, where: str, log_format: LogFormat | None = None
    ) -> Replayed:
        """Judge every line.

        Args:
            lines: The lines; blank ones do not count.
            where: Their place, for errors.
            log_format: What reads them; None to tell it from the first ones.

        Raises:
            SourceError: Not one line can be read.
        """
        rest = iter(lines)
        chosen = log_format
        if chosen is None:
            first = list(itertools.islice((line for line in rest if line.strip()), FIRST_LINES))
            rest = itertools.chain(first, rest)
            chosen = detect(first, self._configured)
            if first and chosen is None:
                message = f"none of its first {len(first)} lines is of a known format"
                raise SourceError(message, where=where, hint=_HINT)
        tally = Tally()
        if chosen is not None:
            self._count(rest, chosen, tally)
        if tally.lines == tally.unreadable.count:
            what = "not one line can be read" if tally.lines else "there is no line in it"
            raise SourceError(what, where=where, hint=_HINT)
        return Replayed(tally, chosen.name if chosen is not None else "")

    def _count(self, lines: Iterable[bytes], log_format: LogFormat, tally: Tally) -> None:
        for number, line in enumerate(lines, 1):
            logged = log_format.read(line)
            if logged is None:
                if line.strip():
                    tally.unreadable.add(number, line.decode("utf-8", "replace"))
                continue
            side = self._asking.direction(logged) or ""
            tally.directions[side] = tally.directions.get(side, 0) + 1
            judgement = self._judge.judge(logged)
            if judgement == AGREES:
                tally.agree += 1
            elif judgement.untold or judgement.difference is None:
                tally.add_untold(judgement.untold, number, logged.summary())
            else:
                tally.add_difference(judgement.difference, number, logged.summary())

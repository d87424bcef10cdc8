"""Counts of what was found, in bounded memory.

Decision: differences are counted by (kind, was, now), with the first few lines of each; beyond a
number of different ones, those of a kind are counted together. No text is kept in full.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from osmscope.replay.comparing import KINDS, Difference, Kind

MOST_KEYS = 500
MOST_EXAMPLES = 3
OTHER = "(others)"
_LONGEST = 300


class Example(msgspec.Struct, frozen=True):
    """One line."""

    line: int
    text: str


class Count(msgspec.Struct):
    """How often, and the first lines."""

    count: int = 0
    examples: list[Example] = []

    def add(self, number: int, text: str) -> None:
        """Count a line."""
        self.count += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(Example(number, shortened(text)))


class Tally:
    """What was found of a log's lines so far."""

    def __init__(self) -> None:
        self.agree = 0
        self.unreadable = Count()
        self.directions: dict[str, int] = {}
        """How many lines were read as which side's; "" for either."""
        self._differences: dict[tuple[Kind, str, str], Count] = {}
        self._untold: dict[str, Count] = {}

    @property
    def differ(self) -> int:
        """How many lines would differ."""
        return sum(count.count for count in self._differences.values())

    @property
    def untold(self) -> int:
        """How many lines could not be told."""
        return sum(count.count for count in self._untold.values())

    @property
    def lines(self) -> int:
        """How many lines were counted."""
        return self.agree + self.differ + self.untold + self.unreadable.count

    def add_difference(self, difference: Difference, number: int, text: str) -> None:
        """Count a line that would differ."""
        key = (difference.kind, shortened(difference.was), shortened(difference.now))
        if key not in self._differences and len(self._differences) >= MOST_KEYS:
            key = (difference.kind, OTHER, OTHER)
        self._differences.setdefault(key, Count()).add(number, text)

    def add_untold(self, reason: str, number: int, text: str) -> None:
        """Count a line of which cannot be told whether it would differ."""
        key = shortened(reason)
        if key not in self._untold and len(self._untold) >= MOST_KEYS:
            key = OTHER
        self._untold.setdefault(key, Count()).add(number, text)

    def differences(self) -> list[tuple[Difference, Count]]:
        """List the differences by kind, the most frequent first."""
        ordered = sorted(
            self._differences.items(), key=lambda item: (KINDS.index(item[0][0]), -item[1].count)
        )
        return [(Difference(kind=kind, was=was, now=now), n) for (kind, was, now), n in ordered]

    def reasons(self) -> Mapping[str, Count]:
        """List why lines could not be told, the most frequent first."""
        return dict(sorted(self._untold.items(), key=lambda item: -item[1].count))


def shortened(text: str) -> str:
    """Cut a text that nobody would read to its end."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"

"""What a rule answers: match, no match or unknown, with the reason in words.

Three values, because a dump cannot hold everything: what an external service, a script or a
missing fact of the request would decide is unknown, is named, and is passed on. The verdict
never guesses.
"""

import enum
from collections.abc import Iterable

import msgspec


class Outcome(enum.Enum):
    """The three values of a rule's answer."""

    MATCH = "match"
    NO_MATCH = "no_match"
    UNKNOWN = "unknown"


class Match(msgspec.Struct, frozen=True):
    """A rule's answer."""

    outcome: Outcome
    reason: str = ""
    """A clause in words, without a full stop: 'path "/a" does not start with "/b"'."""
    consulted: tuple[str, ...] = ()
    """The fields that decided, as paths within the resource: ("headers[1].string_match",)."""
    missing: str = ""
    """For unknown: the fact that is missing, as a noun: 'the source IP'."""

    @property
    def is_match(self) -> bool:
        """Whether it certainly matches."""
        return self.outcome is Outcome.MATCH

    @property
    def is_unknown(self) -> bool:
        """Whether a missing fact decides."""
        return self.outcome is Outcome.UNKNOWN

    def within(self, path: str) -> "Match":
        """Return the same answer with its consulted fields put below `path`."""
        fields = tuple(f"{path}.{field}" if field else path for field in self.consulted) or (path,)
        return Match(self.outcome, self.reason, fields, self.missing)


MATCH = Match(Outcome.MATCH)
"""A match that needs no words: nothing was asked for."""


def matched(reason: str, *consulted: str) -> Match:
    """Answer that it matches."""
    return Match(Outcome.MATCH, reason, consulted)


def missed(reason: str, *consulted: str) -> Match:
    """Answer that it does not match."""
    return Match(Outcome.NO_MATCH, reason, consulted)


def unknown(missing: str, *consulted: str) -> Match:
    """Answer that a fact is missing, which is named as a noun."""
    return Match(Outcome.UNKNOWN, f"{missing} is not known", consulted, missing)


def decided(fits: bool, reason: str, *consulted: str) -> Match:
    """Answer match or no match by a condition that is known."""
    return Match(Outcome.MATCH if fits else Outcome.NO_MATCH, reason, consulted)


def negated(match: Match) -> Match:
    """Turn match into no match and the reverse; unknown stays unknown."""
    if match.outcome is Outcome.UNKNOWN:
        return match
    outcome = Outcome.NO_MATCH if match.outcome is Outcome.MATCH else Outcome.MATCH
    return Match(outcome, match.reason, match.consulted)


def all_of(matches: Iterable[Match]) -> Match:
    """Join by and: the first that fails decides, else the first unknown; empty is a match.

    Evaluation stops at the first failure, as Envoy's does.
    """
    unknown_match: Match | None = None
    last = MATCH
    for match in matches:
        if match.outcome is Outcome.NO_MATCH:
            return match
        if match.outcome is Outcome.UNKNOWN:
            unknown_match = unknown_match or match
        last = match
    return unknown_match or last


def any_of(matches: Iterable[Match], nothing: Match) -> Match:
    """Join by or: the first that matches decides, else the first unknown.

    Args:
        matches: The alternatives, in order; evaluation stops at the first match.
        nothing: The answer where there is no alternative; else the last failure is the answer.
    """
    unknown_match: Match | None = None
    last = nothing
    for match in matches:
        if match.outcome is Outcome.MATCH:
            return match
        if match.outcome is Outcome.UNKNOWN:
            unknown_match = unknown_match or match
        last = match
    return unknown_match or last

"""Names as regular expressions, as an Envoy takes them for a filter.

Decision: a pattern fits the names as wholes and nothing else, whatever they contain, and is kept
short: RE2 refuses what it would need too much memory for, and Envoy takes 60 KB of headers.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

_LONGEST = 4000
_MOST_QUESTIONS = 10


def are_too_many(names: Sequence[str]) -> bool:
    """Whether it is better to ask for all there are than for each of the names."""
    return sum(map(len, names)) > _LONGEST * _MOST_QUESTIONS


def patterns(names: Iterable[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Write names as RE2 patterns.

    Yields:
        Some of the names, and the pattern that fits them, and what has no name at all: Envoy up to
        1.18 has endpoints without one.
    """
    part: list[str] = []
    size = 0
    for name in names:
        escaped = re.escape(name)
        if part and size + len(escaped) > _LONGEST:
            yield tuple(part), _pattern(part)
            part, size = [], 0
        part.append(name)
        size += len(escaped) + 1
    if part:
        yield tuple(part), _pattern(part)


def _pattern(names: list[str]) -> str:
    return f"^(?:{'|'.join(map(re.escape, names))}|)$"

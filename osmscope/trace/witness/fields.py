"""What a proposal says of a request: some fields of a request line, joined to others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice, product

import msgspec

from osmscope.trace.request import CertificateFacts, TraceRequest

Fields = dict[str, object]


def merged(*parts: Fields) -> Fields:
    """Join fields, later ones first; headers and the names of a certificate are joined too."""
    joined: Fields = {}
    for part in parts:
        for name, value in part.items():
            joined[name] = _both(joined.get(name), value)
    return joined


def _both(before: object, after: object) -> object:
    if isinstance(before, dict) and isinstance(after, dict):
        return {**before, **after}
    if isinstance(before, CertificateFacts) and isinstance(after, CertificateFacts):
        return CertificateFacts(
            uri_sans=(*before.uri_sans, *after.uri_sans),
            dns_sans=(*before.dns_sans, *after.dns_sans),
            subject=after.subject or before.subject,
            trusted=after.trusted if after.trusted is not None else before.trusted,
        )
    return after


def request_of(fields: Fields) -> TraceRequest:
    """Make a request of fields; a header that is None is not sent."""
    headers = fields.get("headers")
    if isinstance(headers, dict):
        sent = {name: value for name, value in headers.items() if value is not None}
        fields = {**fields, "headers": sent or None}
    return msgspec.structs.replace(TraceRequest(), **fields)


def nearest_first(*choices: Sequence[Fields], most: int) -> Iterator[Fields]:
    """Yield one of each, joined: first the first of all, then those with few departures from it.

    Args:
        choices: What can be chosen, each in the order of preference.
        most: How many are yielded at most.
    """
    for places in islice(_places([len(listed) for listed in choices]), most):
        yield merged(*(listed[index] for listed, index in zip(choices, places, strict=True)))


def _places(sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    if not all(sizes):
        return
    for departures in range(len(sizes) + 1):
        for which in combinations(range(len(sizes)), departures):
            for others in product(*(range(1, sizes[place]) for place in which)):
                taken = dict(zip(which, others, strict=True))
                yield tuple(taken.get(place, 0) for place in range(len(sizes)))

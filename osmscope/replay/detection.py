"""Which format the lines of a file have.

Decision: asked in this order: the JSON keys that meshes use, together with those that the dump's
own access logs name; the text formats of the dump; Istio's and Envoy's own. The first lines vote,
so that a message of another kind among them does not decide.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from osmscope.errors import UsageError
from osmscope.replay.configured import Configured
from osmscope.replay.json_format import JsonFormat, flattened
from osmscope.replay.log_format import (
    ENVOY_TEXT,
    ISTIO_TEXT,
    JSON_KEYS,
    LogFormat,
    TextFormat,
)

FIRST_LINES = 50
"""How many lines are looked at."""


def detect(lines: Sequence[bytes], configured: Configured) -> LogFormat | None:
    """Choose the format that fits most of a file's first lines; None where none fits any.

    Args:
        lines: The first lines.
        configured: What the dump says of access logs.
    """
    candidates = tuple(_candidates(configured))
    counts = [sum(one.fits(line) for line in lines) for one in candidates]
    best = max(counts, default=0)
    return candidates[counts.index(best)] if best else None


def _candidates(configured: Configured) -> Iterable[LogFormat]:
    yield JsonFormat({**flattened(JSON_KEYS), **configured.json_keys}, "JSON")
    for text in configured.text_formats:
        # One that names nothing of a request, or cannot be turned round, is of no use here.
        with contextlib.suppress(UsageError):
            yield TextFormat(text, "a text format of the dump")
    yield TextFormat(ISTIO_TEXT, "Istio's text format")
    yield TextFormat(ENVOY_TEXT, "Envoy's default text format")

from __future__ import annotations

import datetime

import pytest

from osmscope.report.inventory.marks import mark_of

TODAY = datetime.date(2026, 11, 24)


@pytest.mark.parametrize(
    ("kind", "cells", "words"),
    [
        ("listener", {"state": "active"}, None),
        ("listener", {"state": "warming"}, "◌ warming"),
        ("listener", {"state": "draining"}, "↓ draining"),
        ("listener", {"state": "error"}, "✗ rejected"),
        ("cluster", {"state": "active", "error": "bad field"}, "✗ rejected"),
        ("cluster", {"endpoints": "3"}, None),
        ("cluster", {"endpoints": "none known", "type": "EDS"}, "! no endpoints"),
        ("cluster", {"endpoints": "none known", "type": "ORIGINAL_DST"}, None),
        ("cluster", {"endpoints": "1 of 3 healthy"}, "! 1 of 3 healthy"),
        ("cluster", {"endpoints": "0 of 3 healthy"}, "✗ unhealthy"),
        ("endpoint", {"health": "healthy"}, None),
        ("endpoint", {"health": "unknown"}, None),
        ("endpoint", {"health": "failed_active_hc"}, "✗ failed_active_hc"),
        ("endpoint", {"health": "unhealthy"}, "✗ unhealthy"),
        ("endpoint", {"health": "draining"}, "! draining"),
        ("secret", {"expires": "2026-12-24"}, None),
        ("secret", {"expires": "2026-12-01"}, "! expires in 7 d"),
        ("secret", {"expires": "2026-11-24"}, "! expires today"),
        ("secret", {"expires": "2026-11-23"}, "✗ expired 2026-11-23"),
        ("secret", {"expires": ""}, None),
        ("route", {}, None),
    ],
)
def test_what_wants_attention_has_a_sign_and_a_word(kind, cells, words):
    mark = mark_of(kind, cells, TODAY)
    assert (mark and f"{mark.sign} {mark.word}") == words

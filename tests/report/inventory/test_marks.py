from __future__ import annotations

import datetime

import pytest

from osmscope.report.inventory.marks import end_mark, mark_of
from osmscope.resources.certificate import Certificate

NOW = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


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
        ("secret", {"expires": "2026-11-23"}, None),
        ("route", {}, None),
    ],
)
def test_what_wants_attention_has_a_sign_and_a_word(kind, cells, words):
    mark = mark_of(kind, cells)
    assert (mark and f"{mark.sign} {mark.word}") == words


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        (-300 * DAY, 30 * DAY, None),
        (-300 * DAY, 6 * DAY, "! expires in 6 days"),
        (0 * DAY, DAY, None),
        (-300 * DAY, -DAY * 3, "✗ expired 3 days ago"),
    ],
    ids=["far", "soon", "one that lives a day", "expired"],
)
def test_a_certificate_is_marked_as_the_list_of_problems_has_it(since, until, words):
    certificate = Certificate(
        names=(), not_before=NOW + since, not_after=NOW + until, subject="", issuer=""
    )
    mark = end_mark(certificate, NOW)
    assert (mark and f"{mark.sign} {mark.word}") == words


def test_what_holds_no_certificate_has_no_end():
    assert end_mark(None, NOW) is None

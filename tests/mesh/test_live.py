"""A mesh that runs now: its sidecars' own dumps, requests through it, and what they logged of each.

It is what ``tests/trace/test_bookstore.py`` does with the recordings, without the recordings.
"""

from __future__ import annotations

import pytest

from tests.mesh.comparison import differences, live_tracers, share_differences
from tests.mesh.record import REQUESTS, count_shares, send_all
from tests.mesh.running import clean, running_mesh, why_not_here
from tests.mesh.topology import Release

REASON = why_not_here()
pytestmark = [
    pytest.mark.live_mesh,
    pytest.mark.skipif(REASON is not None, reason=str(REASON)),
]


@pytest.mark.parametrize("release", list(REQUESTS))
def test_a_live_mesh_does_what_is_traced(release: Release) -> None:
    with running_mesh(release) as running:
        tracers = live_tracers(running)
        happenings = send_all(running, REQUESTS[release])
        shares = count_shares(running)
    assert clean(release) == []
    different = {
        f"{happening['id']} {happening['note']}": found
        for happening in happenings
        if (found := list(differences(tracers, happening)))
    }
    assert different == {}
    assert list(share_differences(tracers, shares)) == []

"""Reading a sidecar of a mesh for a screen: all that can be browsed, and what changed since.

Decision: a live sidecar is asked for what is needed, when it is needed; who browses it needs whole
sections, and must not wait for one in the middle of a keystroke. So they are all asked for before,
one after another, and the user sees how far that has come and can stop it.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from osmscope.diff.resources import ResourceChange, compare
from osmscope.dump.entries import KINDS
from osmscope.session.mesh_model import Member, MemberState
from osmscope.session.sources import Sidecar

_WORDS = {
    "listener": "listeners",
    "cluster": "clusters",
    "route_config": "route tables",
    "scoped_routes": "scoped routes",
    "endpoint": "endpoints",
    "secret": "secrets",
    "ecds_filter": "filters of ECDS",
}

Tell = Callable[[str], bool]
"""Is told what is read next; answers whether to go on."""


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What came of reading a sidecar."""

    sidecar: Sidecar
    is_whole: bool
    """Whether all of it is read."""
    changes: tuple[ResourceChange, ...] = ()
    """What is another one than when it was read before."""


def read_member(member: Member, before: MemberState, *, whole: bool, tell: Tell) -> Loaded | None:
    """Read a sidecar, again if it was read before.

    Args:
        member: The sidecar.
        before: Its state so far.
        whole: Whether all of it is wanted; of a live one, only who it is is read otherwise.
        tell: Is told of each step.

    Returns:
        What was read; None where it was stopped.

    Raises:
        OsmscopeError: It cannot be read.
    """
    sidecar = member.read(before.sidecar)
    is_whole = sidecar.live is None
    if whole and not is_whole:
        if not _read_sections(sidecar, tell):
            return None
        is_whole = True
    if before.sidecar is None or not (is_whole and before.is_whole):
        return Loaded(sidecar=sidecar, is_whole=is_whole)
    found = compare(before.sidecar.proxy, sidecar.proxy)
    return Loaded(sidecar=sidecar, is_whole=is_whole, changes=found)


def _read_sections(sidecar: Sidecar, tell: Tell) -> bool:
    """Read every section of a live sidecar; False where it was stopped."""
    proxy, kinds = sidecar.proxy, tuple(KINDS.values())
    for done, kind in enumerate(kinds):
        if not tell(f"{_WORDS[kind]}, {done + 1} of {len(kinds) + 1}"):
            return False
        if proxy.dump.has(kind):
            proxy.dump.entries(kind)
    if not tell(f"health of endpoints, {len(kinds) + 1} of {len(kinds) + 1}"):
        return False
    if proxy.clusters is not None:
        len(proxy.clusters)  # asks for all of them
    return True

"""What became of the last update of a resource that a request passes.

Decision: what serves decides, and nothing else; that a newer version was rejected or still warms is
no part of the answer, but often the answer to "why does my change not work?".
"""

from collections.abc import Iterator

from osmscope.dump.states import State
from osmscope.resources.proxy import Proxy


def update_notes(proxy: Proxy, kind: str, name: str) -> tuple[str, ...]:
    """Say where Envoy knows a newer version of a resource than the one that serves.

    Args:
        proxy: The sidecar's resources.
        kind: `listener`, `route_config`, `cluster`, …
        name: The resource's name; "" for one without.
    """
    return tuple(_notes(proxy, kind, name)) if name else ()


def _notes(proxy: Proxy, kind: str, name: str) -> Iterator[str]:
    entries = proxy.dump.find(kind, name)
    serves = any(entry.state.serves for entry in entries)
    for entry in entries:
        if entry.state is State.ERROR and entry.error is not None:
            details = entry.error.details or "for a reason that the dump does not give"
            rest = "the previous version serves" if serves else "no version serves"
            yield f"the last update was rejected: {details}; {rest}"
        elif entry.state is State.WARMING:
            rest = "the previous version serves" if serves else "no version serves yet"
            yield f"a newer version is warming; {rest}" if serves else f"it is warming; {rest}"


def warming_names(proxy: Proxy, kind: str) -> tuple[str, ...]:
    """List the resources of a kind that are there and only warming, each once."""
    names = dict.fromkeys(
        entry.name for entry in proxy.dump.entries(kind) if entry.state is State.WARMING
    )
    return tuple(name for name in names if proxy.is_warming(kind, name))

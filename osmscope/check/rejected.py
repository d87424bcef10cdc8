"""Updates that Envoy refused: the resource stays as it was before them, or is not there at all."""

from collections.abc import Iterator

from osmscope.check.finding import Finding
from osmscope.dump.entries import KINDS
from osmscope.dump.states import State
from osmscope.resources.proxy import Proxy


def rejected(proxy: Proxy) -> Iterator[Finding]:
    """Find the resources whose last update was rejected.

    Raises:
        DumpError: A section cannot be read.
    """
    for kind in KINDS.values():
        for entry in proxy.dump.entries(kind):
            if entry.state is not State.ERROR:
                continue
            others = proxy.dump.find(kind, entry.name) if entry.name else ()
            serves = any(other.state.serves for other in others)
            stays = "the version before it serves on" if serves else "nothing serves in its place"
            details = entry.error.details if entry.error is not None else ""
            yield Finding(
                check="rejected",
                severity="error",
                kind=kind,
                name=entry.name,
                words=f"the last update was rejected: {details or 'no reason given'}; {stays}",
                path=entry.path,
            )

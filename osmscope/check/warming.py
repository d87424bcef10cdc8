"""Resources that wait: for endpoints, secrets or route tables that have not come."""

from collections.abc import Iterator

from osmscope.check.finding import Finding
from osmscope.dump.entries import KINDS
from osmscope.dump.states import State
from osmscope.resources.proxy import Proxy


def warming(proxy: Proxy) -> Iterator[Finding]:
    """Find the resources that are delivered and do not serve yet.

    Raises:
        DumpError: A section cannot be read.
    """
    for kind in KINDS.values():
        for entry in proxy.dump.entries(kind):
            if entry.state is not State.WARMING:
                continue
            alone = proxy.is_warming(kind, entry.name)
            yield Finding(
                check="warming",
                severity="error" if alone else "warning",
                kind=kind,
                name=entry.name,
                words="warming: it serves nothing yet"
                if alone
                else "warming: the version before it serves on",
                path=entry.path,
            )

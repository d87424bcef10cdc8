"""A pod that has no sidecar: for all that asks one an error, for a trace an answer.

Decision: where its requests go is told as for any pod, because nothing intercepts them. Of such a
pod only what Kubernetes says is known, which is put around a proxy that holds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from osmscope.dump.sections import Dump
from osmscope.errors import UnreachableError
from osmscope.resources.proxy import Proxy
from osmscope.rules.interception import Redirection
from osmscope.session.sources import Sidecar, SourceOptions, read_sidecar
from osmscope.source.kubernetes_lists import PodFacts

_NOTHING = b'{"configs": []}'


class NoSidecarError(UnreachableError):
    """A pod has no sidecar.

    Args:
        facts: The pod.
        where: Where it is.
        known: Puts what is known around it to a sidecar.
    """

    def __init__(self, facts: PodFacts, *, where: str, known: Callable[[Sidecar], Sidecar]) -> None:
        names = ", ".join(one.name for one in facts.spec.staying_containers)
        self.reason = f"pod {facts.full_name} has no sidecar, only {names or 'no containers'}"
        self.known = known
        super().__init__(
            f"{self.reason}: its traffic goes straight to where it is sent",
            where=where,
            hint="give --admin-port PORT if one of them is an Envoy",
        )


def read_for_trace(source: str | None, options: SourceOptions) -> Sidecar:
    """Read the sidecar that SOURCE and the options name, for a trace.

    Returns:
        The sidecar; of a pod that has none, one that nothing is led to.

    Raises:
        OsmscopeError: As `read_sidecar`.
    """
    try:
        return read_sidecar(source, options)
    except NoSidecarError as error:
        nothing = Proxy(Dump.read(_NOTHING, where=error.where))
        found = error.known(
            Sidecar(proxy=nothing, name=source or "", is_live=options.from_ is None)
        )
        never = Redirection(never=error.reason)
        again = partial(read_for_trace, source, options)
        return msgspec.structs.replace(found, redirection=lambda: never, again=again)

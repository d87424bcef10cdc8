"""The names that can stand for SOURCE, for a shell that completes them.

Decision: whoever presses Tab waits for nothing and reads no errors: one page of pods, a short
deadline, and silence where something is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from osmscope.errors import OsmscopeError
from osmscope.session.sources import SourceOptions, mesh_folder
from osmscope.source.pod_selection import Selectable, full_name, wanted

DEADLINE = 1.5
"""Seconds for each question to a cluster."""


def source_names(options: SourceOptions, incomplete: str) -> list[tuple[str, str]]:
    """List what can be typed for SOURCE, each with what it is.

    Args:
        options: Where to look.
        incomplete: What was typed of it so far.
    """
    try:
        if options.from_ is not None:
            return _fitting(_of_snapshot(options.from_), incomplete)
        return _of_cluster(options, incomplete)
    except OsmscopeError:
        return []


def _of_snapshot(location: str) -> tuple[Selectable, ...]:
    from osmscope.source.snapshot import open_snapshot

    return open_snapshot(mesh_folder(location)).pods


def _of_cluster(options: SourceOptions, incomplete: str) -> list[tuple[str, str]]:
    from osmscope.session.live import open_cluster
    from osmscope.source.kubernetes_api import PODS, Question
    from osmscope.source.kubernetes_lists import read_pods

    named = next((one.namespace for one in wanted(incomplete) if "/" in incomplete), "")
    with open_cluster(msgspec.structs.replace(options, request_timeout=DEADLINE)) as cluster:
        own = options.namespace or cluster.credentials.namespace
        for namespace in dict.fromkeys((own, *([named] if named else []), "")):
            if namespace or options.namespace is None:
                page = cluster.read(Question(kind=PODS, namespace=namespace))
                is_elsewhere = namespace != own
                found = _fitting(read_pods(page), incomplete, is_elsewhere=is_elsewhere)
                if found:
                    return found
    return []


def _fitting(
    pods: Iterable[Selectable], incomplete: str, *, is_elsewhere: bool = False
) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for pod in pods:
        prefix = f"{pod.namespace}/" if is_elsewhere and pod.namespace else ""
        what = pod.workload_kind or "workload"
        names = {prefix + pod.workload: what, prefix + pod.name: "Pod"}
        names |= {full_name(pod): "Pod", f"{pod.namespace}/{pod.workload}": what}
        names |= {f"pod/{pod.name}": "Pod", f"deploy/{pod.workload}": what}
        has_kind = "/" in incomplete
        for name, kind in names.items():
            fits = name.startswith(incomplete) and (has_kind or is_elsewhere or "/" not in name)
            if fits and not (name.startswith("deploy/") and kind != "Deployment"):
                found.setdefault(name, kind)
    return sorted(found.items())

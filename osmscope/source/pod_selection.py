"""Which pod a user means by a name: one reading order for snapshots and live clusters.

Decision: a name is looked up from the most exact reading to the least (pod, workload, app label,
service account), and the first reading that fits anything decides. Replicas of one workload are
alike, so one of them stands for all, a ready one before others, and the choice is told; anything
else that is ambiguous is an error that lists what could have been meant.
"""

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

import msgspec

from osmscope.errors import SelectorError


class Selectable(Protocol):
    """What a pod is called, and what it belongs to."""

    @property
    def namespace(self) -> str:
        """Its namespace; "" where it is not known."""
        ...

    @property
    def name(self) -> str:
        """Its own name."""
        ...

    @property
    def workload(self) -> str:
        """The name of its Deployment, StatefulSet, …."""
        ...

    @property
    def workload_kind(self) -> str:
        """What kind of workload that is; "" where it is not known."""
        ...

    @property
    def replica_set(self) -> str:
        """The name of its ReplicaSet; "" where it has none, or it is not known."""
        ...

    @property
    def app(self) -> str:
        """What its app label says."""
        ...

    @property
    def service_account(self) -> str:
        """The name of its service account."""
        ...

    @property
    def ready(self) -> bool | None:
        """Whether it takes requests; None where it is not known."""
        ...


PodT = TypeVar("PodT", bound=Selectable)


class Wanted(msgspec.Struct, frozen=True):
    """One way to read what a user typed."""

    name: str
    namespace: str = ""
    """ "" for any."""
    kind: str = ""
    """Pod, Deployment, …; "" for any."""


_WORDS = {
    "Pod": ("pod", "pods", "po"),
    "Deployment": ("deployment", "deployments", "deploy"),
    "StatefulSet": ("statefulset", "statefulsets", "sts"),
    "DaemonSet": ("daemonset", "daemonsets", "ds"),
    "ReplicaSet": ("replicaset", "replicasets", "rs"),
    "Job": ("job", "jobs"),
    "ServiceAccount": ("serviceaccount", "serviceaccounts", "sa"),
    "Service": ("service", "services", "svc"),
}
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words}
_SHOWN = 10

_READINGS: tuple[Callable[[Selectable, str], str], ...] = (
    lambda pod, kind: pod.name if kind in ("", "Pod") else "",
    lambda pod, kind: pod.workload if _is_workload(pod, kind) else "",
    lambda pod, kind: pod.replica_set if kind == "ReplicaSet" else "",
    lambda pod, kind: pod.app if kind == "" else "",
    lambda pod, kind: pod.service_account if kind in ("", "ServiceAccount") else "",
)
"""What a pod is called where a kind is asked for; "" where it is called nothing."""


def wanted(selector: str) -> tuple[Wanted, ...]:
    """Read a selector: `NAME`, `NAMESPACE/NAME`, `NAME.NAMESPACE`, `KIND/NAME` and mixtures."""
    parts = selector.split("/")
    if len(parts) == 3 and parts[1].lower() in _KINDS:
        return (Wanted(parts[2], parts[0], _KINDS[parts[1].lower()]),)
    if len(parts) == 2:
        kind = _KINDS.get(parts[0].lower(), "")
        of_kind = _with_suffix(parts[1], kind) if kind else ()
        return (*of_kind, Wanted(parts[1], parts[0]))
    return _with_suffix(selector, "")


def select(selector: str, pods: Sequence[PodT], *, namespace: str = "") -> tuple[PodT, ...]:
    """Find the pods of the one workload that a selector means.

    Args:
        selector: What the user typed; see `wanted`.
        pods: All there are.
        namespace: Where to look if the selector names no namespace; "" for everywhere.

    Returns:
        The pods, the one that stands for them first; empty where nothing fits.

    Raises:
        SelectorError: It fits several workloads.
    """
    readings = wanted(selector)
    for called in _READINGS:
        fitting = [
            pod
            for pod in pods
            if any(_fits(one, pod, called(pod, one.kind), namespace) for one in readings)
        ]
        if fitting:
            return _alike(selector, fitting)
    return ()


def nearest(selector: str, pods: Iterable[Selectable]) -> str:
    """Say what a selector that fits nothing may have meant, as a hint."""
    listed = list(pods)
    known = {name for pod in listed for name in (pod.name, pod.workload, full_name(pod)) if name}
    close = difflib.get_close_matches(selector, sorted(known), n=3, cutoff=0.5)
    if close:
        return "did you mean " + ", ".join(close)
    shown = sorted(full_name(pod) for pod in listed)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return f"there are {', '.join(shown[:_SHOWN])}{more}" if shown else "there are no pods"


def full_name(pod: Selectable) -> str:
    """Return a pod's name behind its namespace, if that is known: "namespace/pod"."""
    return f"{pod.namespace}/{pod.name}" if pod.namespace else pod.name


def _with_suffix(name: str, kind: str) -> tuple[Wanted, ...]:
    """Read a name as it is, and as NAME.NAMESPACE."""
    head, dot, tail = name.rpartition(".")
    as_it_is = Wanted(name, kind=kind)
    return (as_it_is, Wanted(head, tail, kind)) if dot and head and tail else (as_it_is,)


def _is_workload(pod: Selectable, kind: str) -> bool:
    if kind == "":
        return True
    is_kind_of_workload = kind not in ("Pod", "ServiceAccount", "Service", "ReplicaSet")
    return is_kind_of_workload and pod.workload_kind in ("", kind)


def _fits(one: Wanted, pod: Selectable, name: str, namespace: str) -> bool:
    if not name or name != one.name:
        return False
    return (one.namespace or namespace) in ("", pod.namespace)


def _alike(selector: str, fitting: list[PodT]) -> tuple[PodT, ...]:
    workloads = {(pod.namespace, pod.workload) for pod in fitting}
    if len(workloads) == 1:
        return tuple(sorted(fitting, key=_unready))
    candidates = ", ".join(full_name(pod) for pod in fitting[:_SHOWN])
    raise SelectorError(
        f"{selector!r} fits {len(workloads)} workloads", hint=f"name one of {candidates}"
    )


def _unready(pod: Selectable) -> bool:
    return pod.ready is False

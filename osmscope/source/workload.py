"""The workload that a pod belongs to, told by the pod's name.

Decision: Kubernetes puts random suffixes of a fixed alphabet, without vowels, after the names of
workloads; only those are cut off. Who owns a pod is better told by the API server's own list,
where a snapshot has it.
"""

import re

_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
_DEPLOYMENT = re.compile(rf"(?P<name>.+)-{_SAFE}{{6,10}}-{_SAFE}{{5}}")
_STATEFUL_SET = re.compile(r"(?P<name>.+)-[0-9]+")
_DAEMON_SET = re.compile(rf"(?P<name>.+)-{_SAFE}{{5}}")
_REPLICA_SET = re.compile(rf"(?P<name>.+)-{_SAFE}{{6,10}}")


def workload_of_pod(pod: str) -> str:
    """The name of a pod's Deployment, StatefulSet, DaemonSet or Job; its own if it has none."""
    for form in (_DEPLOYMENT, _STATEFUL_SET, _DAEMON_SET):
        found = form.fullmatch(pod)
        if found is not None:
            return found["name"]
    return pod


def workload_of_owner(kind: str, name: str) -> str:
    """The name of the workload above a pod's owner; a ReplicaSet's is its Deployment."""
    found = _REPLICA_SET.fullmatch(name) if kind == "ReplicaSet" else None
    return name if found is None else found["name"]

"""Who asks: what each user may do, and the kubeconfig files that say who one is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from tests.cluster.objects import Manifest, rule

Credentials = Literal[
    "certificate", "token", "exec", "expired-certificate", "expired-token", "none"
]

ADMIN = "admin"
TOKENS = "osmscope-users"
"""The namespace of the service accounts that users with a token are."""

_LISTS = (
    rule("get list", "pods services namespaces configmaps"),
    rule("get list", "endpointslices", "discovery.k8s.io"),
    rule("get list", "deployments replicasets statefulsets daemonsets", "apps"),
    rule("get list", "*", "config.openservicemesh.io"),
    rule("get list", "*", "policy.openservicemesh.io"),
    rule("get list", "*", "split.smi-spec.io"),
    rule("get list", "*", "access.smi-spec.io"),
    rule("get list", "*", "specs.smi-spec.io"),
)
_FORWARD = rule("get create", "pods/portforward")

RULES: Mapping[str, tuple[Manifest, ...]] = {
    "operator": (*_LISTS, _FORWARD),
    "no-portforward": _LISTS,
    "pods-only": (rule("get list", "pods"), _FORWARD),
    "get-only": (rule("get", "pods"), _FORWARD),
    "nobody": (),
}
"""Users beside the administrator, and what each may do in all namespaces."""

ONE_NAMESPACE = "one-namespace"
"""A user who may do what the operator may, in the namespace "bookstore" alone."""


def roles() -> list[Manifest]:
    """The roles of all users, and what binds them."""
    found: list[Manifest] = []
    for user, rules in RULES.items():
        if rules:
            found += _role(user, rules, "")
    return found + _role(ONE_NAMESPACE, RULES["operator"], "bookstore")


def _role(user: str, rules: tuple[Manifest, ...], namespace: str) -> list[Manifest]:
    kind = "Role" if namespace else "ClusterRole"
    metadata: Manifest = {"name": user}
    if namespace:
        metadata["namespace"] = namespace
    group = "rbac.authorization.k8s.io"
    version = f"{group}/v1"
    account = {"kind": "ServiceAccount", "name": user, "namespace": TOKENS}
    return [
        {"apiVersion": version, "kind": kind, "metadata": metadata, "rules": list(rules)},
        {
            "apiVersion": version,
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": kind, "name": user},
            "subjects": [{"kind": "User", "name": user, "apiGroup": group}, account],
        },
    ]


def kubeconfig(
    *, server: str, authority: str, user: str, namespace: str, credentials: Manifest
) -> Manifest:
    """A kubeconfig file with one context, named like the user."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "test", "cluster": {"server": server, "certificate-authority": authority}}
        ],
        "users": [{"name": user, "user": credentials}],
        "contexts": [
            {
                "name": user,
                "context": {"cluster": "test", "user": user, "namespace": namespace},
            }
        ],
        "current-context": user,
    }


def exec_plugin(token: str) -> Manifest:
    """A user whose token a program prints."""
    version = "client.authentication.k8s.io/v1"
    answer = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": token}}
    return {
        "exec": {
            "apiVersion": version,
            "command": "sh",
            "args": ["-c", f"echo '{json.dumps(answer)}'"],
            "interactiveMode": "Never",
        }
    }

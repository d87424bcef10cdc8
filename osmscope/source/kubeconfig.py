"""Which cluster is meant, and who asks: kubeconfig files as kubectl reads them, or the pod's own.

Decision: the files are merged here and cut down to one context, because kr8s reads lists of files,
namespaces of contexts and token files otherwise than kubectl does. What comes out is what kr8s
takes, with absolute paths.
"""

import difflib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from osmscope.errors import OsmscopeError, SelectorError, SourceError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds the credentials of its own service account."""

_PATHS = {
    "clusters": ("certificate-authority",),
    "users": ("client-certificate", "client-key", "tokenFile"),
}
_IMPERSONATION = ("as", "as-uid", "as-groups", "as-user-extra")


Via = Literal["api", "kubectl"]
"""What leads to a pod: the API server, asked by kr8s, or kubectl."""


class NoClusterError(SourceError):
    """No cluster is known: there is no kubeconfig, and this is no pod."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster and who asks it."""

    kubeconfig: dict[str, object] | None
    """A kubeconfig of this one context; None for a pod's own service account."""
    context: str
    """Its name; "" in a pod."""
    namespace: str
    server: str
    where: str
    """The files it is from."""
    files: tuple[str, ...] = ()
    """Files with keys and certificates that belong to the user."""
    kubectl_flags: tuple[str, ...] = ()
    """What tells kubectl the same."""

    @property
    def label(self) -> str:
        """What the cluster is called, for notes and errors."""
        return f"context {self.context}" if self.context else "in-cluster"


class _Entry(msgspec.Struct, frozen=True):
    content: dict[str, object]
    folder: Path


def find_credentials(kubeconfig: str | None = None, context: str | None = None) -> Credentials:
    """Find the cluster and the user as kubectl does.

    Args:
        kubeconfig: A file, in place of KUBECONFIG and ~/.kube/config.
        context: The context, in place of the current one.

    Raises:
        NoClusterError: There is no kubeconfig, and this is not a pod.
        SourceError: A file cannot be read, or lacks what the context names.
        SelectorError: There is no such context.
    """
    paths = _files(kubeconfig)
    present = [path for path in paths if path.is_file()]
    if kubeconfig is not None and not present:
        raise SourceError("no such kubeconfig", where=kubeconfig, hint="check --kubeconfig")
    if not present:
        if context is None and (own := _own_service_account()) is not None:
            return own
        tried = ", ".join(map(str, paths))
        raise NoClusterError(
            "no cluster is known",
            where=f"tried {tried} and the service account of a pod",
            hint="give --kubeconfig FILE or set KUBECONFIG",
        )
    found = _merged(present).credentials(context)
    file = () if kubeconfig is None else (f"--kubeconfig={present[0]}",)
    return msgspec.structs.replace(found, kubectl_flags=(*file, f"--context={found.context}"))


def _files(kubeconfig: str | None) -> list[Path]:
    if kubeconfig is not None:
        return [Path(kubeconfig).expanduser()]
    listed = [name for name in os.environ.get("KUBECONFIG", "").split(os.pathsep) if name]
    return [Path(name).expanduser() for name in listed or ["~/.kube/config"]]


def _own_service_account() -> Credentials | None:
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{what}") for what in ("HOST", "PORT"))
    if not host or not port or not (SERVICE_ACCOUNT / "token").is_file():
        return None
    namespace = SERVICE_ACCOUNT / "namespace"
    shown = f"[{host}]" if ":" in host else host
    return Credentials(
        kubeconfig=None,
        context="",
        namespace=namespace.read_text().strip() if namespace.is_file() else "default",
        server=f"https://{shown}:{port}",
        where=str(SERVICE_ACCOUNT),
        files=(str(SERVICE_ACCOUNT / "ca.crt"),),
    )


class _Merged:
    """Several files as one: the first that names something decides."""

    def __init__(self, paths: list[Path]) -> None:
        self.where = ", ".join(map(str, paths))
        self.current = ""
        self.entries: dict[str, dict[str, _Entry]] = {"contexts": {}, "clusters": {}, "users": {}}

    def add(self, path: Path) -> None:
        content = _read(path)
        self.current = self.current or _text(content.get("current-context"))
        for kind, known in self.entries.items():
            for item in _list(content.get(kind)):
                body = item.get(kind.removesuffix("s"))
                entry = _Entry(body if isinstance(body, dict) else {}, path.resolve().parent)
                known.setdefault(_text(item.get("name")), entry)

    def credentials(self, name: str | None) -> Credentials:
        chosen = self._context(name)
        context = self.entries["contexts"][chosen].content
        cluster = self._part(chosen, "cluster", _text(context.get("cluster")))
        user = self._part(chosen, "user", _text(context.get("user"))) if context.get("user") else {}
        server = _text(cluster.get("server"))
        if not server:
            raise self._broken(f"the cluster of context {chosen!r} has no server")
        if any(user.get(field) for field in _IMPERSONATION):
            raise self._broken(
                f"the user of context {chosen!r} impersonates another", "name a context without it"
            )
        namespace = _text(context.get("namespace")) or "default"
        parts = (*_PATHS["clusters"], *_PATHS["users"])
        files = tuple(_text({**cluster, **user}.get(part)) for part in parts)
        return Credentials(
            kubeconfig=_of_one_context(chosen, cluster, user, namespace),
            context=chosen,
            namespace=namespace,
            server=server,
            where=self.where,
            files=tuple(file for file in files if file),
        )

    def _context(self, name: str | None) -> str:
        known = sorted(self.entries["contexts"])
        chosen = name if name is not None else self.current
        if chosen in self.entries["contexts"]:
            return chosen
        if name is None and not chosen:
            raise self._broken("no context is current", _choices("", known))
        raise SelectorError(
            f"no context is called {chosen!r}", where=self.where, hint=_choices(chosen, known)
        )

    def _part(self, context: str, kind: str, name: str) -> dict[str, object]:
        entry = self.entries[f"{kind}s"].get(name)
        if entry is None:
            raise self._broken(f"the {kind} {name!r} of context {context!r} is missing")
        content = dict(entry.content)
        for field in _PATHS[f"{kind}s"]:
            if content.get(field):
                content[field] = str(entry.folder / Path(_text(content[field])).expanduser())
        plugin = content.get("exec")
        if isinstance(plugin, dict):
            content["exec"] = _plugin(plugin, entry.folder)
        if content.get("tokenFile"):
            content["token"] = _token(_text(content["tokenFile"]))
        return content

    def _broken(
        self, message: str, hint: str = "check it with `kubectl config view`"
    ) -> SourceError:
        return SourceError(message, where=self.where, hint=hint)


def _merged(paths: list[Path]) -> _Merged:
    merged = _Merged(paths)
    for path in paths:
        merged.add(path)
    return merged


def _read(path: Path) -> dict[str, object]:
    import yaml

    try:
        content = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "it is not YAML"
        raise SourceError(
            f"the kubeconfig cannot be read: {reason}", where=str(path), hint="check the file"
        ) from None
    if content is not None and not isinstance(content, dict):
        raise SourceError("not a kubeconfig", where=str(path), hint="check the file")
    return content or {}


def _token(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise SourceError("the token cannot be read", where=path, hint="check the file") from None


def _plugin(plugin: dict[str, object], folder: Path) -> dict[str, object]:
    """A credential plugin that is found, and told what client-go tells it."""
    command = _text(plugin.get("command"))
    if os.sep in command:
        plugin["command"] = str(folder / command)
    version = _text(plugin.get("apiVersion"))
    told = {"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}}
    given = [one for one in _list(plugin.get("env")) if "name" in one and "value" in one]
    information = {"name": "KUBERNETES_EXEC_INFO", "value": json.dumps(told)}
    return plugin | {"env": [information, *given], "apiVersion": version}


def _of_one_context(
    name: str, cluster: Mapping[str, object], user: Mapping[str, object], namespace: str
) -> dict[str, object]:
    context = {"cluster": name, "user": name, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": context}],
        "clusters": [{"name": name, "cluster": dict(cluster)}],
        "users": [{"name": name, "user": dict(user)}],
    }


def _choices(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if not known:
        return "the kubeconfig has no contexts"
    return ("did you mean " if close else "give --context, one of ") + ", ".join(close or known)


def _list(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def describe(kubeconfig: str | None = None, context: str | None = None) -> str:
    """Say which cluster would be asked, in one line; what is wrong where none would be."""
    try:
        found = find_credentials(kubeconfig, context)
    except OsmscopeError as error:
        return str(error)
    return f"{found.label}, namespace {found.namespace}, {found.server} ({found.where})"

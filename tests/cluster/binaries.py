"""kube-apiserver, kubectl and KWOK, built from Go modules once and kept outside the checkout.

Decision: no releases are downloaded. ``go.mod`` names the programs as tools, ``go.sum`` says
what they are made of, and Go's own proxy and checksums do the rest; what was built is kept by the
hash of both files. etcd is the distribution's own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.errors import ClusterError

MODULE = Path(__file__).parent
BUILD = "python -m tests.cluster build"

_PROGRAMS = {
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
}
_KWOK_RESOURCES = "kustomize/crd/bases/kwok.x-k8s.io_portforwards.yaml"
_VERSION = "k8s.io/component-base/version"
_FLAGS = ("-trimpath", "-buildvcs=false")
_LINKER_FLAGS = "-s -w -X {0}.gitVersion={1} -X {0}.gitMajor={2} -X {0}.gitMinor={3}"


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs that a cluster is made of."""

    etcd: Path
    api_server: Path
    kwok: Path
    kubectl: Path
    port_forward_definition: Path
    """The custom resource definition of KWOK's PortForward."""


def cache_folder() -> Path:
    """Where what was built from these very versions is kept."""
    parts = [(MODULE / name).read_bytes() for name in ("go.mod", "go.sum")]
    content = b"".join([*parts, *map(str.encode, (*_FLAGS, _LINKER_FLAGS, *_PROGRAMS))])
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "osmscope-tests" / f"cluster-{hashlib.sha256(content).hexdigest()[:16]}"


def find_binaries() -> Binaries:
    """The programs, as they are here.

    Raises:
        ClusterError: One is missing.
    """
    reason = why_not_here()
    if reason:
        raise ClusterError(f"a cluster can't run here: it {reason}")
    etcd, folder = shutil.which("etcd"), cache_folder()
    assert etcd is not None
    return Binaries(
        etcd=Path(etcd),
        api_server=folder / "kube-apiserver",
        kwok=folder / "kwok",
        kubectl=folder / "kubectl",
        port_forward_definition=folder / Path(_KWOK_RESOURCES).name,
    )


def why_not_here() -> str | None:
    """Why a cluster cannot run on this machine as it is, or None if it can."""
    if sys.platform != "linux":
        return "needs Linux"
    if shutil.which("setpriv") is None:
        return "needs the program setpriv (Debian's util-linux)"
    if shutil.which("etcd") is None:
        return "needs the program etcd (Debian's etcd-server)"
    if not cache_folder().is_dir():
        return f"needs a kube-apiserver; build it with `{BUILD}`"
    return None


def build() -> Path:
    """Build what is not built yet, and return the folder it is kept in.

    Raises:
        ClusterError: Go is missing, or a build failed.
    """
    target = cache_folder()
    if target.is_dir():
        return target
    if shutil.which("go") is None:
        raise ClusterError("building a kube-apiserver needs Go (https://go.dev/dl)")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="building-", dir=target.parent) as name:
        folder = Path(name, "cluster")
        folder.mkdir()
        linker_flags = f"-ldflags={_linker_flags()}"
        _go("build", *_FLAGS, linker_flags, "-o", f"{folder}/", *_PROGRAMS.values())
        kwok = _go("list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok").strip()
        definition = folder / Path(_KWOK_RESOURCES).name
        definition.write_bytes(Path(kwok, _KWOK_RESOURCES).read_bytes())
        try:
            folder.rename(target)
        except OSError:  # another build was faster
            if not target.is_dir():
                raise
    return target


def _linker_flags() -> str:
    """What lets the API server know its version, which its clients ask for."""
    version = _go("list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes").strip()
    major, minor, _ = version.removeprefix("v").split(".")
    return _LINKER_FLAGS.format(_VERSION, version, major, minor)


def _go(*arguments: str) -> str:
    environment = os.environ | {"CGO_ENABLED": "0", "GOWORK": "off"}
    completed = subprocess.run(
        ["go", *arguments], cwd=MODULE, env=environment, stdout=subprocess.PIPE, text=True
    )
    if completed.returncode != 0:
        raise ClusterError(f"go {' '.join(arguments)} failed")
    return completed.stdout

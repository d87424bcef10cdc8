"""A mesh whose every name is hostile: the bookstore's dumps with other names in them.

The names keep their ends, and equal ones stay equal, so that all references hold; what stands
before the ends is turned round by the name, so that each column begins with each hostile thing.
"""

from __future__ import annotations

import base64
import datetime
import json
import zlib
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from osmscope.session.mesh_model import Member, MeshModel

PIECES = (
    "\x1b[31m\x1b]0;x\x07", "[bold red]x[/] [/x] [", "\u202egnp.", "\n\t\r", "\x00\x9b2J\x85",
    "\U0001f469\u200d\U0001f467\U0001f44d\U0001f3fd\U0001f1e9\U0001f1ea\u263a\ufe0f",
    "e\u0301\u0323" + "\u0300" * 30, "名前" * 3, "\u200b\u2066\ufeff\xa0\xad",
    "각\u1112\u1161\u11abﷺ",
)  # fmt: skip
"""Escape sequences, markup, marks of direction, breaks, controls, joined emoji, combining
characters, wide ones, invisible ones, composed ones."""
_LONG = "長n" * 5000
_NAMES = frozenset({
    "name", "cluster_name", "cluster", "route_config_name", "version_info", "stat_prefix",
    "prefix_rewrite", "alt_stat_name", "observability_name", "value", "exact", "domains",
    "server_names", "alpn_protocols", "application_protocols", "inline_string", "hostname", "id",
    "user_agent_version", "region", "zone", "sub_zone", "logger",
})  # fmt: skip
"""The fields that hold names; values of headers and SANs are among them."""
_PODS = [
    next(Path("fixtures/bookstore/pods", name).glob(f"{start}*"))
    for name, start in (("bookbuyer", "bookbuyer"), ("bookstore", "bookstore-v1"))
]
_DOMAIN = "bookstore.bookstore:14001"
"""What a request can be sent to: no Host header holds what a name may."""
NOW = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.UTC)


def hostile(name: str, seed: int = 0) -> str:
    """Return a hostile name that ends as another; one of four is also very long."""
    draw = zlib.crc32(name.encode()) + seed
    turn = draw % len(PIECES)
    pieces = [*PIECES[turn:], *PIECES[:turn]]
    if draw % 4 == 0:
        pieces.insert(draw % 3, _LONG)
    return "".join([*pieces, name])


def _changed(value: Any, seed: int, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _changed(one, seed, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_changed(one, seed, key) for one in value]
    is_name = key in _NAMES and isinstance(value, str) and value != "*"
    is_kept = is_name and (value.startswith((":", "envoy.")) or value in ("osm", "h2", _DOMAIN))
    return hostile(value, seed) if is_name and not is_kept else value


def _certificate(name: str, days: int) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, name.encode()[:64].decode(errors="ignore"))]
    )
    begin = NOW - datetime.timedelta(days=30)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 7)
        .not_valid_before(begin)
        .not_valid_after(NOW + datetime.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


def _troubled(section: dict[str, Any], seed: int) -> None:
    """Let some resources be rejected, warming, or expiring."""
    kind = section["@type"].rpartition(".")[2]
    error = {
        "details": hostile("it was rejected", seed), "version_info": hostile("9", seed),
        "last_update_attempt": "2026-11-24T10:00:00Z",
    }  # fmt: skip
    for one in section.get("dynamic_listeners", [])[:1]:
        one["error_state"] = error
        one["draining_state"] = one["active_state"]
    for field in ("dynamic_active_clusters", "dynamic_route_configs"):
        for one in section.get(field, [])[-1:]:
            one["error_state"] = error
    if kind == "ClustersConfigDump":
        section["dynamic_warming_clusters"] = section["dynamic_active_clusters"][:1]
    if kind == "SecretsConfigDump":
        for days, one in enumerate(section.get("dynamic_active_secrets", [])):
            body = _certificate(hostile(f"certificate {days}", seed), days * 9 - 3)
            ca = {"trusted_ca": {"inline_bytes": body}}
            one["secret"] = {"name": one["name"], "validation_context": ca}


def hostile_mesh(folder: Path, seed: int = 0) -> MeshModel:
    """Write hostile dumps of two pods into a folder; return their mesh."""
    members = []
    for number, pod in enumerate(_PODS):
        made = folder / str(number)
        made.mkdir()
        dump = json.loads((pod / "config_dump.json").read_text())
        for section in dump["configs"]:
            _troubled(section, seed)
        (made / "config_dump.json").write_text(json.dumps(_changed(dump, seed)))
        clusters = json.loads((pod / "clusters.json").read_text())
        for one in clusters["cluster_statuses"]:
            for host in one.get("host_statuses", [])[:1]:
                host["health_status"] = {
                    "failed_outlier_check": True,
                    "eds_health_status": "HEALTHY",
                }
        (made / "clusters.json").write_text(json.dumps(_changed(clusters, seed)))
        members.append(
            Member(
                key=hostile(f"{number} {pod.name}", seed),
                name=hostile(pod.name, seed),
                namespace=hostile("bookstore", seed),
                workload=hostile("workload", seed),
                addresses=(f"10.244.1.2{number + 1}", hostile("address", seed)),
                where=hostile("where", seed),
                source=str(made),
            )
        )
    missing = Member(key="missing", name=hostile("missing", seed), where=hostile("gone", seed),
                     source=str(folder / "missing[/x]"))  # fmt: skip
    return MeshModel((*members, missing), title=hostile("title", seed))

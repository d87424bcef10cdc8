"""One drawn configuration with its requests: plain JSON, so that it can be cut down and kept.

A case's listener is unfinished: name, address, access logs and the `proxy_protocol` listener filter
are the same for all and come from `tests.oracle.envoy_files`. Clusters and tables of its own have
`CONFIG` in their names, which becomes the case's number; all cases share the clusters of
`SHARED_CLUSTERS`.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

Json = dict[str, Any]

REGRESSIONS = Path(__file__).parent / "regressions"


class Case(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A configuration and what is asked of it."""

    family: str
    listener: Json
    requests: list[Json]
    clusters: list[Json] = []
    tables: list[Json] = []
    """Route configurations that come by way of RDS."""

    def size(self) -> int:
        """How much there is to read."""
        return len(msgspec.json.encode(self))

    def save(self, name: str) -> Path:
        """Keep it as a regression test."""
        path = REGRESSIONS / f"{name}.json"
        path.write_text(json.dumps(msgspec.to_builtins(self), indent=1) + "\n")
        return path


class Outcome(msgspec.Struct, kw_only=True):
    """What Envoy did with one request."""

    request: Json
    truth: Json | None = None
    received: list[Json] = []
    """What endpoints received for it: tries, copies, what redirects lead to."""
    response: Json | None = None
    error: str | None = None


class Result(msgspec.Struct, kw_only=True):
    """What Envoy did with one case."""

    case: Case
    listener: str
    rejected: str = ""
    """Why Envoy refuses the configuration."""
    outcomes: list[Outcome] = []


def load_regressions() -> list[tuple[str, Case]]:
    """Read the kept cases."""
    return [
        (path.stem, msgspec.json.decode(path.read_bytes(), type=Case))
        for path in sorted(REGRESSIONS.glob("*.json"))
    ]

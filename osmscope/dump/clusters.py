"""Envoy's live hosts: the answer of /clusters, as JSON or as text, as the same objects.

Decision: health is kept as the flags that Envoy prints in its text form, because no single word of
the JSON form tells it: `eds_health_status: HEALTHY` stays while active health checks fail. JSON is
indexed by name, each cluster decoded when asked for.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Self

import msgspec

from osmscope.dump import text
from osmscope.dump.clusters_text import read_text
from osmscope.dump.documents import canonical_document
from osmscope.dump.gaps import Gap
from osmscope.dump.host_status import ClusterStatus, HostStatus, cluster_of_json
from osmscope.errors import DumpError

__all__ = ["ClusterStatus", "Clusters", "HostStatus", "read_clusters"]

EXPECTED = "give the answer of Envoy's /clusters?format=json, or of /clusters"


class _Named(msgspec.Struct):
    name: str = ""


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    cluster_statuses: list[msgspec.Raw] = []


class Clusters(Mapping[str, ClusterStatus]):
    """Clusters by name, in the order of the answer."""

    def __init__(self, *, where: str) -> None:
        self.where = where
        self.gaps: list[Gap] = []
        """What was not understood so far; grows while clusters are read."""
        self._raw: dict[str, msgspec.Raw] = {}
        self._read: dict[str, ClusterStatus] = {}

    @classmethod
    def of_json(cls, statuses: list[msgspec.Raw], *, where: str) -> Self:
        """Index undecoded cluster statuses by name."""
        clusters = cls(where=where)
        decoder = msgspec.json.Decoder(_Named)
        for index, raw in enumerate(statuses):
            path = f"cluster_statuses[{index}]"
            try:
                name = decoder.decode(raw).name
            except msgspec.ValidationError as error:
                clusters.gaps.append(Gap(path, f"not a cluster status: {error}"))
                continue
            if name in clusters._raw and clusters._raw[name] != raw:
                clusters.gaps.append(Gap(path, f"cluster {name!r} occurs twice: the later stands"))
            clusters._raw[name] = raw
        return clusters

    @classmethod
    def of_text(cls, statuses: dict[str, ClusterStatus], gaps: list[Gap], *, where: str) -> Self:
        """Hold clusters that were read from the text form."""
        clusters = cls(where=where)
        clusters._read = statuses
        clusters.gaps = gaps
        return clusters

    def expect(self, names: Iterable[str]) -> None:
        """Say which clusters will be asked for, so that a live answer gets them at once."""

    def __getitem__(self, name: str) -> ClusterStatus:
        """The status of a cluster."""
        if name not in self._read:
            self._read[name] = cluster_of_json(self._raw[name], self.gaps)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw or self._read)

    def __len__(self) -> int:
        return len(self._raw or self._read)

    def __contains__(self, name: object) -> bool:
        return name in self._raw or name in self._read


def read_clusters(data: bytes, *, where: str) -> Clusters:
    """Read an answer of /clusters.

    Args:
        data: JSON, text, a bare list of cluster statuses, or an object with a member `clusters`.
        where: The place it comes from, for errors.

    Raises:
        DumpError: It is neither form.
    """
    start = text.as_utf8(data, where=where)
    head = bytes(start[: text.HEAD]).lstrip()
    if head[:1] not in (b"{", b"[") and b"::" in head:
        text.check_utf8(start, where=where)
        statuses, text_gaps = read_text(bytes(start).decode())
        if statuses:
            return Clusters.of_text(statuses, text_gaps, where=where)
        raise DumpError("not an answer of /clusters", where=where, hint=EXPECTED)
    gaps: list[Gap] = []
    document = canonical_document(data, where=where, gaps=gaps)
    clusters = Clusters.of_json(_statuses(document, where), where=where)
    clusters.gaps[:0] = gaps
    return clusters


def _statuses(document: text.Text, where: str) -> list[msgspec.Raw]:
    if text.opens(document, b"["):
        statuses = text.decode(document, list[msgspec.Raw], where=where)
        if statuses and b'"host_statuses"' not in bytes(statuses[0]):
            raise DumpError("a JSON list, but not of clusters", where=where, hint=EXPECTED)
        return statuses
    try:
        return msgspec.json.decode(document, type=_Answer).cluster_statuses
    except (msgspec.DecodeError, RecursionError):
        members = text.decode(document, dict[str, msgspec.Raw], where=where)
    if "cluster_statuses" in members:
        return text.decode(members["cluster_statuses"], list[msgspec.Raw], where=where)
    if "clusters" in members and text.opens(members["clusters"], b"{"):
        return _statuses(members["clusters"], where)
    if "configs" in members:
        what = "this is a config dump, not the answer of /clusters"
        raise DumpError(what, where=where, hint="give it with --dump")
    raise DumpError("JSON, but not the answer of /clusters", where=where, hint=EXPECTED)

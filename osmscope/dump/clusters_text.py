"""The text form of /clusters: one fact a line, `cluster::host::key::value`.

Decision: lines are read from the right, because names of clusters and addresses may hold `::`
themselves. The keys are a closed set; what stands left of a host's key is split by the longest
name of a cluster that the answer's own cluster lines tell.
"""

import re

import msgspec

from osmscope.dump.gaps import Gap
from osmscope.dump.host_status import ClusterStatus, HostStatus

_CLUSTER_LINE = re.compile(
    r"(?P<name>.*)::(?:"
    r"(?P<key>observability_name|added_via_api|eds_service_name)"
    r"|outlier::(?P<outlier>\w+)"
    r"|(?P<priority>default|high)_priority::(?P<limit>max_\w+)"
    r")::(?P<value>.*)"
)
_HOST_LINE = re.compile(r"(?P<left>.*)::(?P<key>[a-z]\w*)::(?P<value>.*)")
_HOST_TEXTS = frozenset({"hostname", "region", "zone", "sub_zone"})
_HOST_NUMBERS = frozenset({"weight", "priority"})
_HOST_RATES = frozenset({"success_rate", "local_origin_success_rate"})
_STAT = re.compile(r"(?:cx|rq)_\w+")
_HEALTHY = "healthy"


class _Host(msgspec.Struct):
    values: dict[str, object] = {}
    stats: dict[str, int] = {}


class _Cluster(msgspec.Struct):
    values: dict[str, object] = {}
    limits: dict[str, dict[str, int]] = {}
    hosts: dict[tuple[str, int], _Host] = {}


def read_text(lines: str) -> tuple[dict[str, ClusterStatus], list[Gap]]:
    """Read the text form.

    Returns:
        The clusters by name, in the answer's order, and the lines that were not understood.
    """
    clusters: dict[str, _Cluster] = {}
    gaps: list[Gap] = []
    host_lines = []
    for number, line in enumerate(lines.splitlines(), 1):
        found = _CLUSTER_LINE.fullmatch(line)
        if found is not None:
            _take_cluster_line(clusters.setdefault(found["name"], _Cluster()), found)
        elif line.strip():
            host_lines.append((number, line))
    reader = _HostReader(clusters)
    for number, line in host_lines:
        if not reader.take(line):
            gaps.append(Gap(f"line {number}", f"not understood: {line[:200]!r}"))
    return {name: _status(name, cluster) for name, cluster in clusters.items()}, gaps


def _take_cluster_line(cluster: _Cluster, found: re.Match[str]) -> None:
    value = found["value"]
    if found["limit"] and value.isdigit():
        cluster.limits.setdefault(found["priority"], {})[found["limit"]] = int(value)
    elif found["key"] == "added_via_api":
        cluster.values["added_via_api"] = value == "true"
    elif found["key"]:
        cluster.values[found["key"]] = value


class _HostReader:
    """Assigns host lines to hosts; a host that is listed twice (at two priorities) stays two."""

    def __init__(self, clusters: dict[str, _Cluster]) -> None:
        self._clusters = clusters
        self._split: dict[str, tuple[_Cluster, str] | None] = {}
        self._left = ""
        self._host = _Host()
        self._seen: set[str] = set()

    def take(self, line: str) -> bool:
        """Read one line; tell whether it was understood."""
        found = _HOST_LINE.fullmatch(line)
        if found is None:
            return False
        left, key, value = found.group("left", "key", "value")
        owner = self._owner(left)
        if owner is None:
            return False
        cluster, address = owner
        if left != self._left or key in self._seen:
            self._left, self._host, self._seen = left, _Host(), set()
            cluster.hosts[(address, len(cluster.hosts))] = self._host
        self._seen.add(key)
        return _take_host_value(self._host, key, value)

    def _owner(self, left: str) -> tuple[_Cluster, str] | None:
        if left not in self._split:
            self._split[left] = self._find(left)
        return self._split[left]

    def _find(self, left: str) -> tuple[_Cluster, str] | None:
        end = len(left)
        while (end := left.rfind("::", 0, end)) > 0:
            cluster = self._clusters.get(left[:end])
            if cluster is not None:
                return cluster, left[end + 2 :]
        return None


def _take_host_value(host: _Host, key: str, value: str) -> bool:
    try:
        if key in _HOST_TEXTS:
            host.values[key] = value
        elif key in _HOST_NUMBERS:
            host.values[key] = int(value)
        elif key in _HOST_RATES:
            rate = float(value)
            host.values[key] = None if rate < 0 else rate
        elif key == "health_flags":
            flags = value.removeprefix("/").split("/") if value != _HEALTHY else ()
            host.values["flags"] = frozenset(flags)
        elif key == "canary":
            host.values["canary"] = value == "true"
        elif _STAT.fullmatch(key):
            host.stats[key] = int(value)
        else:
            return False
    except ValueError:
        return False
    return True


def _status(name: str, cluster: _Cluster) -> ClusterStatus:
    hosts = tuple(
        msgspec.convert({"address": address, "stats": host.stats, **host.values}, type=HostStatus)
        for (address, _), host in cluster.hosts.items()
    )
    values = {"name": name, "hosts": hosts, "circuit_breakers": cluster.limits, **cluster.values}
    return msgspec.convert(values, type=ClusterStatus)

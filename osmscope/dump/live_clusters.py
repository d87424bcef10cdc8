"""A live Envoy's hosts: /clusters, asked for the clusters that are needed.

Decision: as for the configuration (`osmscope.dump.live`), what comes beyond what was asked for
shows that Envoy does not know `filter`; the answer is then that for all clusters.
"""

import threading
from collections.abc import Iterable, Iterator

from osmscope.dump.clusters import Clusters, ClusterStatus, read_clusters
from osmscope.dump.live import Asking, LiveDump
from osmscope.dump.names import are_too_many, patterns


class LiveClusters(Clusters):
    """Clusters by name, asked for when they are needed, and once.

    Args:
        envoy: Who is asked.
        dump: Its configuration: where all clusters are listed, all hosts are asked for at once.

    Every method may raise `UnreachableError`: Envoy does not answer.
    """

    def __init__(self, envoy: Asking, dump: LiveDump) -> None:
        super().__init__(where=dump.where)
        self._envoy = envoy
        self._dump = dump
        self._found: dict[str, ClusterStatus | None] = {}
        self._all: Clusters | None = None
        self._lock = threading.RLock()

    def expect(self, names: Iterable[str]) -> None:
        """Ask for those clusters that were not asked for, in as few questions as possible."""
        with self._lock:
            missing = [name for name in dict.fromkeys(names) if name not in self._found]
            if self._all is not None or not missing:
                return
            if self._dump.is_listed("cluster") or are_too_many(missing):
                self._whole()
                return
            for asked, pattern in patterns(missing):
                answer = self._ask(pattern)
                if answer.keys() - {*asked}:
                    self._all = answer
                    return
                self._found.update((name, answer.get(name)) for name in asked)

    def __getitem__(self, name: str) -> ClusterStatus:
        """The status of a cluster."""
        with self._lock:
            self.expect((name,))
            if self._all is not None:
                return self._all[name]
            status = self._found[name]
        if status is None:
            raise KeyError(name)
        return status

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def _whole(self) -> Clusters:
        with self._lock:
            if self._all is None:
                self._all = self._ask("")
            return self._all

    def _ask(self, pattern: str) -> Clusters:
        source = self._envoy.ask("clusters", filter=pattern)
        clusters = read_clusters(source.data, where=source.where)
        self.gaps += clusters.gaps
        clusters.gaps = self.gaps
        return clusters

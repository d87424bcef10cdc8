"""The Services of a mesh by name, however they are known."""

from collections.abc import Iterable, Sequence

from osmscope.source.kubernetes_lists import Service


class ServiceDirectory:
    """Services that are all listed; a live cluster's are asked for one by one."""

    def __init__(self, services: Iterable[Service] = ()) -> None:
        self._services = {(service.namespace, service.name): service for service in services}

    def find(self, namespace: str, name: str) -> Service | None:
        """Return the Service of a name in a namespace; None where there is none."""
        return self._services.get((namespace, name))

    def named(self, name: str) -> Sequence[Service]:
        """Return the Services of a name in all namespaces."""
        return [service for service in self._services.values() if service.name == name]

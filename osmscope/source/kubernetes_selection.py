"""A pod of a live cluster by what a user calls it; how names are read is `pod_selection`.

Decision: the API server is asked for as little as answers the question. A name is first looked for
as a pod's own in the namespace at hand, then as anything in it, and in all namespaces only where
none was named. A user who may only look into one is told so where nothing is found.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator

import msgspec

from osmscope.errors import ForbiddenError, SelectorError
from osmscope.source.kubernetes import Cluster
from osmscope.source.kubernetes_api import SERVICES, Question
from osmscope.source.kubernetes_lists import PodFacts, Service, read_services
from osmscope.source.pod_selection import Wanted, nearest, select, wanted


class Selection(msgspec.Struct, frozen=True):
    """The pods that a name means; the first stands for them."""

    pods: tuple[PodFacts, ...]
    of: str = ""
    """What they are all of, in words; "" where the name is the pod's own."""


def find_pods(cluster: Cluster, selector: str, namespace: str | None = None) -> Selection:
    """Find the pods that a user means.

    Args:
        cluster: Where.
        selector: A pod's name, its workload's, its app's, its service account's or its Service's;
            see `osmscope.source.pod_selection.wanted`.
        namespace: Where to look if the selector does not say; None for the context's own, then
            for everywhere.

    Raises:
        SelectorError: It fits none, or several workloads.
        ForbiddenError: The user may not look anywhere that it could be.
        UnreachableError: The API server cannot be asked.
    """
    return _Search(cluster, selector, namespace).run()


class _Search:
    def __init__(self, cluster: Cluster, selector: str, namespace: str | None) -> None:
        self.cluster = cluster
        self.selector = selector
        self.everywhere = namespace is None
        self.namespace = namespace or cluster.credentials.namespace
        self.readings = wanted(selector)
        self.seen: dict[tuple[str, str], PodFacts] = {}
        """What came by, to say what is near."""
        self.forbidden: list[ForbiddenError] = []

    def run(self) -> Selection:
        is_service = self.readings[0].kind == "Service"
        pods = (self._in_scopes, self._in_all_namespaces)
        for step in (self._of_service,) if is_service else pods:
            try:
                found = step()
            except ForbiddenError as error:
                self.forbidden.append(error)
                continue
            if found is not None:
                return found
        return self._nothing()

    def _scopes(self) -> list[str]:
        """The namespaces to look into, in order."""
        first = self.readings[0]
        readings = [one for one in self.readings if not first.kind or one.kind]
        return list(dict.fromkeys(one.namespace or self.namespace for one in readings))

    def _in_scopes(self) -> Selection | None:
        for scope in self._scopes():
            try:
                found = self._pod(scope) or self._chosen(self.cluster.pods(scope), scope)
            except ForbiddenError as error:
                self.forbidden.append(error)
                continue
            if found is not None:
                return found
        return None

    def _pod(self, scope: str) -> Selection | None:
        """Ask for a pod of just this name."""
        for one in self.readings:
            if one.kind in ("", "Pod") and (one.namespace or self.namespace) == scope:
                try:
                    pod = self.cluster.pod(scope, one.name)
                except ForbiddenError:
                    continue  # whoever may list but not get is served by the list
                if pod is not None:
                    return Selection((pod,))
        return None

    def _in_all_namespaces(self) -> Selection | None:
        if not self.everywhere or all(one.namespace for one in self.readings):
            return None
        for one in self.readings:
            if one.kind in ("", "Pod"):
                pods = self.cluster.pods(one.namespace, fields=f"metadata.name={one.name}")
                found = self._chosen(pods, "")
                if found is not None:
                    return found
        return self._chosen(self.cluster.pods(), "")

    def _chosen(self, pods: list[PodFacts], scope: str) -> Selection | None:
        self.seen.update(((pod.namespace, pod.name), pod) for pod in pods)
        try:
            fitting = select(self.selector, pods, namespace=scope)
        except SelectorError as error:
            where = self.cluster.where
            raise SelectorError(error.message, where=where, hint=error.hint) from None
        if not fitting:
            return None
        first = fitting[0]
        is_own_name = any(one.name == first.name for one in self.readings)
        return Selection(fitting, "" if is_own_name else f"{first.workload_kind} {first.workload}")

    def _of_service(self) -> Selection | None:
        service = next(self._services(self.readings), None)
        if service is None:
            raise SelectorError(
                f"there is no service {self.readings[0].name!r}",
                where=self.cluster.where,
                hint=self._nearest_service(),
            )
        full_name = f"{service.namespace}/{service.name}"
        labels = ",".join(f"{name}={value}" for name, value in sorted(service.selector.items()))
        pods = self.cluster.pods(service.namespace, labels=labels) if labels else []
        if not pods:
            reason = "selects no pods" if labels else "has no selector"
            raise SelectorError(
                f"service {full_name} {reason}", where=self.cluster.where, hint="name a pod"
            )
        return Selection(tuple(sorted(pods, key=_unready)), f"service {full_name}")

    def _services(self, readings: tuple[Wanted, ...]) -> Iterator[Service]:
        services = [one for one in readings if one.kind == "Service"]
        for one in services:
            yield from self._list_services(one.namespace or self.namespace, one.name)
        if self.everywhere and not readings[0].namespace:
            yield from self._list_services("", services[0].name)

    def _list_services(self, namespace: str, name: str = "") -> list[Service]:
        fields = f"metadata.name={name}" if name else ""
        question = Question(kind=SERVICES, namespace=namespace, fields=fields)
        return read_services(self.cluster.read(question))

    def _nearest_service(self) -> str:
        """Say which Services there are that are called alike."""
        scope = self.readings[0].namespace or ("" if self.everywhere else self.namespace)
        names: list[str] = []
        with contextlib.suppress(ForbiddenError):
            names = sorted({one.name for one in self._list_services(scope)})
        close = difflib.get_close_matches(self.readings[0].name, names, n=3, cutoff=0.5)
        if close:
            return "did you mean " + ", ".join(f"svc/{name}" for name in close)
        return "name a pod, a workload, or give -n NAMESPACE"

    def _nothing(self) -> Selection:
        if self.forbidden and not self.seen:
            raise self.forbidden[-1]
        hint = nearest(self.selector, self.seen.values())
        if self.forbidden:
            hint += "; you may not look into all namespaces: give -n NAMESPACE"
        place = "in all namespaces"
        if self.forbidden or not self.everywhere or all(one.namespace for one in self.readings):
            place = f"in namespace {', '.join(self._scopes())}"
        raise SelectorError(
            f"no pod fits {self.selector!r} {place}", where=self.cluster.where, hint=hint
        )


def _unready(pod: PodFacts) -> bool:
    return pod.ready is False

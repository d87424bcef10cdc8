"""What a trace wants to know of a live cluster beside the dump: ClusterIPs, and names of pods.

Decision: asked when it is needed and not before; a few single questions first, a list where they
become many. What may not be read, or not be had, is noted once and not asked for again: the trace
goes on with what is left.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from osmscope.errors import ForbiddenError, SourceError
from osmscope.source.kubernetes import Cluster
from osmscope.source.kubernetes_api import PODS, SERVICES, Kind, NotFoundError, Question
from osmscope.source.kubernetes_lists import Service, read_pods, read_services
from osmscope.source.service_directory import ServiceDirectory

_SINGLE_QUESTIONS = 16
_MOST_ADDRESSES = 64
"""Of how many addresses the pods are looked for: more than that, nobody reads."""
_MOST_NAMESPACES = 8
"""How many are looked into one by one where all together may not be read."""
_ENDED = ("Succeeded", "Failed")


class Asking:
    """Asks a cluster, and remembers what it did not get.

    Args:
        cluster: Whom to ask.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.notes: list[str] = []
        """What could not be read, each once."""
        self._forbidden: set[tuple[str, Kind, str]] = set()
        self._is_lost = False

    def pages(self, question: Question, without: str = "") -> list[bytes] | None:
        """Ask for a list.

        Args:
            question: What is asked for.
            without: What is missing where it may not be read, as a clause for a note; "" for none.

        Returns:
            Its pages; None where it may not be read, or was not had.
        """
        key = (question.verb, question.kind, question.namespace)
        if self._is_lost or key in self._forbidden:
            return None
        try:
            return list(self.cluster.read_pages(question))
        except NotFoundError:
            return []
        except ForbiddenError as error:
            self._forbidden.add(key)
            if without:
                self.note(f"{error.message}: {without}")
        except SourceError as error:
            self._is_lost = True
            self.note(f"{error.message}: Services and pods are not looked up any more")
        return None

    def note(self, text: str) -> None:
        """Note something, once."""
        if text not in self.notes:
            self.notes.append(text)


class LiveServices(ServiceDirectory):
    """The Services of a live cluster, as far as they are asked for."""

    def __init__(self, asking: Asking) -> None:
        super().__init__()
        self._asking = asking
        self._asked: set[tuple[str, str]] = set()
        self._listed: set[str] = set()
        """Namespaces whose Services are all known; "" for all namespaces."""

    def find(self, namespace: str, name: str) -> Service | None:
        """Return the Service of a name in a namespace; None where none is known."""
        if namespace and name:
            self._ask(namespace, name)
        return super().find(namespace, name)

    def named(self, name: str) -> Sequence[Service]:
        """Return the Services of a name in all namespaces."""
        if name and "." not in name:
            self._ask("", name)
        return super().named(name)

    def _ask(self, namespace: str, name: str) -> None:
        if {namespace, ""} & self._listed or (namespace, name) in self._asked:
            return
        self._asked.add((namespace, name))
        one_by_one = len(self._asked) <= _SINGLE_QUESTIONS
        fields = f"metadata.name={name}" if one_by_one else ""
        question = Question(kind=SERVICES, namespace=namespace, fields=fields)
        pages = self._asking.pages(question, "addresses are told from the dump alone")
        if pages is None:
            return
        if not one_by_one:
            self._listed.add(namespace)
        for page in pages:
            for service in read_services(page):
                self._services[service.namespace, service.name] = service


class LivePodNames(Mapping[str, str]):
    """The names of pods by IP address; an address is looked up when it is asked for.

    Args:
        asking: Whom to ask.
        namespaces: Gives the namespaces to look into where all together may not be read.
    """

    def __init__(self, asking: Asking, namespaces: Callable[[], Iterable[str]]) -> None:
        self._asking = asking
        self._namespaces = namespaces
        self._names: dict[str, str] = {}
        self._asked: set[str] = set()

    def __getitem__(self, address: str) -> str:
        if address not in self._asked and len(self._asked) < _MOST_ADDRESSES:
            self._asked.add(address)
            names = self._find(address) if _is_address(address) else []
            if len(names) == 1:
                self._names[address] = names[0]
        return self._names[address]

    def _find(self, address: str) -> list[str]:
        fields = f"status.podIP={address}"
        everywhere = self._asking.pages(Question(kind=PODS, fields=fields))
        if everywhere is not None:
            return _names(everywhere)
        names: list[str] = []
        denied: list[str] = []
        for namespace in itertools.islice(self._namespaces(), _MOST_NAMESPACES):
            pages = self._asking.pages(Question(kind=PODS, namespace=namespace, fields=fields))
            if pages is None:
                denied.append(namespace)
            names += _names(pages or [])
        if denied and not names:
            where = ", ".join(denied)
            self._asking.note(f"pods of {where} may not be listed: endpoints there have no names")
        return names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _names(pages: list[bytes]) -> list[str]:
    """The names of the pods that have not ended; an address may have been another's before."""
    pods = (pod for page in pages for pod in read_pods(page))
    return [pod.name for pod in pods if pod.spec.phase not in _ENDED]

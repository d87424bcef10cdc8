"""A live cluster: what its API server tells of pods, and ways to their sidecars.

Decision: the face is synchronous, for any thread; behind it runs one event loop a cluster. Each
question has a deadline, lists come page by page, and what a user may not read is an error of its
own kind, so that whoever asks can go on without.
"""

from __future__ import annotations

import contextlib
import itertools
import weakref
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import msgspec

from osmscope.errors import RefusedError, SourceError, UnreachableError
from osmscope.source.event_loop import EventLoop
from osmscope.source.kubeconfig import Credentials, Via
from osmscope.source.kubectl_forward import KubectlForward
from osmscope.source.kubernetes_api import GRACE, PODS, ApiServer, NotFoundError, Question
from osmscope.source.kubernetes_forward import Forward, deleted_meanwhile
from osmscope.source.kubernetes_lists import PodFacts, read_continue, read_pod, read_pods
from osmscope.source.locked_folder import LockedFolder

T = TypeVar("T")

DEADLINE = 30.0
"""Seconds for each question."""

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Cluster:
    """A live cluster; connected to when it is first asked.

    Args:
        credentials: Which cluster, and who asks.
        deadline: Seconds for each question.
        via: What leads to pods.
    """

    def __init__(
        self, credentials: Credentials, *, deadline: float = DEADLINE, via: Via = "api"
    ) -> None:
        self.credentials = credentials
        self.via = via
        self.deadline = deadline
        self._api = ApiServer(credentials, deadline)
        self._loop = EventLoop()
        self._folder = LockedFolder("osmscope-forward-")
        self._forwards: set[Forward] = set()
        self._numbers = itertools.count(1)
        self._close = weakref.finalize(
            self, _close, self._loop, self._api, self._forwards, self._folder
        )

    @property
    def where(self) -> str:
        """What the cluster is called in errors."""
        return self._api.where

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all forwards and connections; safe to call twice."""
        self._close()

    def read(self, question: Question) -> bytes:
        """Ask for one object, or for the first page of a list.

        Raises:
            ForbiddenError: The user may not.
            UnreachableError: The API server does not answer, or refuses who asks.
            NotFoundError: There is no such object, or no such kind.
        """
        return self._read(question, "")

    def read_pages(self, question: Question) -> Iterator[bytes]:
        """Ask for a list, page by page; raises as `read`."""
        token = ""
        while True:
            page = self._read(question, token)
            yield page
            try:
                token = read_continue(page)
            except _UNREADABLE:
                raise self._no_list(question) from None
            if not token:
                return

    def pods(self, namespace: str = "", *, fields: str = "", labels: str = "") -> list[PodFacts]:
        """List the pods of a namespace, or of all; raises as `read`."""
        question = Question(kind=PODS, namespace=namespace, fields=fields, labels=labels)
        found: list[PodFacts] = []
        for page in self.read_pages(question):
            try:
                found += read_pods(page)
            except _UNREADABLE:
                raise self._no_list(question) from None
        return found

    def pod(self, namespace: str, name: str) -> PodFacts | None:
        """Ask for one pod; None where there is none. Raises as `read`."""
        question = Question(kind=PODS, namespace=namespace, name=name)
        try:
            return read_pod(self.read(question))
        except NotFoundError:
            return None
        except _UNREADABLE:
            raise self._no_list(question) from None

    @contextlib.contextmanager
    def forward(self, pod: PodFacts, port: int) -> Iterator[str]:
        """Open a way to a port on a pod's loopback, for as long as the context lasts.

        Yields:
            The address of it here: "unix:///…", or "http://127.0.0.1:…" of kubectl.

        Raises:
            ForbiddenError: The user may not.
            UnreachableError: The pod cannot be reached; also in the place of an error that
                whoever used the way got, where it is the way that failed.
        """
        ways = self._forward_by_api if self.via == "api" else self._forward_by_kubectl
        with ways(pod, port) as (forward, address):
            try:
                yield address
            except SourceError as error:
                # What the way is called here tells nobody anything.
                error.where = error.where.replace(address, f"{pod.full_name}:{port}")
                raise self._failure(forward, error) from None

    @contextlib.contextmanager
    def _forward_by_api(self, pod: PodFacts, port: int) -> Iterator[tuple[Forward, str]]:
        socket = self._folder.path / f"{next(self._numbers)}.sock"
        forward = Forward(self._api, pod, port, socket)
        self._forwards.add(forward)
        try:
            self._run(forward.start())
            yield forward, f"unix://{socket}"
        finally:
            self._forwards.discard(forward)
            self._loop.run(forward.stop(), self.deadline)

    @contextlib.contextmanager
    def _forward_by_kubectl(self, pod: PodFacts, port: int) -> Iterator[tuple[KubectlForward, str]]:
        forward = KubectlForward(self.credentials.kubectl_flags, pod, port, self.deadline)
        try:
            yield forward, forward.start()
        finally:
            forward.stop()

    def _failure(self, forward: Forward | KubectlForward, error: SourceError) -> SourceError:
        """Say what failed: what the forward was told, or that the pod has gone."""
        if not isinstance(error, UnreachableError) or isinstance(error, RefusedError):
            return error  # the way is all right: the Envoy answers
        with contextlib.suppress(SourceError):
            pod = self.pod(forward.pod.namespace, forward.pod.name)
            if pod is None or pod.spec.deleted_at:
                return deleted_meanwhile(forward.pod, self.where)
        return forward.failure or error

    def _read(self, question: Question, page: str) -> bytes:
        return self._run(self._api.get(question, page))

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        try:
            return self._loop.run(coroutine, self.deadline + GRACE)
        except TimeoutError:
            raise self._api.timed_out() from None

    def _no_list(self, question: Question) -> SourceError:
        return SourceError(
            f"the answer to {question.verb} {question.resource} cannot be read", where=self.where
        )


def _close(
    loop: EventLoop,
    api: ApiServer,
    forwards: set[Forward],
    folder: LockedFolder,
) -> None:
    with contextlib.suppress(Exception):
        for forward in list(forwards):
            loop.run(forward.stop(), DEADLINE)
        loop.run(api.close(), DEADLINE)
    loop.close()
    folder.close()

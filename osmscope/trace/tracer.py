"""Where a request lands in one sidecar, and why there.

Evaluate first, explain on demand: `answer` builds no explanations, so that a batch of requests
stays cheap; `explain` evaluates once and then asks the rules again about the candidates that lost.
"""

from typing import TypeVar

import msgspec

from osmscope.resources.proxy import Proxy
from osmscope.rules.facts import Headers
from osmscope.trace.answer import Answer, Explanation, NearMiss
from osmscope.trace.assumptions import assumptions_of
from osmscope.trace.connection import evaluate_connection, has_request_line
from osmscope.trace.evidence import counters_of
from osmscope.trace.explain import steps_of
from osmscope.trace.http import evaluate_http
from osmscope.trace.near_miss import near_clusters, near_misses
from osmscope.trace.outcomes import Joined, outcomes_of
from osmscope.trace.path import ConnectionPath, Evaluation
from osmscope.trace.request import TraceRequest
from osmscope.trace.sidecar import Sidecar
from osmscope.trace.tcp import evaluate_tcp

_MOST_ANSWERS = 2048
_MOST_CONNECTIONS = 4096
"""How many are remembered: a batch asks the same again and again, over few connections."""

_ENCODER = msgspec.msgpack.Encoder()
_replace = msgspec.structs.replace

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class Tracer:
    """Answers requests about one proxy; its indexes are built once, when first needed."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self._sidecar = Sidecar(proxy)
        self._answers: dict[bytes, Answer] = {}
        self._connections: dict[tuple[object, ...], ConnectionPath] = {}

    def answer(self, request: TraceRequest) -> Answer:
        """Evaluate a request.

        Args:
            request: What is asked, its destination completed (see `osmscope.trace.completion`).

        Raises:
            DumpError: A resource on the path cannot be read.
        """
        anonymous = _replace(request, id=None)
        key = _ENCODER.encode(anonymous)
        answer = self._answers.get(key)
        if answer is None:
            headers = request.all_headers()
            evaluation = self._evaluate(request, headers)
            answer = self._answer(request, evaluation, outcomes_of(evaluation, headers))
            _remember(self._answers, key, answer, _MOST_ANSWERS)
        return _replace(answer, id=request.id)

    @property
    def sidecar(self) -> Sidecar:
        """The sidecar, made ready."""
        return self._sidecar

    def evaluate(self, request: TraceRequest) -> Evaluation:
        """Follow a request, and return what was chosen on each of its ways.

        Raises:
            DumpError: A resource on the path cannot be read.
        """
        return self._evaluate(request, request.all_headers())

    def explain(self, request: TraceRequest, *, brief: bool = False) -> tuple[Answer, Explanation]:
        """Evaluate a request and tell every decision with its losers.

        Args:
            request: What is asked, its destination completed.
            brief: Whether losers of which there may be thousands are counted and not listed, and
                near misses are left out: for who asks again at every keystroke.

        Raises:
            DumpError: A resource on the path cannot be read.
        """
        headers = request.all_headers()
        evaluation = self._evaluate(request, headers)
        joined = outcomes_of(evaluation, headers)
        answer = self._answer(request, evaluation, joined)
        connection = evaluation.connection
        steps = steps_of(self._sidecar, request, connection, joined, brief=brief)
        misses = () if brief else self._near_misses(request, evaluation, answer)
        counters = () if brief else counters_of(evaluation)
        return answer, Explanation(steps=steps, near_misses=misses, counters=counters)

    def _near_misses(
        self, request: TraceRequest, evaluation: Evaluation, answer: Answer
    ) -> tuple[NearMiss, ...]:
        listeners = self._sidecar.listeners
        if self.proxy.dump.is_live and any(one.verdict != "forwarded" for one in answer.outcomes):
            self.proxy.expect_clusters(near_clusters(request, evaluation))
        return near_misses(request, evaluation, answer, self.answer, listeners)

    def _evaluate(self, request: TraceRequest, headers: Headers) -> Evaluation:
        connection = self._connection(request)
        evaluation = Evaluation(connection=connection)
        if connection.missing:
            return evaluation
        if connection.tcp_proxy is not None:
            return Evaluation(
                connection=connection, tcp=evaluate_tcp(self._sidecar, connection, request)
            )
        if connection.manager is None or connection.closed is not None:
            return evaluation
        http = evaluate_http(self._sidecar, connection, request, headers)
        return Evaluation(connection=connection, http=http)

    def _connection(self, request: TraceRequest) -> ConnectionPath:
        """Follow a connection; equal ones go the same way, and most requests share theirs."""
        key = (
            request.listener,
            request.direction,
            request.dst_ip,
            request.dst_port,
            request.src_ip,
            request.src_port,
            request.direct_src_ip,
            request.node_ip,
            request.tls,
            request.sni,
            request.alpn,
            request.client_certificate,
            request.protocol,
            has_request_line(request),
        )
        path = self._connections.get(key)
        if path is None:
            path = evaluate_connection(self._sidecar, request)
            _remember(self._connections, key, path, _MOST_CONNECTIONS)
        return path

    def _answer(
        self, request: TraceRequest, evaluation: Evaluation, joined: tuple[Joined, ...]
    ) -> Answer:
        assumptions = assumptions_of(self._sidecar, request, evaluation)
        return Answer(
            id=request.id,
            exact=not assumptions.rest,
            assumptions=(*assumptions.rest, *assumptions.notes),
            outcomes=tuple(one.outcome for one in joined),
        )


def _remember(memory: dict[KeyT, ValueT], key: KeyT, value: ValueT, most: int) -> None:
    """Put into a bounded memory, which is emptied when it is full."""
    if len(memory) >= most:
        memory.clear()
    memory[key] = value

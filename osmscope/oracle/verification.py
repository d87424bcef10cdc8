"""Many requests put to one real Envoy, each answer held against its trace.

Decision: what a request leaves open about its connection is filled in before both are asked, so
that the trace answers exactly what is sent: a source, and, where nobody knows it, a destination.
The peer of the connection is 127.0.0.1, as the PROXY header's sender always is.
"""

from __future__ import annotations

import contextlib
import time
from types import TracebackType
from typing import Self

import msgspec

from osmscope.oracle.access_log import LogLine
from osmscope.oracle.ask import Client
from osmscope.oracle.comparison import Comparison, Decision, compare
from osmscope.oracle.envoy_process import EnvoyProcess, envoy_path
from osmscope.oracle.not_comparable import NotComparableError
from osmscope.oracle.runnable import Runnable, runnable
from osmscope.oracle.sent_request import SentRequest
from osmscope.oracle.stand_in import StandIn
from osmscope.oracle.throw_away_keys import ThrowAwayKeys
from osmscope.resources.address import host_port, parse_ip
from osmscope.resources.proxy import Proxy
from osmscope.rules.listener_selection import ListenerIndex, WantedConnection
from osmscope.trace.request import TraceRequest
from osmscope.trace.tracer import Tracer

PEER = "127.0.0.1"
_SOURCES = {4: "192.0.2.1", 6: "2001:db8::1"}
"""Of the ranges for documentation (RFC 5737, RFC 3849): nobody's."""
_DESTINATION = "192.0.2.2"
_SOURCE_PORT = 40000
_PATIENCE = 3.0
_UNKNOWN = Decision(verdict="unknown")


class Verification:
    """A sidecar's trace and a real Envoy that runs its copy, while it is open.

    Args:
        proxy: The sidecar.
        pod_ip: Its pod's address, "" where it is not known.
        seconds: How long starting Envoy may take, and one request.

    Raises:
        NotComparableError: There is no Envoy, or it refuses the copy.
        DumpError: A resource cannot be read.
    """

    def __init__(self, proxy: Proxy, *, pod_ip: str = "", seconds: float = 30.0) -> None:
        envoy_path()
        self._tracer = Tracer(proxy)
        self._pod_ip = pod_ip
        self._seconds = seconds
        self._index = ListenerIndex(proxy.listeners)
        self._ports: dict[str, int] = {}
        self._real: dict[str, str] = {}
        self._stack = contextlib.ExitStack()
        self.taken_out: list[str] = []
        """What the copy lacks, in words."""

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            keys = ThrowAwayKeys()
            self._envoy = stack.enter_context(EnvoyProcess())
            self._copy: Runnable = runnable(self._tracer.proxy, keys, self._envoy.folder)
            self._stand_in = stack.enter_context(StandIn(len(self._copy.endpoints)))
            addresses = self._stand_in.addresses
            bootstrap = self._copy.with_addresses(addresses)
            self._ports = self._envoy.start(bootstrap, self._deadline())
            self._real = dict(zip(addresses, self._copy.endpoints, strict=True))
            patience = min(self._seconds, _PATIENCE)
            self._client = Client(keys, self._envoy.folder, patience)
            ignored = [f"{field} (unknown to this Envoy)" for field in self._envoy.ignored()]
            self.taken_out = [*self._copy.taken_out, *ignored]
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def prepared(self, request: TraceRequest) -> TraceRequest:
        """Fill in what a request leaves open and a connection must have."""
        destination = request.dst_ip
        if destination is None and request.direction == "inbound":
            destination = self._pod_ip or _DESTINATION
        ip = parse_ip(destination or "")
        own = parse_ip(self._pod_ip)
        source = _SOURCES[ip.version if ip is not None else 4]
        if own is not None and ip is not None and own.version == ip.version:
            source = source if request.direction == "inbound" else str(own)
        source = request.src_ip or source
        # Only Envoy knows its own address here, which it forwards for clients on loopback.
        is_local = getattr(parse_ip(source), "is_loopback", False)
        return msgspec.structs.replace(
            request,
            dst_ip=destination,
            src_ip=source,
            node_ip=None if is_local else request.node_ip,
            now=time.time(),
            src_port=_SOURCE_PORT if request.src_port is None else request.src_port,
            direct_src_ip=PEER,
            random_value=None,
        )

    def filled_in(self, request: TraceRequest) -> tuple[str, ...]:
        """Say in words which addresses a request left open."""
        asked = self.prepared(request)
        notes = []
        if request.src_ip is None:
            notes.append(f"the client's address is {asked.src_ip}, for both")
        if request.dst_ip is None and asked.dst_ip is not None:
            notes.append(f"the original destination is {asked.dst_ip}, for both")
        if request.random_value is not None:
            notes.append("Envoy draws its own random value: any outcome will do")
        if request.now is not None:
            notes.append("the request is sent now, for both")
        return tuple(notes)

    def verify(self, request: TraceRequest) -> Comparison:
        """Put a request to both, and compare.

        Args:
            request: The request, completed (`osmscope.trace.completion`).

        Returns:
            The comparison; where there can be none it says why.
        """
        asked = self.prepared(request)
        answer = self._tracer.answer(asked)
        try:
            self._stand_in.forget()
            line = self._logged(asked)
            return compare(answer, line, self._real, self._received(asked, line))
        except NotComparableError as error:
            nearest = compare(answer, LogLine(kind="listener"), {}).simulated
            return Comparison(result="not compared", simulated=nearest, reason=str(error))

    def _logged(self, request: TraceRequest) -> LogLine:
        if request.protocol == "udp":
            raise NotComparableError("it is sent over UDP, which is not modelled")
        self._envoy.set_runtime(request.runtime or {})
        peer = self._client.ask(request, self._entry(request))
        line = self._envoy.lines_of(peer, time.monotonic() + _PATIENCE)[0]
        wanted = host_port(str(parse_ip(request.dst_ip or "")), request.dst_port or 0)
        if line.destination != wanted:
            raise NotComparableError(
                f"Envoy saw the destination {line.destination} instead of {wanted}:"
                " this machine tracks connections, which use_original_dst asks"
            )
        return line

    def _received(
        self, asked: TraceRequest, line: LogLine
    ) -> tuple[TraceRequest, SentRequest] | None:
        """Pair a request with what its endpoint got; None where that was no HTTP request."""
        head = self._stand_in.asked_at(line.endpoint or "") if line.kind == "http" else None
        return None if head is None else (asked, SentRequest.received(head))

    def _entry(self, request: TraceRequest) -> tuple[str, int]:
        """Find the copy of the listener that accepts a connection."""
        wanted = WantedConnection(
            destination_ip=request.dst_ip,
            destination_port=request.dst_port,
            direction=request.direction,
            listener=request.listener,
        )
        choice = self._index.choose(wanted)
        accepting = choice.accepted_by or choice.listener
        if accepting is None:
            unknown = f"{choice.missing} is not known" if choice.missing else ""
            reason = choice.reason or unknown or f"{len(choice.candidates)} listeners would"
            raise NotComparableError(f"no one listener accepts {wanted.text()}: {reason}")
        ip = self._copy.entries.get(accepting.name)
        if ip is None or ip not in self._ports:
            raise NotComparableError(f'the listener "{accepting.name}" has no socket in the copy')
        return ip, self._ports[ip]

    def _deadline(self) -> float:
        return time.monotonic() + self._seconds


def verify_once(proxy: Proxy, request: TraceRequest) -> Comparison:
    """Put one request to a trace and to an Envoy of its own; raises nothing that Envoy refuses."""
    try:
        with Verification(proxy) as envoy:
            return envoy.verify(request)
    except NotComparableError as error:
        return Comparison(result="not compared", simulated=_UNKNOWN, reason=str(error))

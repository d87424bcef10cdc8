"""Whether a request reaches the sidecar at all: the step at the head of a trace.

Decision: what goes past the sidecar is not Envoy's to answer, and what is at the other end is not
known: the outcome is `unknown`, and the answer says that it is not intercepted and why. Where it
cannot be told whether it is, it is taken to be, and the answer rests on that.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.address import host_port, parse_ip
from osmscope.resources.listener import Listener
from osmscope.resources.proxy import Proxy
from osmscope.rules.interception import Redirection, inbound, outbound
from osmscope.rules.result import Match, Outcome, matched
from osmscope.trace.answer import Answer, Explanation, OutcomeAnswer, Step
from osmscope.trace.request import TraceRequest

_MOST_REMEMBERED = 4096


class Interception:
    """What is led to one sidecar.

    Args:
        redirection: What its mesh redirects.
        proxy: Its Envoy, which some connections come to by themselves.
    """

    def __init__(self, redirection: Redirection, proxy: Proxy) -> None:
        self._redirection = redirection
        self._proxy = proxy
        self._found: dict[tuple[object, ...], Match | None] = {}

    def find(self, request: TraceRequest, *, is_stand_in: bool = False) -> Match | None:
        """Say whether a request is led to the sidecar.

        Args:
            request: What is asked, completed.
            is_stand_in: Whether its address only stands for one that is not known.

        Returns:
            None where the question is beside the point: the request names its listener.
        """
        if request.listener is not None:
            return None
        ip = None if is_stand_in else request.dst_ip
        if request.protocol == "udp":
            return self._udp(request, ip)
        key = (request.direction, ip, request.dst_port)
        if key not in self._found:
            if len(self._found) >= _MOST_REMEMBERED:
                self._found.clear()
            self._found[key] = self._find(request.direction == "inbound", ip, request.dst_port)
        return self._found[key]

    def _udp(self, request: TraceRequest, ip: str | None) -> Match:
        if request.direction == "inbound":
            return inbound(self._redirection, request.dst_port, "udp")
        return outbound(self._redirection, ip, request.dst_port, "udp")

    def _find(self, is_inbound: bool, ip: str | None, port: int | None) -> Match | None:
        if is_inbound:
            found = inbound(self._redirection, port)
        else:
            found = outbound(self._redirection, ip, port)
        if found.outcome is Outcome.NO_MATCH and self._listens(is_inbound, ip, port):
            return matched(f"{found.reason}; Envoy itself listens there", *found.consulted)
        return found

    def _listens(self, is_inbound: bool, ip: str | None, port: int | None) -> bool:
        """Whether one of Envoy's own ports is meant, such as that of its metrics."""
        address = None if ip is None else parse_ip(ip)
        is_own = is_inbound or (
            address is not None and (address.is_loopback or ip in self._redirection.own_addresses)
        )
        return is_own and any(_listens_at(one, ip, port) for one in self._proxy.listeners)


def as_said(request: TraceRequest, *, is_stand_in: bool) -> TraceRequest:
    """Return a request without an address that only stands for one that is not known."""
    return msgspec.structs.replace(request, dst_ip=None) if is_stand_in else request


def past_the_sidecar(request: TraceRequest, found: Match) -> Answer:
    """Answer a request that is not led to the sidecar."""
    return Answer(
        id=request.id,
        exact=False,
        assumptions=(f"it goes past the sidecar, straight to {_where(request)}: {found.reason}",),
        outcomes=(OutcomeAnswer(probability=1.0, verdict="unknown"),),
        intercepted=False,
    )


def resting_on(answer: Answer, found: Match | None) -> Answer:
    """Add to an answer that the request is taken to be led to the sidecar, where that is open."""
    if found is None or not found.is_unknown:
        return answer
    said = f"the request is led to the sidecar: {found.reason}"
    return msgspec.structs.replace(answer, exact=False, assumptions=(said, *answer.assumptions))


def with_step(explanation: Explanation, request: TraceRequest, found: Match | None) -> Explanation:
    """Put the step in front of an explanation."""
    if found is None:
        return explanation
    chosen = {
        Outcome.MATCH: "to the sidecar",
        Outcome.NO_MATCH: f"straight to {_where(request)}",
        Outcome.UNKNOWN: "",
    }
    step = Step(
        kind="interception",
        chosen=chosen[found.outcome],
        reason=found.reason,
        fields=found.consulted,
        failed=found.outcome is Outcome.NO_MATCH,
    )
    return msgspec.structs.replace(explanation, steps=(step, *explanation.steps))


def _where(request: TraceRequest) -> str:
    if request.dst_ip is None:
        return request.host or "where it is sent"
    return (
        request.dst_ip if request.dst_port is None else host_port(request.dst_ip, request.dst_port)
    )


def _listens_at(listener: Listener, ip: str | None, port: int | None) -> bool:
    address = listener.address.socket_address
    if address is None or listener.bind_to_port is False or address.port_value != port:
        return False
    bound = parse_ip(address.address)
    if bound is None:
        return False
    return bound.is_unspecified or address.address == ip

"""Which listener gets a connection.

What Envoy does: the kernel gives a connection to the socket of its exact address, else to a
wildcard. In a sidecar it was redirected before that, by direction, to an intercepting listener.
A listener with `use_original_dst` hands the connection over to the listener of the original
destination: the exact address, else the wildcard of the IP version; without one it keeps it.
Checked against Envoy 1.40.0. Not modelled: internal and UDP listeners, unix domain sockets.

An intercepting listener is one that restores the original destination and whose direction is
marked, by `traffic_direction` or by the name or port that OSM and Istio give it.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from osmscope.resources.address import host_port, parse_ip
from osmscope.resources.extension import decode_extension
from osmscope.resources.listener import Listener, OriginalDst
from osmscope.rules.listener_address import (
    WILDCARDS,
    addresses,
    compatible_addresses,
    is_bound,
    is_internal,
    is_udp,
    why_not_eligible,
)

Direction = Literal["outbound", "inbound"]
_Addresses = dict[tuple[str, int], Listener]

_NAMES: dict[str, Direction] = {
    "outbound-listener": "outbound",
    "outbound_listener": "outbound",
    "inbound-listener": "inbound",
    "inbound_listener": "inbound",
    "virtualOutbound": "outbound",
    "virtualInbound": "inbound",
}
_PORTS: dict[int, Direction] = {15001: "outbound", 15003: "inbound", 15006: "inbound"}


class WantedConnection(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a connection before a listener accepts it."""

    destination_ip: str | None = None
    destination_port: int | None = None
    direction: Direction | None = None
    listener: str | None = None
    """The name of the accepting listener, where it is given."""

    def text(self) -> str:
        """Write the destination: `10.0.0.1:80`, or what of it is known."""
        if self.destination_port is None:
            return self.destination_ip or "an unknown destination"
        if self.destination_ip is None:
            return f"port {self.destination_port}"
        return host_port(self.destination_ip, self.destination_port)


class ListenerChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The listener that decides about a connection, or why there is none."""

    listener: Listener | None = None
    accepted_by: Listener | None = None
    """The listener that accepted the connection and handed it over; None where none did."""
    reason: str = ""
    """A clause in words."""
    candidates: tuple[Listener, ...] = ()
    """Those that fit where several do; the choice is then the user's."""
    missing: str = ""
    """The fact that is not known and that the choice or a hand-over would need, as a noun."""


class ListenerIndex:
    """The listeners of one sidecar that accept connections, filed by address."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = tuple(listeners)
        self._eligible = tuple(one for one in listeners if not why_not_eligible(one))
        self._by_address = _file(self._eligible)
        bound = tuple(one for one in self._eligible if is_bound(one))
        self._bound = bound
        self._bound_by_address = _file(bound)
        self._intercepting = _intercepting(bound)

    def choose(self, wanted: WantedConnection) -> ListenerChoice:
        """Choose the listener for a connection.

        Args:
            wanted: The connection; without a direction it is taken for an outbound one.
        """
        choice = self._accept(wanted)
        if choice.listener is None or not choice.listener.use_original_dst:
            return choice
        return self._hand_over(choice.listener, choice.reason, wanted)

    def losers(
        self, wanted: WantedConnection, choice: ListenerChoice
    ) -> Iterator[tuple[Listener, str]]:
        """List the other listeners, each with the reason why it does not get the connection."""
        for listener in self._listeners:
            if listener is not choice.listener and listener not in choice.candidates:
                yield listener, self._why_not(listener, wanted, choice)

    def _accept(self, wanted: WantedConnection) -> ListenerChoice:
        if wanted.listener is not None:
            return self._accept_by_name(wanted.listener)
        direction = wanted.direction or "outbound"
        intercepting = self._intercepting.get(direction)
        if intercepting is None:
            return self._accept_by_address(wanted)
        own = _look_up(self._bound_by_address, wanted) or self._wildcard_of_port(wanted)
        if direction == "inbound" and own is not None and own not in self._intercepting.values():
            reason = f"it has the socket of {wanted.text()}, a port that is not redirected"
            return ListenerChoice(listener=own, reason=reason)
        reason = f"{direction} connections are redirected to it"
        return ListenerChoice(listener=intercepting, reason=reason)

    def _wildcard_of_port(self, wanted: WantedConnection) -> Listener | None:
        """Find the listener that has a port at every address, where the address is not known."""
        port = wanted.destination_port
        if wanted.destination_ip is not None or port is None:
            return None
        found = (self._bound_by_address.get((ip, port)) for ip in WILDCARDS.values())
        return next(filter(None, found), None)

    def _accept_by_name(self, name: str) -> ListenerChoice:
        for listener in self._listeners:
            if listener.name == name:
                if is_internal(listener):
                    return _unmodelled(listener)
                obstacle = why_not_eligible(listener)
                if obstacle:
                    return ListenerChoice(reason=f'listener "{name}" gets no TCP: {obstacle}')
                return ListenerChoice(listener=listener, reason="the request names it")
        return ListenerChoice(reason=f'no listener "{name}" accepts connections')

    def _accept_by_address(self, wanted: WantedConnection) -> ListenerChoice:
        exact = _look_up(self._bound_by_address, wanted)
        candidates = tuple(one for one in self._bound if _may_accept(one, wanted))
        if exact is not None:
            candidates = (exact,)
        if not candidates:
            direction = wanted.direction or "outbound"
            for listener in self._listeners:
                if is_internal(listener) and _direction(listener) == direction:
                    return _unmodelled(listener)
            return ListenerChoice(reason=self._why_none(wanted))
        if len(candidates) > 1:
            reason = f"{len(candidates)} listeners may accept {wanted.text()}"
            return ListenerChoice(candidates=candidates, reason=reason)
        return ListenerChoice(listener=candidates[0], reason=f"its address accepts {wanted.text()}")

    def _why_none(self, wanted: WantedConnection) -> str:
        reason = f"no listener has the address of {wanted.text()}"
        for listener in self._listeners:
            if is_udp(listener) and _may_accept(listener, wanted):
                return f'{reason}, but "{listener.name}": {why_not_eligible(listener)}'
        return reason

    def _hand_over(
        self, accepting: Listener, reason: str, wanted: WantedConnection
    ) -> ListenerChoice:
        if wanted.destination_ip is None or wanted.destination_port is None:
            others = (one for one in self._eligible if one is not accepting)
            missing = "the destination" if any(_may_accept(one, wanted) for one in others) else ""
            return ListenerChoice(listener=accepting, reason=reason, missing=missing)
        target = _look_up(self._by_address, wanted)
        if target is None or target is accepting:
            kept = f"{reason}, and no other listener has the address of {wanted.text()}"
            return ListenerChoice(listener=accepting, reason=kept)
        return ListenerChoice(
            listener=target,
            accepted_by=accepting,
            reason=f'"{accepting.name}" hands {wanted.text()} over to the listener of that address',
        )

    def _why_not(self, listener: Listener, wanted: WantedConnection, choice: ListenerChoice) -> str:
        obstacle = why_not_eligible(listener)
        if obstacle:
            return obstacle
        if listener is choice.accepted_by:
            return f"it hands the connection over, because {wanted.text()} has a listener"
        if choice.accepted_by is not None:
            return _not_its_address(listener, wanted)
        if wanted.listener is not None:
            return f'the request names the listener "{wanted.listener}"'
        if not is_bound(listener):
            return "it has no socket: connections are only handed over to it"
        if choice.listener in self._intercepting.values():
            direction = wanted.direction or "outbound"
            return f"{direction} connections are redirected to another listener"
        return _not_its_address(listener, wanted)


def _unmodelled(listener: Listener) -> ListenerChoice:
    words = f'what reaches the internal listener "{listener.name}" (these are not modelled)'
    return ListenerChoice(missing=words)


def _not_its_address(listener: Listener, wanted: WantedConnection) -> str:
    listed = " and ".join(host_port(ip, port) for ip, port in addresses(listener))
    if _may_accept(listener, wanted):
        return f"its address {listed} is less exact than another listener's"
    return f"its address is {listed}, not {wanted.text()}"


def _may_accept(listener: Listener, wanted: WantedConnection) -> bool:
    """Whether a listener may accept a connection, as far as its destination is known."""
    wanted_ip = None if wanted.destination_ip is None else parse_ip(wanted.destination_ip)
    accepted = {str(wanted_ip), WILDCARDS[wanted_ip.version]} if wanted_ip is not None else None
    return any(
        (accepted is None or ip in accepted) and wanted.destination_port in (None, port)
        for ip, port in (*addresses(listener), *compatible_addresses(listener))
    )


def _look_up(listeners: _Addresses, wanted: WantedConnection) -> Listener | None:
    """Find the listener of a destination: its exact address, else the wildcard of its version."""
    ip = parse_ip(wanted.destination_ip or "")
    port = wanted.destination_port
    if ip is None or port is None:
        return None
    return listeners.get((str(ip), port)) or listeners.get((WILDCARDS[ip.version], port))


def _file(listeners: Sequence[Listener]) -> _Addresses:
    filed: _Addresses = {}
    # A real IPv4 wildcard is never replaced by an IPv6 one that is compatible.
    for list_addresses in (addresses, compatible_addresses):
        for listener in listeners:
            for address in list_addresses(listener):
                filed.setdefault(address, listener)
    return filed


def _intercepting(listeners: Sequence[Listener]) -> dict[Direction, Listener]:
    found: dict[Direction, Listener] = {}
    for listener in listeners:
        direction = _direction(listener)
        if direction is not None and _restores_destination(listener):
            found.setdefault(direction, listener)
    return found


def _direction(listener: Listener) -> Direction | None:
    if listener.traffic_direction == "OUTBOUND":
        return "outbound"
    if listener.traffic_direction == "INBOUND":
        return "inbound"
    ports = [_PORTS[port] for _, port in addresses(listener) if port in _PORTS]
    return _NAMES.get(listener.name) or (ports[0] if ports else None)


def _restores_destination(listener: Listener) -> bool:
    return bool(listener.use_original_dst) or any(
        isinstance(decode_extension(one), OriginalDst) for one in listener.listener_filters
    )

"""Which listener gets a connection, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.resources.address import Address, SocketAddress
from osmscope.resources.listener import AdditionalAddress, Listener, ListenerFilter
from osmscope.resources.resource import Opaque
from osmscope.rules.listener_selection import (
    Direction,
    ListenerChoice,
    ListenerIndex,
    WantedConnection,
)

UDP = "it is a UDP listener, and UDP (HTTP/3 too) is not modelled"
RESTORES = (ListenerFilter(name="envoy.filters.listener.original_dst"),)


def address(text: str, *, compat: bool = False) -> Address:
    ip, _, port = text.rpartition(":")
    return Address(
        socket_address=SocketAddress(
            address=ip.strip("[]"), port_value=int(port), ipv4_compat=compat
        )
    )


def listener(name: str, text: str, *, bound: bool = True, compat: bool = False) -> Listener:
    return Listener(name=name, address=address(text, compat=compat), bind_to_port=bound)


def want(
    destination: str = "", direction: Direction | None = None, name: str | None = None
) -> WantedConnection:
    ip, _, port = destination.rpartition(":")
    return WantedConnection(
        destination_ip=ip.strip("[]") or None,
        destination_port=int(port) if port else None,
        direction=direction,
        listener=name,
    )


def chosen(choice: ListenerChoice) -> str | None:
    return choice.listener.name if choice.listener else None


def losers(index: ListenerIndex, wanted: WantedConnection) -> dict[str, str]:
    choice = index.choose(wanted)
    return {one.name: reason for one, reason in index.losers(wanted, choice)}


OSM = ListenerIndex(
    (
        Listener(
            name="outbound-listener",
            address=address("0.0.0.0:15001"),
            listener_filters=RESTORES,
            traffic_direction="OUTBOUND",
        ),
        Listener(
            name="inbound-listener",
            address=address("0.0.0.0:15003"),
            listener_filters=RESTORES,
            traffic_direction="INBOUND",
        ),
        Listener(
            name="inbound-prometheus-listener",
            address=address("0.0.0.0:15010"),
            traffic_direction="INBOUND",
        ),
    )
)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (want("10.0.0.1:80", "outbound"), "outbound-listener"),
        (want("10.0.0.1:80"), "outbound-listener"),
        (want(), "outbound-listener"),
        (want("10.0.0.1:80", "inbound"), "inbound-listener"),
        (want("10.0.0.1:15010", "inbound"), "inbound-prometheus-listener"),
        (want(":15010", "inbound"), "inbound-prometheus-listener"),
        (want(":80", "inbound"), "inbound-listener"),
        (want("10.0.0.1:15010", "outbound"), "outbound-listener"),
        (want(":15010", "outbound"), "outbound-listener"),
        (want("10.0.0.1:15001", "inbound"), "inbound-listener"),
        (want("10.0.0.1:80", "inbound", "outbound-listener"), "outbound-listener"),
        (want("10.0.0.1:80", "inbound", "no-listener"), None),
    ],
)
def test_a_redirected_sidecar_intercepts_by_direction(wanted: WantedConnection, name: str) -> None:
    assert chosen(OSM.choose(wanted)) == name


@pytest.mark.parametrize(
    ("one", "direction"),
    [
        (Listener(name="outbound_listener", address=address("0.0.0.0:1")), "outbound"),
        (Listener(name="virtualInbound", address=address("0.0.0.0:1")), "inbound"),
        (Listener(name="any", address=address("0.0.0.0:15006")), "inbound"),
        (Listener(name="any", address=address("0.0.0.0:15001")), "outbound"),
    ],
)
def test_without_a_marked_direction_names_and_ports_tell_it(
    one: Listener, direction: Direction
) -> None:
    restoring = Listener(name=one.name, address=one.address, listener_filters=RESTORES)
    index = ListenerIndex((restoring, listener("other", "0.0.0.0:80")))
    assert chosen(index.choose(want("10.0.0.1:99", direction))) == one.name


def test_a_listener_that_restores_without_a_direction_does_not_intercept() -> None:
    restoring = Listener(name="a", address=address("0.0.0.0:80"), listener_filters=RESTORES)
    assert chosen(ListenerIndex((restoring,)).choose(want("10.0.0.1:99"))) is None


ISTIO = ListenerIndex(
    (
        Listener(
            name="virtualOutbound",
            address=address("0.0.0.0:15001"),
            use_original_dst=True,
            traffic_direction="OUTBOUND",
        ),
        listener("10.96.0.1_80", "10.96.0.1:80", bound=False),
        listener("0.0.0.0_80", "0.0.0.0:80", bound=False),
        listener("[::]_80", "[::]:80", bound=False),
        listener("[::]_90", "[::]:90", bound=False, compat=True),
        listener("[::]_80_compatible", "[::]:80", bound=False, compat=True),
        Listener(
            name="several",
            address=address("10.96.0.2:80"),
            additional_addresses=(AdditionalAddress(address=address("10.96.0.3:80")),),
            bind_to_port=False,
        ),
    )
)


@pytest.mark.parametrize(
    ("destination", "name"),
    [
        ("10.96.0.1:80", "10.96.0.1_80"),
        ("10.96.0.9:80", "0.0.0.0_80"),
        ("[fd00::1]:80", "[::]_80"),
        ("10.96.0.9:90", "[::]_90"),
        ("10.96.0.3:80", "several"),
        ("10.96.0.9:99", "virtualOutbound"),
        ("10.96.0.9:15001", "virtualOutbound"),
    ],
    ids=[
        "exact",
        "wildcard",
        "wildcard of IPv6",
        "IPv6 wildcard with ipv4_compat",
        "additional address",
        "none: it stays",
        "its own address: it stays",
    ],
)
def test_use_original_dst_hands_over(destination: str, name: str) -> None:
    choice = ISTIO.choose(want(destination, "outbound"))
    assert chosen(choice) == name
    stays = name == "virtualOutbound"
    assert (choice.accepted_by is None) is stays


def test_a_named_listener_hands_over_as_well() -> None:
    choice = ISTIO.choose(want("10.96.0.1:80", None, "virtualOutbound"))
    assert chosen(choice) == "10.96.0.1_80"
    assert choice.reason == (
        '"virtualOutbound" hands 10.96.0.1:80 over to the listener of that address'
    )


def test_a_hand_over_needs_the_destination() -> None:
    choice = ISTIO.choose(WantedConnection(destination_port=80))
    assert (chosen(choice), choice.missing) == ("virtualOutbound", "the destination")
    elsewhere = ISTIO.choose(WantedConnection(destination_port=4711))
    assert (chosen(elsewhere), elsewhere.missing) == ("virtualOutbound", "")


QUIC = Listener(name="q", address=address("[::]:443"), udp_listener_config=Opaque())
GATEWAY = ListenerIndex(
    (
        listener("exact", "10.0.0.1:80"),
        listener("wildcard", "0.0.0.0:80"),
        listener("other", "0.0.0.0:443"),
        listener("v6", "[::]:90", compat=True),
        listener("unbound", "0.0.0.0:81", bound=False),
        Listener(name="udp", address=address("0.0.0.0:443"), udp_listener_config=Opaque()),
    )
)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (want("10.0.0.1:80"), "exact"),
        (want("10.0.0.2:80"), "wildcard"),
        (want("[fd00::1]:80"), None),
        (want("10.0.0.2:90"), "v6"),
        (want("10.0.0.2:81"), None),
        (want(":443"), "other"),
        (want("10.0.0.1:443", "inbound"), "other"),
        (want("", None, "udp"), None),
    ],
)
def test_a_gateway_is_chosen_by_address_and_port(
    wanted: WantedConnection, name: str | None
) -> None:
    assert chosen(GATEWAY.choose(wanted)) == name


WAYPOINT = ListenerIndex(
    (
        listener("status", "0.0.0.0:15021"),
        Listener(name="main", internal_listener=Opaque(), traffic_direction="INBOUND"),
        Listener(name="other", internal_listener=Opaque()),
    )
)


@pytest.mark.parametrize(
    ("wanted", "internal"),
    [
        (want("10.0.0.1:8000", "inbound"), "main"),
        (want("10.0.0.1:8000", "inbound", "main"), "main"),
        (want("10.0.0.1:8000", "inbound", "other"), "other"),
        (want("10.0.0.1:8000", "outbound"), ""),
        (want("10.0.0.1:8000"), ""),
        (want("10.0.0.1:15021", "inbound"), ""),
    ],
)
def test_what_an_internal_listener_gets_is_not_known(
    wanted: WantedConnection, internal: str
) -> None:
    missing = f'what reaches the internal listener "{internal}" (these are not modelled)'
    assert WAYPOINT.choose(wanted).missing == (missing if internal else "")


def test_several_listeners_that_fit_are_candidates() -> None:
    choice = GATEWAY.choose(want(":80"))
    assert chosen(choice) is None
    assert [one.name for one in choice.candidates] == ["exact", "wildcard"]
    assert choice.reason == "2 listeners may accept port 80"


def test_the_only_listener_needs_no_destination() -> None:
    index = ListenerIndex((listener("only", "0.0.0.0:10080"),))
    assert chosen(index.choose(want())) == "only"


@pytest.mark.parametrize(
    ("index", "wanted", "reason"),
    [
        (GATEWAY, want("10.0.0.9:99"), "no listener has the address of 10.0.0.9:99"),
        (GATEWAY, WantedConnection(destination_ip="::9"), "its address accepts ::9"),
        (
            ListenerIndex(
                (Listener(name="q", address=address("[::]:443"), udp_listener_config=Opaque()),)
            ),
            want("[::1]:443"),
            f'no listener has the address of [::1]:443, but "q": {UDP}',
        ),
        (ListenerIndex(()), want(), "no listener has the address of an unknown destination"),
        (GATEWAY, want("", None, "no"), 'no listener "no" accepts connections'),
        (GATEWAY, want("", None, "udp"), f'listener "udp" gets no TCP: {UDP}'),
        (GATEWAY, want("", None, "other"), "the request names it"),
        (OSM, want("10.0.0.1:80"), "outbound connections are redirected to it"),
        (
            OSM,
            want("10.0.0.1:15010", "inbound"),
            "it has the socket of 10.0.0.1:15010, a port that is not redirected",
        ),
    ],
)
def test_the_reason_in_words(index: ListenerIndex, wanted: WantedConnection, reason: str) -> None:
    assert index.choose(wanted).reason == reason


def test_why_the_others_of_a_gateway_lose() -> None:
    assert losers(GATEWAY, want("10.0.0.1:80")) == {
        "wildcard": "its address 0.0.0.0:80 is less exact than another listener's",
        "other": "its address is 0.0.0.0:443, not 10.0.0.1:80",
        "v6": "its address is [::]:90, not 10.0.0.1:80",
        "unbound": "it has no socket: connections are only handed over to it",
        "udp": UDP,
    }


def test_why_the_others_of_a_sidecar_lose() -> None:
    reason = "outbound connections are redirected to another listener"
    assert losers(OSM, want("10.0.0.1:15010")) == {
        "inbound-listener": reason,
        "inbound-prometheus-listener": reason,
    }


def test_why_the_others_lose_a_hand_over() -> None:
    reasons = losers(ISTIO, want("10.96.0.1:80"))
    assert reasons["virtualOutbound"] == (
        "it hands the connection over, because 10.96.0.1:80 has a listener"
    )
    assert reasons["several"] == "its address is 10.96.0.2:80 and 10.96.0.3:80, not 10.96.0.1:80"


def test_candidates_are_not_losers_and_a_named_listener_wins_by_its_name() -> None:
    assert "exact" not in losers(GATEWAY, want(":80"))
    assert losers(GATEWAY, want("", None, "other"))["exact"] == (
        'the request names the listener "other"'
    )

"""Rules of the kernel's nat table that lead a pod's connections to its Envoy.

What the kernel does: a new connection of the pod's own goes through the chain OUTPUT, one from
outside through PREROUTING. The first rule that fits decides; RETURN goes back to the calling
chain, and what no rule redirects goes where it was sent. `-I` puts a rule before others.
Checked against Linux with real packets, in network namespaces: the rules of Open Service Mesh 0.9
and 1.2 and others made of their parts (tests/mesh/test_interception.py).
Not modelled: other tables; matches that are not named here, which are unknown where a connection
comes to them; DNAT, which no rule of a mesh applies to an application.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import msgspec

from osmscope.resources.address import IpNetwork, parse_ip, parse_network
from osmscope.rules.ip_range import contains
from osmscope.rules.result import Match, Outcome, all_of, decided, matched, missed, negated, unknown

Chain = Literal["OUTPUT", "PREROUTING"]

_COMMANDS = re.compile(r"&&|\|\||;|\n")
_APPENDS = frozenset({"-A", "--append"})
_INSERTS = frozenset({"-I", "--insert"})
_LONG = {
    "--protocol": "-p", "--proto": "-p", "--destination": "-d", "--dst": "-d", "--source": "-s",
    "--src": "-s", "--out-interface": "-o", "--in-interface": "-i", "--jump": "-j", "--goto": "-g",
    "--table": "-t", "--match": "-m", "--destination-port": "--dport",
    "--destination-ports": "--dports", "--to-port": "--to-ports",
}  # fmt: skip
_SILENT = frozenset({"-m", "-t", "--comment", "-j", "-g", "--to-ports", "--to-destination", "-w"})
"""Options that say nothing of what a rule fits."""
_NUMBERS = {"tcp": "6", "udp": "17"}


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """The first packet of a connection over IPv4."""

    protocol: Literal["tcp", "udp"] = "tcp"
    destination_ip: str | None = None
    """None for one that is not known, somewhere else than in the pod."""
    destination_port: int | None = None
    is_local: bool = False
    """Whether it leaves through the loopback interface: to the pod itself."""
    user_id: int | None = None
    """Whose it is; None for an application's, which is not Envoy's user."""


class Condition(msgspec.Struct, frozen=True):
    """One thing that a rule asks of a packet."""

    option: str
    value: str
    negated: bool = False


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule."""

    text: str
    conditions: tuple[Condition, ...]
    target: str
    port: str = ""
    """Where REDIRECT leads."""


class NatTable:
    """The rules of the nat table, as a script or `iptables-restore` sets them.

    Args:
        text: The script, or what `iptables-restore` reads.
        by: Who sets them, for reasons: "osm-init".
    """

    def __init__(self, text: str, *, by: str = "") -> None:
        self._by = f" of {by}" if by else ""
        self._chains: dict[str, list[Rule]] = {}
        table = ""
        for command in _COMMANDS.split(text):
            words = _words(command)
            if words and words[0].startswith("*"):
                table = words[0][1:]
            elif words:
                self._add(words, table)

    @property
    def redirects(self) -> bool:
        """Whether any rule leads anywhere."""
        return any(rule.target == "REDIRECT" for rules in self._chains.values() for rule in rules)

    def redirected(self, chain: Chain, packet: Packet) -> Match:
        """Say whether a connection is redirected.

        Returns:
            A match where it is; the reason names the rule that decided.
        """
        passed: list[str] = []
        found = self._walk(chain, packet, passed)
        if found is not None:
            return found
        what = "it" if packet.protocol == "tcp" else "UDP"
        return self._lets_pass(passed[-1]) if passed else missed(f"no rule redirects {what}")

    def _add(self, words: list[str], table: str) -> None:
        if "-t" in words:
            table = "".join(words[words.index("-t") + 1 : words.index("-t") + 2])
        place = next((i for i, word in enumerate(words) if word in _APPENDS | _INSERTS), None)
        if place is None or table != "nat" or len(words) < place + 2:
            return
        rules = self._chains.setdefault(words[place + 1], [])
        rest = words[place + 2 :]
        if words[place] in _APPENDS:
            rules.append(_rule(rest))
            return
        is_numbered = bool(rest) and rest[0].isdigit()
        rules.insert(int(rest[0]) - 1 if is_numbered else 0, _rule(rest[is_numbered:]))

    def _walk(
        self, chain: str, packet: Packet, passed: list[str], calls: tuple[str, ...] = ()
    ) -> Match | None:
        """Follow a chain; None where it goes back to the one that called it."""
        for rule in self._chains.get(chain, ()):
            fits = all_of(_ask(condition, packet) for condition in rule.conditions)
            if fits.is_unknown:
                return unknown(fits.missing, rule.text)
            if fits.outcome is Outcome.NO_MATCH:
                continue
            if rule.target == "RETURN":
                passed.append(rule.text)
                return None
            found = self._target(rule, packet, passed, (*calls, chain))
            if found is not None:
                return found
        return None

    def _target(
        self, rule: Rule, packet: Packet, passed: list[str], calls: tuple[str, ...]
    ) -> Match | None:
        if rule.target == "REDIRECT":
            return matched(f"it is redirected to port {rule.port}", rule.text)
        if rule.target == "ACCEPT":
            return self._lets_pass(rule.text)
        if rule.target in self._chains and rule.target not in calls:
            return self._walk(rule.target, packet, passed, calls)
        return unknown(f"what {rule.target or 'a rule without a target'} makes of it", rule.text)

    def _lets_pass(self, rule: str) -> Match:
        return missed(f'the rule "{rule}"{self._by} lets it pass', rule)


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        return []
    return [part for word in words for part in _long_and_short(word)]


def _long_and_short(word: str) -> Iterator[str]:
    """Write an option as its short form; `--option=value` is two words."""
    name, equals, value = word.partition("=")
    if word.startswith("--") and equals:
        yield _LONG.get(name, name)
        yield value
    else:
        yield _LONG.get(word, word)


def _rule(words: list[str]) -> Rule:
    conditions: list[Condition] = []
    found: dict[str, str] = {}
    is_negated = False
    option = ""
    for word in words:
        if word == "!":
            is_negated = True
        elif word.startswith("-") and not word[1:2].isdigit():
            option = word
        elif option in _SILENT:
            found[option] = word
        else:
            conditions.append(Condition(option, word, is_negated))
            is_negated = False
    return Rule(
        text=" ".join(words),
        conditions=tuple(conditions),
        target=found.get("-j") or found.get("-g") or "",
        port=found.get("--to-ports", ""),
    )


def _ask(condition: Condition, packet: Packet) -> Match:
    """Say whether a packet is what a rule asks for."""
    asked = _ASKED.get(condition.option)
    if asked is None:
        return unknown(f"what {condition.option} {condition.value} fits")
    found = asked(condition.value, packet)
    return negated(found) if condition.negated else found


def _protocol(value: str, packet: Packet) -> Match:
    is_same = value in ("all", packet.protocol, _NUMBERS[packet.protocol])
    return decided(is_same, f"it is {packet.protocol.upper()}, not {value}")


def _destination(value: str, packet: Packet) -> Match:
    networks = [network for part in value.split(",") if (network := _network(part)) is not None]
    if packet.destination_ip is None:
        if all(network.is_loopback for network in networks):
            return missed("it goes elsewhere than to the pod itself")
        return unknown("the destination's address")
    fits = any(contains(network, packet.destination_ip) for network in networks)
    return decided(fits, f"{packet.destination_ip} against {value}")


def _source(value: str, packet: Packet) -> Match:
    networks = [network for part in value.split(",") if (network := _network(part)) is not None]
    if any(not network.is_loopback or contains(network, "127.0.0.1") for network in networks):
        return unknown(f"whether it comes from {value}")
    return missed(f"no application sends from {value}")


def _ports(value: str, packet: Packet) -> Match:
    if packet.destination_port is None:
        return unknown("the destination's port")
    fits = any(_in_ports(part, packet.destination_port) for part in value.split(","))
    return decided(fits, f"port {packet.destination_port} against {value}")


def _out_interface(value: str, packet: Packet) -> Match:
    if value == "lo":
        return decided(packet.is_local, "it leaves through lo, or not")
    if packet.is_local or value == "eth0":
        return decided(not packet.is_local, f"it leaves through {value}, or not")
    return unknown(f"whether it leaves through {value}")


def _in_interface(value: str, packet: Packet) -> Match:
    if value in ("lo", "eth0"):
        return decided(value == "eth0", f"it comes from outside, through {value} or not")
    return unknown(f"whether it comes in through {value}")


def _user(value: str, packet: Packet) -> Match:
    first, _, last = value.partition("-")
    if packet.user_id is None or not first.isdigit() or not (last or first).isdigit():
        return missed(f"it is an application's, not of user {value}")
    fits = int(first) <= packet.user_id <= int(last or first)
    return decided(fits, f"user {packet.user_id} against {value}")


def _group(value: str, packet: Packet) -> Match:
    if packet.user_id is None:
        return missed(f"it is an application's, not of group {value}")
    return unknown(f"whether user {packet.user_id} is of group {value}")


_ASKED: Mapping[str, Callable[[str, Packet], Match]] = {
    "-p": _protocol, "-d": _destination, "-s": _source, "--dport": _ports, "--dports": _ports,
    "-o": _out_interface, "-i": _in_interface, "--uid-owner": _user, "--gid-owner": _group,
}  # fmt: skip


def _network(text: str) -> IpNetwork | None:
    address, _, length = text.partition("/")
    if parse_ip(address) is None or (length and not length.isdigit()):
        return None
    return parse_network(address, int(length or 32))


def _in_ports(text: str, port: int) -> bool:
    first, colon, last = text.partition(":")
    if not (first or "0").isdigit() or not (last or "65535").isdigit():
        return False
    return int(first or 0) <= port <= (int(last or 65535) if colon else int(first or 0))

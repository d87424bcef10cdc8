"""Address ranges.

What Envoy does: the host bits of a range are masked; an absent `prefix_len` is 0 and stands for
every address of the family; IPv4 and IPv6 never match each other, IPv4-mapped addresses included.
Checked against Envoy 1.40.0.
"""

from collections.abc import Iterable

from osmscope.errors import DumpError
from osmscope.resources.address import CidrRange, IpNetwork, parse_ip
from osmscope.rules.result import Match, any_of, decided, missed, unknown


def network_of(cidr_range: CidrRange) -> IpNetwork:
    """Return a range's network.

    Raises:
        DumpError: Its prefix is not an IP address, which Envoy would not have accepted.
    """
    try:
        return cidr_range.network()
    except ValueError as error:
        raise DumpError(
            f"{cidr_range.text()!r} is not an address range",
            hint="Envoy would reject it too; check that the dump is unchanged",
        ) from error


def contains(network: IpNetwork, ip: str) -> bool:
    """Tell whether a network holds an address; text that is not an address is in none."""
    address = parse_ip(ip)
    return address is not None and address in network


def match_ip_range(cidr_range: CidrRange, ip: str | None, subject: str) -> Match:
    """Put an address to a range.

    Args:
        cidr_range: The range.
        ip: The address; None where nobody said.
        subject: What the address is, for the reason: 'source IP'.

    Raises:
        DumpError: The range's prefix is not an IP address.
    """
    if ip is None:
        return unknown(f"the {subject}")
    fits = contains(network_of(cidr_range), ip)
    return decided(fits, f"{subject} {ip} is {'' if fits else 'not '}in {cidr_range.text()}")


def match_any_range(ranges: Iterable[CidrRange], ip: str | None, subject: str) -> Match:
    """Put an address to several ranges, of which one has to hold it; without any it is a miss.

    Raises:
        DumpError: A range's prefix is not an IP address.
    """
    return any_of(
        (match_ip_range(cidr_range, ip, subject) for cidr_range in ranges),
        missed(f"there is no range for the {subject}"),
    )

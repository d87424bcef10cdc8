"""What Open Service Mesh leads from a pod's connections to its Envoy.

OSM's injector writes the rules of iptables into the pod's init container, from the MeshConfig and
the pod's annotations as they were at that moment; so the rules in the pod decide, and the lists
only where there are none to see. A MeshConfig that was changed later says nothing of older pods;
where it would lead a request elsewhere by now, that is said.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from osmscope.mesh.listed import host_network, listed
from osmscope.rules.interception import Listed, Redirection
from osmscope.rules.iptables import NatTable
from osmscope.source.pod_spec import PodSpec

ENVOY_USER = 1500
"""Whom Envoy runs as."""

INIT_CONTAINER = "osm-init"

_ANNOTATION = "openservicemesh.io/{}-list"


class Traffic(msgspec.Struct, frozen=True, rename="camel"):
    """A MeshConfig's `spec.traffic`, as far as it decides about interception."""

    outbound_port_exclusion_list: tuple[int, ...] = ()
    inbound_port_exclusion_list: tuple[int, ...] = ()
    outbound_ip_range_exclusion_list: tuple[str, ...] = msgspec.field(
        name="outboundIPRangeExclusionList", default=()
    )
    outbound_ip_range_inclusion_list: tuple[str, ...] = msgspec.field(
        name="outboundIPRangeInclusionList", default=()
    )


class _Spec(msgspec.Struct, frozen=True):
    traffic: Traffic = Traffic()


class _MeshConfig(msgspec.Struct, frozen=True):
    spec: _Spec = _Spec()


class _MeshConfigs(msgspec.Struct, frozen=True):
    items: list[_MeshConfig] | None = None
    spec: _Spec | None = None


def read_traffic(data: bytes) -> Traffic | None:
    """Read the `spec.traffic` of a MeshConfig, or of the first of a list of them.

    Raises:
        msgspec.DecodeError: It is neither.
    """
    found = msgspec.json.decode(data, type=_MeshConfigs)
    if found.spec is not None:
        return found.spec.traffic
    return found.items[0].spec.traffic if found.items else None


def redirection(pod: PodSpec, traffic: Traffic | None = None) -> Redirection:
    """Say what is redirected in a pod with a sidecar of OSM.

    Args:
        pod: How the pod is made.
        traffic: What the MeshConfig says; None where it is not known.
    """
    if pod.host_network:
        return host_network()
    script = "\n".join(
        word for one in pod.init_containers if one.name == INIT_CONTAINER for word in one.args
    )
    table = NatTable(script, by=INIT_CONTAINER)
    known = traffic or Traffic()
    included = _both(pod, "outbound-ip-range-inclusion", known.outbound_ip_range_inclusion_list)
    has_rules = table.redirects
    return Redirection(
        table=table if has_rules else None,
        lists_are_newer=has_rules and traffic is not None,
        missing="" if has_rules or traffic is not None else "what the MeshConfig leaves out",
        excluded_ports=_both(pod, "outbound-port-exclusion", known.outbound_port_exclusion_list),
        excluded_ranges=_both(
            pod, "outbound-ip-range-exclusion", known.outbound_ip_range_exclusion_list
        ),
        included_ranges=included or None,
        excluded_inbound_ports=_both(
            pod, "inbound-port-exclusion", known.inbound_port_exclusion_list
        ),
        redirects_ipv6=False,
    )


def redirection_of_mesh(traffic: Traffic) -> Redirection | None:
    """Say what is redirected in a pod of which nothing else is known; None for everything."""
    if traffic == Traffic():
        return None
    return msgspec.structs.replace(redirection(PodSpec(), traffic), is_of_mesh=True)


def _both(pod: PodSpec, name: str, of_mesh: tuple[int | str, ...]) -> tuple[Listed, ...]:
    return (*_of_pod(pod, name), *(Listed(str(one), "the MeshConfig") for one in of_mesh))


def _of_pod(pod: PodSpec, name: str) -> Iterator[Listed]:
    yield from listed(pod, _ANNOTATION.format(name))

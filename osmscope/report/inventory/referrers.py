"""Who refers to a resource: an index of all references, built when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from osmscope.report.inventory.document import Link, Ref, Target
from osmscope.report.inventory.links import Links
from osmscope.report.keys import keyed
from osmscope.resources.cluster import Cluster
from osmscope.resources.listener import Listener
from osmscope.resources.proxy import Proxy
from osmscope.resources.resource import decode
from osmscope.resources.route import RouteConfiguration

Edges = Iterable[tuple[Ref, str, Link]]
"""Who refers, what it is called, and the reference."""


def referrers(proxy: Proxy, links: Links) -> dict[Ref, list[Link]]:
    """List for each resource the links back to what names it.

    Raises:
        DumpError: A resource cannot be read.
    """
    found: dict[Ref, list[Link]] = {}
    for source, words, link in _edges(proxy, links):
        if link.target.ref is not None:
            back = Link(words=words, target=Target(ref=source), note=link.note)
            others = found.setdefault(link.target.ref, [])
            if back not in others[-8:]:
                others.append(back)
    return found


def _edges(proxy: Proxy, links: Links) -> Iterator[tuple[Ref, str, Link]]:
    yield from _of_chains(proxy, links)
    yield from _of_routes(proxy, links)
    for key, entry in keyed(proxy.dump.entries("cluster")):
        if bytes(entry.body):
            cluster = decode(Cluster, entry.body, f"cluster {entry.name!r}")
            for link in links.of_cluster(cluster):
                yield Ref("cluster", key), f"cluster {key}", link


def _of_chains(proxy: Proxy, links: Links) -> Iterator[tuple[Ref, str, Link]]:
    for key, entry in keyed(proxy.dump.entries("listener")):
        if not bytes(entry.body):
            continue
        listener = decode(Listener, entry.body, f"listener {entry.name!r}")
        chains = [(f"{key}#{index}", chain) for index, chain in enumerate(listener.filter_chains)]
        if listener.default_filter_chain is not None:
            chains.append((f"{key}#default", listener.default_filter_chain))
        for place, chain in chains:
            for link in links.of_chain(chain):
                yield Ref("filter_chain", place), f"chain {chain.name or place}", link


def _of_routes(proxy: Proxy, links: Links) -> Iterator[tuple[Ref, str, Link]]:
    for key, entry in keyed(proxy.dump.entries("route_config")):
        if not bytes(entry.body):
            continue
        where = f"route configuration {entry.name!r}"
        for virtual_host in decode(RouteConfiguration, entry.body, where).virtual_hosts:
            for index, route in enumerate(virtual_host.routes):
                name = f"route {virtual_host.name} {route.name or f'#{index}'}"
                for link in links.of_route(route):
                    yield Ref("route", f"{key}/{virtual_host.name}#{index}"), name, link

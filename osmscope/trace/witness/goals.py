"""What is to be reached, by its name, and whether an evaluated request reached it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, get_args

import msgspec

from osmscope.resources.listener import Listener
from osmscope.resources.route import RouteConfiguration, VirtualHost
from osmscope.trace.path import Evaluation, HttpPath, TcpPath
from osmscope.trace.witness.places import Entrance, Places, RoutePlace

Kind = Literal[
    "listener", "filter_chain", "route_config", "virtual_host", "route", "cluster", "endpoint"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Way = HttpPath | TcpPath


class Goal(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One resource of one sidecar; the fields above it in the path narrow it."""

    kind: Kind
    name: str
    """What it is called, for words."""
    listener: Listener | None = None
    entrance: Entrance | None = None
    table: RouteConfiguration | None = None
    virtual_host: VirtualHost | None = None
    route: RoutePlace | None = None
    cluster: str = ""
    address: str = ""

    def words(self) -> str:
        """Name it: 'route #0 of virtual host "a"'."""
        if self.route is not None:
            return self.route.words()
        return f'{self.kind.replace("_", " ")} "{self.name}"'


def find_goals(places: Places, kind: Kind, name: str) -> Iterator[Goal]:
    """Yield the resources of a kind that a name means.

    Args:
        places: The sidecar's ways.
        kind: The kind.
        name: Its name. A filter chain also goes by `LISTENER#INDEX`, a virtual host by one of its
            domains, a route by `VIRTUAL_HOST#INDEX`, an endpoint by `CLUSTER/ADDRESS`; each of the
            last three may have its route table, and a `/`, before it.

    Raises:
        DumpError: A resource cannot be read.
    """
    yield from _FINDERS[kind](places, name)


def _listeners(places: Places, name: str) -> Iterator[Goal]:
    for listener in places.sidecar.listeners:
        if name in (listener.name, listener.address.text()):
            yield Goal(kind="listener", name=name, listener=listener)


def _chains(places: Places, name: str) -> Iterator[Goal]:
    for one in places.entrances:
        place = "default" if one.index is None else str(one.index)
        if name in (one.chain.name, f"{one.listener.name}#{place}"):
            yield Goal(kind="filter_chain", name=name, listener=one.listener, entrance=one)


def _virtual_hosts(places: Places, name: str) -> Iterator[Goal]:
    for table in places.tables:
        for host in table.virtual_hosts:
            if name in (host.name, f"{table.name}/{host.name}", *host.domains):
                yield Goal(kind="virtual_host", name=host.name, table=table, virtual_host=host)


def _routes(places: Places, name: str) -> Iterator[Goal]:
    for place in places.routes:
        numbered = f"{place.virtual_host.name}#{place.index}" if place.action is None else ""
        if name and name in (place.route.name, numbered, f"{place.table.name}/{numbered}"):
            yield goal_of_route(place)


def goal_of_route(place: RoutePlace) -> Goal:
    """Make a goal of a route."""
    name = place.route.name or f"{place.virtual_host.name}#{place.index}"
    return Goal(
        kind="route",
        name=name,
        table=place.table,
        virtual_host=place.virtual_host,
        route=place,
    )


def _endpoints(places: Places, name: str) -> Iterator[Goal]:
    proxy = places.sidecar.proxy
    clusters = proxy.dump.serving("cluster")
    named = [one for one in clusters if name.startswith(f"{one}/")]
    for cluster_name in named or clusters:
        cluster = proxy.cluster(cluster_name)
        address = name.removeprefix(f"{cluster_name}/")
        hosts = () if cluster is None else places.sidecar.cluster_hosts(cluster).balancer.hosts
        if any(host.address == address for host in hosts):
            yield Goal(kind="endpoint", name=name, cluster=cluster_name, address=address)


def _tables(places: Places, name: str) -> Iterator[Goal]:
    for table in places.tables:
        if table.name == name:
            yield Goal(kind="route_config", name=name, table=table)


def _clusters(places: Places, name: str) -> Iterator[Goal]:
    if places.sidecar.proxy.cluster(name) is not None:
        yield Goal(kind="cluster", name=name, cluster=name)


_FINDERS: dict[Kind, Callable[[Places, str], Iterator[Goal]]] = {
    "listener": _listeners,
    "filter_chain": _chains,
    "route_config": _tables,
    "virtual_host": _virtual_hosts,
    "route": _routes,
    "cluster": _clusters,
    "endpoint": _endpoints,
}


def reached(goal: Goal, evaluation: Evaluation) -> tuple[bool, tuple[Way, ...]]:
    """Tell whether a request reaches a resource.

    Returns:
        Whether it does, and the ways on which it does; of a listener or a filter chain, all ways.
    """
    connection = evaluation.connection
    if goal.listener is not None and connection.listener != goal.listener:
        return False, ()
    if goal.entrance is not None and connection.chain != goal.entrance.chain:
        return False, ()
    ways: tuple[Way, ...] = (*evaluation.http, *evaluation.tcp)
    if goal.kind in ("listener", "filter_chain"):
        return True, ways
    on_it = tuple(way for way in ways if _passes(goal, way))
    return bool(on_it), on_it


def _passes(goal: Goal, way: Way) -> bool:
    if isinstance(way, HttpPath) and not _routes_to(goal, way):
        return False
    if isinstance(way, TcpPath) and goal.table is not None:
        return False
    return not goal.cluster or _lands(goal, way)


def _routes_to(goal: Goal, way: HttpPath) -> bool:
    resolved = way.resolved
    if goal.table is not None and (
        resolved.table is None or (resolved.table.configuration is not goal.table
        and resolved.table.configuration != goal.table)
    ):  # fmt: skip
        return False
    choice = resolved.virtual_host_choice
    if goal.virtual_host is not None and (
        choice is None or choice.virtual_host != goal.virtual_host
    ):
        return False
    chosen = resolved.route_choice
    return goal.route is None or (chosen is not None and goal.route.is_chosen(chosen))


def _lands(goal: Goal, way: Way) -> bool:
    upstream = way.upstream
    if upstream is None or upstream.name != goal.cluster:
        return False
    if isinstance(way, HttpPath) and way.answered:
        return False
    if not goal.address:
        return True
    shares = upstream.shares.endpoints if upstream.shares is not None else ()
    return any(share.host.address == goal.address for share in shares)

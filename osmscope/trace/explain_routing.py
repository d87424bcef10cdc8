"""A request's route in words: route table, virtual host, route."""

from collections.abc import Iterator
from itertools import islice

from osmscope.resources.proxy import Proxy
from osmscope.rules.route_table import RouteChoice
from osmscope.rules.virtual_host import VirtualHostChoice
from osmscope.trace.answer import Candidate, Step
from osmscope.trace.explain_connection import MOST_LOSERS
from osmscope.trace.nearness import nearest_virtual_hosts
from osmscope.trace.path import ConnectionPath, HttpPath, Resolved
from osmscope.trace.update_notes import update_notes


def routing_steps(
    proxy: Proxy, connection: ConnectionPath, path: HttpPath, *, brief: bool = False
) -> Iterator[Step]:
    """Tell how the route of a request was found, as it was in the end.

    Args:
        proxy: The sidecar's resources.
        connection: The way of its connection.
        path: One way of the request.
        brief: Whether losing virtual hosts are counted and not listed.
    """
    resolved = path.resolved
    choice = resolved.virtual_host_choice
    if resolved.table is None or choice is None:
        yield _no_table_step(proxy, connection, resolved)
        return
    yield _virtual_host_step(proxy, resolved, choice, brief=brief)
    if resolved.tls_redirect is not None:
        reason = resolved.tls_redirect.reason
        yield Step(kind="route", chosen="require_tls", reason=reason, failed=True)
    elif resolved.route_choice is not None:
        yield _route_step(path, resolved.route_choice)


def _no_table_step(proxy: Proxy, connection: ConnectionPath, resolved: Resolved) -> Step:
    manager = connection.manager
    name = manager.rds.route_config_name if manager is not None and manager.rds is not None else ""
    if resolved.missing:
        reason = f"{resolved.missing} is not known"
    elif name:
        reason = f'no route configuration "{name}" was delivered'
    else:
        reason = "no scope has the key of the request, or its route configuration is not there"
    notes = update_notes(proxy, "route_config", name)
    return Step(kind="route_config", chosen="", reason=reason, notes=notes, failed=True)


def _virtual_host_step(
    proxy: Proxy, resolved: Resolved, choice: VirtualHostChoice, *, brief: bool
) -> Step:
    table, request = resolved.table, resolved.request
    assert table is not None
    assert request is not None
    virtual_hosts, chosen = table.configuration.virtual_hosts, choice.virtual_host
    most = 0 if brief else MOST_LOSERS + 1
    nearest = nearest_virtual_hosts(choice.host, virtual_hosts, most) if most else []
    found = table.index.losers(request.headers, choice, nearest)
    losers = tuple(
        Candidate(name=virtual_host.name, reason=reason, fields=("domains",))
        for virtual_host, reason in islice(found, MOST_LOSERS)
    )
    name = table.configuration.name
    reason = f'by the domain "{choice.domain}" ({choice.kind})'
    if chosen is None:
        reason = f'no domain of route configuration "{name}" fits the host "{choice.host}"'
        if resolved.missing:
            reason = f"{reason}, and {resolved.missing} is not known"
    return Step(
        kind="virtual_host",
        chosen="" if chosen is None else chosen.name,
        reason=reason,
        fields=("domains",),
        losers=losers,
        more_losers=len(virtual_hosts) - (chosen is not None) - len(losers),
        notes=update_notes(proxy, "route_config", name),
        failed=chosen is None,
    )


def _route_step(path: HttpPath, choice: RouteChoice) -> Step:
    resolved, route = path.resolved, choice.route
    own = ""
    if route is not None and route.route is None and path.reply is not None and not path.answered:
        own = path.reply.reason
    return Step(
        kind="route",
        chosen="" if route is None else route_name(route.name, choice.index),
        reason=_route_reason(resolved, choice),
        fields=tuple(f"match.{field}" for field in choice.match.consulted),
        losers=tuple(_route_losers(resolved, choice)),
        notes=(own,) if own else (),
        failed=route is None or bool(own) or (route.route is None and bool(resolved.missing)),
    )


def _route_reason(resolved: Resolved, choice: RouteChoice) -> str:
    if resolved.missing and (choice.missing or resolved.cluster_choice is None):
        return f"{resolved.missing} is not known"
    if choice.route is not None:
        return choice.match.reason or "its match asks for nothing else"
    return choice.match.reason if not choice.losers else "no route of the virtual host fits"


def _route_losers(resolved: Resolved, choice: RouteChoice) -> Iterator[Candidate]:
    host = resolved.virtual_host_choice
    assert host is not None
    assert host.virtual_host is not None
    # The routes of a matcher's list are not those of the virtual host: only their places are known.
    names = [route.name for route in host.virtual_host.routes if not host.virtual_host.matcher]
    for index, match in choice.losers:
        yield Candidate(
            name=route_name(names[index] if names else "", index),
            reason=match.reason,
            fields=tuple(f"match.{field}" for field in match.consulted),
        )


def route_name(name: str, index: int | None) -> str:
    """Name a route: its own name, with its place where that is known."""
    place = "" if index is None else f"#{index}"
    return f"{place} {name}".strip() or "(unnamed)"

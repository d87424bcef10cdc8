"""Proofs that no request reaches a resource.

Decision: a proof follows from the configuration alone, whatever the request; where an extension, a
header or a matcher tree may lead anywhere, there is none. "" stands for no proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from osmscope.resources.matcher import Matcher
from osmscope.resources.rbac import NetworkRbac
from osmscope.resources.route import RouteConfiguration, RouteMatch, VirtualHost
from osmscope.rules.cluster_type import members_of
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.filter_chain_matcher import named_chain
from osmscope.rules.listener_address import why_not_eligible
from osmscope.rules.path import match_path
from osmscope.rules.runtime_fraction import probability
from osmscope.trace.witness.goals import Goal
from osmscope.trace.witness.matcher_ways import held_actions, may_lead_elsewhere
from osmscope.trace.witness.places import Entrance, Places, RoutePlace, routes_of

_EVERYTHING = frozenset({".*", "^.*$", ".*$", "^.*"})
_EVERY_PATH = frozenset({"/.*", "^/.*$", "/.*$", "^/.*"})


def why_unreachable(goal: Goal, places: Places) -> str:
    """Say why no request can reach a resource; "" where that is not proven.

    Raises:
        DumpError: A resource cannot be read.
    """
    match goal.kind:
        case "listener":
            return "" if goal.listener is None else why_not_eligible(goal.listener)
        case "filter_chain":
            return _of_chain(goal.entrance) if goal.entrance is not None else ""
        case "route_config":
            return "" if goal.table is None else _of_table(goal.table, places)
        case "virtual_host":
            if goal.table is None or goal.virtual_host is None:
                return ""
            return _of_virtual_host(goal.table, goal.virtual_host, places)
        case "route":
            return "" if goal.route is None else _of_route(goal.route, places)
        case _:
            return _of_cluster(goal.cluster, places)


def _of_chain(entrance: Entrance) -> str:
    listener = entrance.listener
    why = why_not_eligible(listener)
    if why:
        return f'its listener "{listener.name}" gets no connection: {why}'
    if listener.filter_chain_matcher is not None and entrance.index is not None:
        return _of_matched_chain(listener.filter_chain_matcher, entrance)
    alone = len(listener.filter_chains) == 1 and listener.filter_chain_matcher is None
    if entrance.index is None and alone:
        other = listener.filter_chains[0]
        if other.filter_chain_match == type(other.filter_chain_match)():
            return f'filter chain "{other.name}" asks for nothing and takes every connection'
    return ""


def _of_matched_chain(matcher: Matcher, entrance: Entrance) -> str:
    verdicts = list(map(named_chain, held_actions(matcher)))
    if may_lead_elsewhere(matcher) or any(one.missing for one in verdicts):
        return ""
    if any(one.name == entrance.chain.name for one in verdicts):
        return ""
    return f'the filter_chain_matcher of listener "{entrance.listener.name}" never names it'


def _closes_all(entrance: Entrance) -> str:
    """Say which network filter closes every connection of a chain."""
    for entry, config in zip(entrance.chain.filters, entrance.filters, strict=True):
        if isinstance(config, NetworkRbac) and config.matcher is None and config.rules is not None:
            policies = config.rules.policies.values()
            is_empty = all(not one.permissions or not one.principals for one in policies)
            if config.rules.action == "ALLOW" and is_empty:
                return f'the network filter "{entry.name}" (RBAC) denies everyone'
    return ""


def _of_table(table: RouteConfiguration, places: Places) -> str:
    if any(one.is_opaque for one in places.entrances):
        return ""
    entrances = places.entrances_of(table)
    if not entrances:
        return f'no filter chain leads to route table "{table.name}"'
    closing = [_of_chain(one) or _closes_all(one) for one in entrances]
    if not all(closing):
        return ""
    return f'no request gets to route table "{table.name}": {closing[0]}'


def _of_virtual_host(table: RouteConfiguration, host: VirtualHost, places: Places) -> str:
    if table.vhds is None:
        claimed: dict[str, str] = {}
        for earlier in table.virtual_hosts:
            if earlier is host:
                break
            claimed |= {domain.lower(): earlier.name for domain in earlier.domains}
        owners = [(domain, claimed.get(domain.lower())) for domain in host.domains]
        if not host.domains:
            return f'virtual host "{host.name}" has no domain'
        if all(owner is not None for _, owner in owners):
            domain, owner = owners[0]
            return f'its domain "{domain}" is that of virtual host "{owner}", which comes first'
    return _of_table(table, places)


def _of_route(place: RoutePlace, places: Places) -> str:
    host = place.virtual_host
    if host.matcher is not None and place.action is None:
        return f'the matcher of virtual host "{host.name}" is asked instead of its routes'
    shadow = shadowing_route(place)
    if shadow is not None:
        return f"it is shadowed by {describe_match(shadow)}, which takes every such request before"
    return _of_virtual_host(place.table, host, places)


def shadowing_route(place: RoutePlace) -> RoutePlace | None:
    """Return the first earlier route that takes every request that a route fits.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    ignore = place.table.ignore_path_parameters_in_path_matching
    for index, earlier in enumerate(place.listed[: place.index]):
        if covers(earlier.match, place.route.match, ignore_path_parameters=ignore):
            return msgspec.structs.replace(place, index=index, route=earlier)
    return None


def describe_match(place: RoutePlace) -> str:
    """Name a route by its place and its path condition: 'route #2 (prefix "/")'."""
    match = place.route.match
    for field in ("prefix", "path", "path_separated_prefix"):
        wanted = getattr(match, field)
        if wanted is not None:
            return f'route #{place.index} ({field} "{wanted}")'
    if match.safe_regex is not None:
        return f'route #{place.index} (safe_regex "{match.safe_regex.regex}")'
    return f"route #{place.index}"


def covers(earlier: RouteMatch, later: RouteMatch, *, ignore_path_parameters: bool = False) -> bool:
    """Whether every request that fits the later conditions certainly fits the earlier ones.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    fraction = earlier.runtime_fraction
    if fraction is not None and (fraction.runtime_key or probability(fraction, {}) < 1):
        return False
    return (
        _within(earlier.headers, later.headers)
        and _within(earlier.query_parameters, later.query_parameters)
        and _within(earlier.cookies, later.cookies)
        and _within(earlier.dynamic_metadata, later.dynamic_metadata)
        and _within(earlier.filter_state, later.filter_state)
        and (earlier.grpc is None or later.grpc is not None)
        and earlier.tls_context in (None, later.tls_context)
        and _path_covers(earlier, later, ignore_path_parameters)
    )


def _within(asked: Sequence[object], also: Iterable[object]) -> bool:
    listed = list(also)
    return all(one in listed for one in asked)


def _path_covers(earlier: RouteMatch, later: RouteMatch, ignore_path_parameters: bool) -> bool:
    if earlier.connect_matcher is not None or later.connect_matcher is not None:
        return earlier.connect_matcher is not None and later.connect_matcher is not None
    if earlier.path_match_policy is not None:
        return earlier.path_match_policy == later.path_match_policy
    if later.path is not None and later.case_sensitive is not False and (
        not ignore_path_parameters or ";" not in later.path
    ):  # fmt: skip
        asked = Request(connection=Connection(), headers=Headers.of([(":path", later.path)]))
        return "?" not in later.path and "#" not in later.path and (
            match_path(earlier, asked, ignore_path_parameters).is_match
        )  # fmt: skip
    if earlier.safe_regex is not None:
        regex = earlier.safe_regex.regex
        if regex in _EVERYTHING or earlier.safe_regex == later.safe_regex:
            return True
        return regex in _EVERY_PATH and _start(later).startswith("/")
    return _literal_covers(earlier, later)


def _literal_covers(earlier: RouteMatch, later: RouteMatch) -> bool:
    fold = earlier.case_sensitive is False

    def same(text: str) -> str:
        return text.lower() if fold else text

    wanted = earlier.prefix or earlier.path or earlier.path_separated_prefix or ""
    if later.case_sensitive is False and not fold and wanted.lower() != wanted.upper():
        return False
    start, wanted = same(_start(later)), same(wanted)
    if earlier.prefix is not None:
        return start.startswith(wanted)
    if earlier.path is not None:
        return later.path is not None and start == wanted
    if earlier.path_separated_prefix is not None:
        ends_there = later.path is not None or later.path_separated_prefix is not None
        return (ends_there and start == wanted) or start.startswith(f"{wanted}/")
    return True


def _start(match: RouteMatch) -> str:
    """Return what every path that fits begins with, as far as it is plain to see."""
    for literal in (match.path, match.prefix, match.path_separated_prefix):
        if literal is not None:
            return literal
    if match.safe_regex is None:
        return ""
    regex = match.safe_regex.regex.removeprefix("^")
    begins = regex.startswith("/") and "|" not in regex and regex[1:2] not in ("?", "*", "{")
    return "/" if begins else ""


def _of_cluster(name: str, places: Places) -> str:
    if _is_open(name, places):
        return ""
    routes, chains = places.routes_to(name), places.chains_to(name)
    if not routes and not chains:
        return f'no route and no tcp_proxy leads to cluster "{name}"'
    reasons = [_of_route_to(name, place, places) for place in routes]
    reasons += [_of_chain_to(name, entrance) for entrance in chains]
    if not all(reasons):
        return ""
    more = f" (and {len(reasons) - 1} more, likewise)" if len(reasons) > 1 else ""
    return f"{reasons[0]}{more}"


def _is_open(name: str, places: Places) -> bool:
    """Whether something may lead to a cluster without naming it."""
    if places.open_routes or any(one.is_opaque for one in places.entrances):
        return True
    hosts = (host for table in places.tables for host in table.virtual_hosts)
    if any(host.matcher is not None and _is_open_matcher(host.matcher) for host in hosts):
        return True
    proxy = places.sidecar.proxy
    clusters = map(proxy.cluster, proxy.dump.serving("cluster"))
    return any(one is not None and name in members_of(one) for one in clusters)


def _is_open_matcher(matcher: Matcher) -> bool:
    """Whether a virtual host's matcher may lead to what is not a route in sight."""
    return may_lead_elsewhere(matcher) or not all(map(routes_of, held_actions(matcher)))


def _of_route_to(name: str, place: RoutePlace, places: Places) -> str:
    action = place.route.route
    weighted = action.weighted_clusters if action is not None else None
    overridden = weighted is not None and bool(weighted.runtime_key_prefix)
    if not overridden and not any(weight for one, weight in place.clusters if one == name):
        return f"{place.words()} leads to it with weight 0"
    why = _of_route(place, places)
    return f"{place.words()} leads to it, but gets no request: {why}" if why else ""


def _of_chain_to(name: str, entrance: Entrance) -> str:
    if not any(weight for one, weight in entrance.clusters if one == name):
        return f'filter chain "{entrance.chain.name}" leads to it with weight 0'
    why = _of_chain(entrance) or _closes_all(entrance)
    return f'filter chain "{entrance.chain.name}" leads to it, but: {why}' if why else ""

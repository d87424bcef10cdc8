"""What is close to a request that misses, and the one change that would hit it.

A near miss is never guessed: each candidate is the request with one thing changed, and it is
listed only where that request, evaluated, gets further than the first one did.
"""

import difflib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import msgspec

from osmscope.resources.address import parse_ip, split_host_port
from osmscope.resources.listener import FilterChainMatch
from osmscope.resources.matcher import HeaderMatcher, RegexMatcher
from osmscope.resources.route import RouteMatch, VirtualHost
from osmscope.trace.answer import Answer, NearMiss
from osmscope.trace.path import ConnectionPath, Evaluation, HttpPath
from osmscope.trace.request import TraceRequest

MOST = 5
"""How many near misses are listed."""
_TRIED = 60
"""How many changed requests are evaluated at most."""

_replace = msgspec.structs.replace

Changed = tuple[str, str, dict[str, object]]
"""What is close, what to change, and the change as fields of a request."""

Change = tuple[str, dict[str, object]]


def near_misses(
    asked: TraceRequest,
    evaluation: Evaluation,
    answer: Answer,
    evaluate: Callable[[TraceRequest], Answer],
) -> tuple[NearMiss, ...]:
    """List the changes of one thing that would get a request further.

    Args:
        asked: The request.
        evaluation: What was found for it.
        answer: Its answer.
        evaluate: Answers another request about the same sidecar.
    """
    if _progress(answer) == _FORWARDED:
        return ()
    found: list[tuple[int, NearMiss]] = []
    for what, change, fields in islice(_candidates(asked, evaluation), _TRIED):
        progress = _progress(evaluate(_replace(asked, **fields)))
        if progress > _progress(answer):
            found.append((-progress, NearMiss(what=what, change=change, request=fields)))
    found.sort(key=lambda pair: pair[0])
    return tuple(near_miss for _, near_miss in found[:MOST])


_FORWARDED = 5


def _progress(answer: Answer) -> int:
    """Rate how far a request gets: nothing, chain, virtual host, route, endpoint."""
    first = answer.outcomes[0]
    if all(outcome.verdict == "forwarded" for outcome in answer.outcomes):
        return _FORWARDED
    if first.verdict == "closed":
        return 1 if first.filter_chain is not None else 0
    if first.route_index is not None:
        return 4 if first.cluster is not None else 3
    return 2


def _candidates(asked: TraceRequest, evaluation: Evaluation) -> Iterator[Changed]:
    connection = evaluation.connection
    if connection.listener is not None and connection.closed is not None:
        yield from _other_connections(asked, connection)
    for way in evaluation.http[:1]:
        yield from _other_requests(asked, way)


def _other_connections(asked: TraceRequest, path: ConnectionPath) -> Iterator[Changed]:
    assert path.listener is not None
    named = [
        (f'filter chain "{chain.name or f"#{index}"}"', chain.filter_chain_match)
        for index, chain in enumerate(path.listener.filter_chains)
    ]
    for name, match in named:
        port = match.destination_port
        if port not in (None, asked.dst_port) and _holds(match, asked.dst_ip):
            yield name, f"use port {port}", {"dst_port": port}
    for name, match in named:
        if match.destination_port in (None, asked.dst_port):
            for change, fields in _other_criteria(asked, match):
                yield name, change, fields


def _other_criteria(asked: TraceRequest, match: FilterChainMatch) -> Iterator[Change]:
    protocols = match.application_protocols
    if not _holds(match, asked.dst_ip):
        address = match.prefix_ranges[0].address_prefix
        yield f"use the address {address}", {"dst_ip": address}
    for server_name in match.server_names[:1]:
        if not asked.sni:
            offer = f" and the ALPN {', '.join(protocols)}" if protocols else ""
            fields: dict[str, object] = {"sni": server_name, "tls": True, "alpn": protocols}
            yield f'start TLS with the SNI "{server_name}"{offer}', fields
        elif server_name != asked.sni:
            yield f'use the SNI "{server_name}"', {"sni": server_name}
    if protocols and asked.starts_tls:
        yield f"offer the ALPN {', '.join(protocols)}", {"alpn": protocols}


def _holds(match: FilterChainMatch, address: str | None) -> bool:
    ip = parse_ip(address or "")
    ranges = match.prefix_ranges
    return not ranges or (ip is not None and any(ip in one.network() for one in ranges))


def _other_requests(asked: TraceRequest, way: HttpPath) -> Iterator[Changed]:
    resolved = way.resolved
    if resolved.table is None:
        return
    choice = resolved.virtual_host_choice
    host = choice.virtual_host if choice is not None else None
    if host is None:
        yield from _other_hosts(asked, resolved.table.configuration.virtual_hosts)
    elif resolved.route is None:
        yield from _other_matches(asked, host)


def _other_hosts(asked: TraceRequest, virtual_hosts: tuple[VirtualHost, ...]) -> Iterator[Changed]:
    by_domain = {
        domain: virtual_host.name
        for virtual_host in virtual_hosts
        for domain in virtual_host.domains
        if "*" not in domain
    }
    wanted = (asked.host or "").lower()
    name, port = split_host_port(wanted)
    same = [domain for domain in by_domain if split_host_port(domain)[0] == name]
    first = [domain for domain in by_domain if domain.split(".")[0] == name.split(".")[0]]
    close = difflib.get_close_matches(wanted, list(by_domain), n=10, cutoff=0.5)
    for domain in dict.fromkeys((*same, *first[:10], *close)):
        if (split_host_port(domain)[1] is None) == (port is None) or domain in same:
            yield (
                f'virtual host "{by_domain[domain]}"',
                f'use the host "{domain}"',
                {"host": domain},
            )


def _other_matches(asked: TraceRequest, host: VirtualHost) -> Iterator[Changed]:
    for index, route in enumerate(host.routes):
        name = f'route {f"#{index} {route.name}".strip()} of virtual host "{host.name}"'
        changes = list(_changes(asked, route.match))
        for change, fields in changes:
            yield name, change, fields
        if len(changes) > 1:
            together = " and ".join(change for change, _ in changes)
            yield name, together, _together(changes)


def _together(changes: Sequence[Change]) -> dict[str, object]:
    fields: dict[str, object] = {}
    headers: dict[str, object] = {}
    for _, changed in changes:
        fields |= changed
        more = changed.get("headers")
        headers |= more if isinstance(more, dict) else {}
    return {**fields, "headers": headers} if headers else fields


def _changes(asked: TraceRequest, match: RouteMatch) -> Iterator[Change]:
    """Yield a change for each condition of a route that names what it wants."""
    path = match.path or match.prefix or match.path_separated_prefix or _plain(match.safe_regex)
    if path is not None and path != (asked.path or "/").partition("?")[0]:
        yield f'use the path "{path}"', {"path": path}
    for matcher in match.headers:
        value = _wanted(matcher)
        if value is None:
            continue
        if matcher.name == ":method" and value != (asked.method or "GET"):
            yield f"use the method {value}", {"method": value}
        elif not matcher.name.startswith(":"):
            headers = {**(asked.headers or {}), matcher.name: value}
            yield f'send the header "{matcher.name}: {value}"', {"headers": headers}
    for parameter in match.query_parameters:
        wanted = parameter.string_match.exact if parameter.string_match is not None else None
        if wanted is not None:
            before = asked.path or "/"
            longer = f"{before}{'&' if '?' in before else '?'}{parameter.name}={wanted}"
            yield f'use the path "{longer}"', {"path": longer}


def _wanted(matcher: HeaderMatcher) -> str | None:
    """Return a value that a header matcher asks for, where it names one."""
    if matcher.invert_match:
        return None
    literal = matcher.exact_match or matcher.prefix_match or matcher.suffix_match
    string_match = matcher.string_match
    if string_match is not None:
        literal = string_match.exact or string_match.prefix or string_match.suffix
        literal = literal or string_match.contains or _plain(string_match.safe_regex)
    return literal or matcher.contains_match or _plain(matcher.safe_regex_match)


def _plain(regex: RegexMatcher | None) -> str | None:
    """Return what an expression fits where it is only letters."""
    if regex is None or set(regex.regex) & set("\\.*+?[](){}|^$"):
        return None
    return regex.regex

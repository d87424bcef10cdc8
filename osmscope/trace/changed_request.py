"""Requests close to one that has no virtual host or no route: what to change to have one."""

import difflib
from collections.abc import Iterator, Sequence

import msgspec

from osmscope.resources.address import split_host_port
from osmscope.resources.matcher import HeaderMatcher
from osmscope.resources.route import RouteMatch, VirtualHost
from osmscope.rules.facts import Request
from osmscope.rules.header import match_header
from osmscope.rules.path import match_path
from osmscope.rules.query_parameter import match_query_parameter
from osmscope.trace.nearness import nearest_virtual_hosts
from osmscope.trace.request import TraceRequest
from osmscope.trace.witness.samples import header_values, regex_samples

_MOST_VIRTUAL_HOSTS = 10
_CLOSE = 0.5
"""How alike a host has to be, from 0 to 1."""
_PSEUDO = {":method": "method", ":path": "path", ":authority": "host", "host": "host"}


class Change(msgspec.Struct, frozen=True):
    """Something to change in a request."""

    words: str
    """In the imperative: 'use port 80'."""
    fields: dict[str, object]
    """The change as fields of a request line."""


def together(changes: Sequence[Change]) -> Change:
    """Join changes into one; headers are joined too."""
    fields: dict[str, object] = {}
    headers: dict[str, object] = {}
    for change in changes:
        fields |= change.fields
        more = change.fields.get("headers")
        headers |= more if isinstance(more, dict) else {}
    words = " and ".join(change.words for change in changes)
    return Change(words, {**fields, "headers": headers} if headers else fields)


def other_hosts(asked: TraceRequest, virtual_hosts: Sequence[VirtualHost]) -> Iterator[Change]:
    """Yield hosts that are like the one asked for and have a virtual host, the most alike first."""
    wanted = (asked.host or "").lower()
    name, port = split_host_port(wanted)

    def alike(domain: str) -> tuple[bool, bool, float]:
        other, other_port = split_host_port(domain)
        ratio = difflib.SequenceMatcher(None, wanted, domain, autojunk=False).ratio()
        return name == other, (port is None) == (other_port is None), ratio

    nearest = near_virtual_hosts(asked, virtual_hosts)
    domains = {one.lower() for host in nearest for one in host.domains if "*" not in one}
    for domain in sorted(sorted(domains), key=alike, reverse=True):
        other = split_host_port(domain)[0]
        is_same_service = other.split(".")[0] == name.split(".")[0]
        if is_same_service or alike(domain)[2] >= _CLOSE:
            yield Change(f'use the host "{domain}"', {"host": domain})


def near_virtual_hosts(
    asked: TraceRequest, virtual_hosts: Sequence[VirtualHost]
) -> list[VirtualHost]:
    """List the virtual hosts that `other_hosts` looks at."""
    return nearest_virtual_hosts((asked.host or "").lower(), virtual_hosts, _MOST_VIRTUAL_HOSTS)


def other_matches(asked: TraceRequest, request: Request, host: VirtualHost) -> Iterator[Change]:
    """Yield what would fit a route of a virtual host: each condition alone, then all together.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    for route in host.routes:
        changes = list(_to_fit(asked, request, route.match))
        yield from changes
        if len(changes) > 1:
            yield together(changes)


def _to_fit(asked: TraceRequest, request: Request, match: RouteMatch) -> Iterator[Change]:
    """Yield a change for each condition that does not hold and that names what it wants."""
    if not match_path(match, request, ignore_path_parameters=False).is_match:
        path = match.path or match.prefix or match.path_separated_prefix
        if path is None and match.safe_regex is not None:
            samples = regex_samples(match.safe_regex.regex)
            path = next((one for one in samples if one.startswith("/")), None)
        if path is not None:
            path = path if path.startswith("/") else f"/{path}"
            yield Change(f'use the path "{path}"', {"path": path})
    for matcher in match.headers:
        value = _wanted(matcher)
        if value is not None and not match_header(matcher, request.headers).is_match:
            yield _with_header(asked, matcher.name, value)
    for parameter in match.query_parameters:
        exact = parameter.string_match.exact if parameter.string_match is not None else None
        if exact is not None and not match_query_parameter(parameter, request.path).is_match:
            before = asked.path or "/"
            longer = f"{before}{'&' if '?' in before else '?'}{parameter.name}={exact}"
            yield Change(f'use the path "{longer}"', {"path": longer})


def _with_header(asked: TraceRequest, name: str, value: str) -> Change:
    field = _PSEUDO.get(name.lower())
    if field is not None:
        quoted = value if field == "method" else f'"{value}"'
        return Change(f"use the {field} {quoted}", {field: value})
    others = {k: v for k, v in (asked.headers or {}).items() if k.lower() != name.lower()}
    return Change(f'send the header "{name}: {value}"', {"headers": {**others, name: value}})


def _wanted(matcher: HeaderMatcher) -> str | None:
    """Return a value that a header matcher asks for, where it asks for one."""
    if matcher.invert_match:
        return None
    return next(filter(None, header_values(matcher)), None)

"""Requests that a virtual host or a route may take, proposed from domains and matches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from osmscope.resources.address import split_host_port
from osmscope.resources.extension import decode_extension
from osmscope.resources.matcher import (
    CookieMatcher,
    HeaderMatcher,
    QueryParameterMatcher,
    StringMatcher,
)
from osmscope.resources.route import Route, RouteConfiguration, RouteMatch, VirtualHost
from osmscope.resources.uri_template import UriTemplateMatchConfig
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.path import match_path
from osmscope.rules.virtual_host import domain_kind
from osmscope.trace.request import CertificateFacts
from osmscope.trace.witness.fields import Fields, merged, nearest_first
from osmscope.trace.witness.matcher_ways import ways_to
from osmscope.trace.witness.places import RoutePlace
from osmscope.trace.witness.samples import fitting, header_values, regex_samples

_MOST_HOSTS = 6
_MOST_PATHS = 6
_MOST_VALUES = 3
_MOST_ESCAPES = 24
_MOST_WAYS = 12
_MOST_OF_A_WAY = 40
_PORTS_UNSAID = (None, 80, 443)
_ANY_HOST = "witness.example"
_PATHS = ("/", "/a", "/a/b", "/witness", "/0", "//", "/a/", "*")
_PSEUDO = {":method": "method", ":authority": "host", "host": "host"}
_IN_BRACES = re.compile(r"\{[^{}=]+(?:=([^{}]*))?\}")


def hosts_of(table: RouteConfiguration, virtual_host: VirtualHost | None) -> Iterator[Fields]:
    """Yield hosts of a virtual host, or of any in a table, in the order of its domains."""
    for name in _names(table, virtual_host)[:_MOST_HOSTS]:
        header = table.vhost_header
        yield {"host": name} if not header else {"host": name, "headers": {header: name}}


def _names(table: RouteConfiguration, virtual_host: VirtualHost | None) -> list[str]:
    names = dict.fromkeys(
        _host(domain.lower())
        for host in table.virtual_hosts
        if virtual_host is None or host is virtual_host
        for domain in host.domains
    )
    # A client that is asked for a port sends it, unless it is the scheme's own.
    return sorted(names, key=lambda name: split_host_port(name)[1] in _PORTS_UNSAID)


def _host(domain: str) -> str:
    match domain_kind(domain):
        case "any":
            return _ANY_HOST
        case "suffix wildcard":
            return f"w{domain[1:]}"
        case "prefix wildcard":
            return f"{domain[:-1]}w"
        case _:
            return domain


def requests_of(place: RoutePlace) -> list[Fields]:
    """List requests that a route may take, the plainest first.

    Behind them stand the same with what earlier routes ask for broken.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    plain = list(_matched(place)) or list(_plain(place))
    first = plain[:1] or [{}]
    escapes = list(islice(_escapes(place), _MOST_ESCAPES))
    joined = [merged(*escapes, one) for one in first] if len(escapes) > 1 else []
    single = [merged(escape, one) for escape in escapes for one in first]
    return [*plain, *joined, *single]


def _matched(place: RoutePlace) -> Iterator[Fields]:
    """Yield requests that the virtual host's matcher leads to a route, none for one of its own."""
    matcher = place.virtual_host.matcher
    if matcher is None or place.action is None:
        return
    own = list(_plain(place)) or [{}]
    for way in islice(ways_to(matcher, lambda action: action is place.action), _MOST_WAYS):
        for fields in nearest_first(own, *way, most=_MOST_OF_A_WAY):
            yield _asking(fields)


def _asking(fields: Fields) -> Fields:
    """Write the query parameters of fields into their path."""
    query = fields.pop("query", None)
    if isinstance(query, dict) and query:
        path = str(fields.get("path", "/"))
        parameters = "&".join(f"{name}={value}" for name, value in query.items())
        fields["path"] = f"{path}{'&' if '?' in path else '?'}{parameters}"
    return fields


def _plain(place: RoutePlace) -> Iterator[Fields]:
    match = place.route.match
    ignore_parameters = place.table.ignore_path_parameters_in_path_matching
    paths: list[str | None] = list(islice(_paths(match, ignore_parameters), _MOST_PATHS)) or [None]
    conditions = list(_conditions(match, _names(place.table, place.virtual_host)))
    usual = [options[0] for options in conditions if options]
    query = _query(match.query_parameters)
    for one in paths:
        yield merged(*usual, _with_query(one, query))
    for index, options in enumerate(conditions):
        for other in options[1:_MOST_VALUES]:
            rest = [one[0] for place, one in enumerate(conditions) if one and place != index]
            yield merged(*rest, other, _with_query(paths[0], query))


def _with_query(path: str | None, query: str) -> Fields:
    if path is None and not query:
        return {}
    path = path or "/"
    return {"path": f"{path}?{query}" if query else path}


def _paths(match: RouteMatch, ignore_parameters: bool) -> Iterator[str | None]:
    """Yield paths that the path condition fits, as the rule itself says."""
    if match.connect_matcher is not None:
        yield None
        return
    samples: dict[str, None] = dict.fromkeys((*_path_samples(match), *_PATHS))
    for path in samples:
        asked = Request(connection=Connection(), headers=Headers.of([(":path", path)]))
        if match_path(match, asked, ignore_parameters).is_match:
            yield path


def _path_samples(match: RouteMatch) -> Iterator[str]:
    if match.prefix is not None:
        start = match.prefix
        rest = "" if start.endswith("/") else "/"
        yield from (start, f"{start}{rest}witness", f"{start}x", f"{start}{rest}a/b")
    for literal in (match.path, match.path_separated_prefix):
        if literal is not None:
            yield from (literal, f"{literal}/witness")
    if match.case_sensitive is False:
        for literal in (match.prefix, match.path, match.path_separated_prefix):
            yield (literal or "").swapcase()
    if match.safe_regex is not None:
        yield from (one for one in regex_samples(match.safe_regex.regex) if one.startswith("/"))
    if match.path_match_policy is not None:
        config = decode_extension(match.path_match_policy)
        if isinstance(config, UriTemplateMatchConfig):
            yield _of_template(config.path_template)


def _of_template(template: str) -> str:
    plain = _IN_BRACES.sub(lambda found: found[1] or "*", template)
    return plain.replace("**", "a/b").replace("*", "a")


def _conditions(match: RouteMatch, hosts: list[str]) -> Iterator[list[Fields]]:
    """Yield, for each condition beside the path, what may meet it."""
    for matcher in match.headers:
        is_host = _PSEUDO.get(matcher.name.lower()) == "host"
        values = header_values(matcher, preferred=hosts if is_host else ())
        yield [_header(matcher, value) for value in values[:_MOST_VALUES]]
    if match.cookies:
        yield [{"headers": {"cookie": "; ".join(filter(None, map(_cookie, match.cookies)))}}]
    if match.grpc is not None:
        grpc = {"headers": {"content-type": "application/grpc"}, "method": "POST"}
        yield [{**grpc, "protocol": "h2"}, {**grpc}]
    if match.connect_matcher is not None:
        yield [{"method": "CONNECT"}]
    if match.tls_context is not None:
        wanted = match.tls_context
        certificate = CertificateFacts(trusted=wanted.validated is not False)
        presented: Fields = {"tls": True, "client_certificate": certificate}
        yield [{}] if wanted.presented is False else [presented, {}]
    fraction = match.runtime_fraction
    if fraction is not None:
        yield [{}, {"runtime": {fraction.runtime_key: 100}} if fraction.runtime_key else {}]


def _header(matcher: HeaderMatcher, value: str | None) -> Fields:
    name = matcher.name.lower()
    field = _PSEUDO.get(name)
    if field is not None:
        return {} if value is None else {field: value}
    if name == ":path":
        return {} if value is None or not value.startswith("/") else {"path": value}
    if name == ":scheme":
        return {"headers": {"x-forwarded-proto": value}} if value is not None else {}
    return {"headers": {name: value}}


def _cookie(matcher: CookieMatcher) -> str:
    wanted = matcher.string_match or StringMatcher(prefix="")
    values = fitting(wanted, inverted=matcher.invert_match)
    if matcher.invert_match or not values:
        return ""
    return f"{matcher.name}={values[0]}"


def _query(matchers: tuple[QueryParameterMatcher, ...]) -> str:
    return "&".join(filter(None, map(_parameter, matchers)))


def _parameter(matcher: QueryParameterMatcher) -> str:
    if matcher.string_match is not None:
        values = fitting(matcher.string_match)
        return f"{matcher.name}={values[0]}" if values else ""
    if matcher.value:
        values = regex_samples(matcher.value) if matcher.regex else (matcher.value,)
        return f"{matcher.name}={values[0]}" if values else ""
    return "" if matcher.present_match is False else matcher.name


def _escapes(place: RoutePlace) -> Iterator[Fields]:
    """Yield what breaks a condition of a route that comes before."""
    for earlier in place.listed[: place.index]:
        for matcher in earlier.match.headers:
            for value in header_values(matcher, inverted=True)[:1]:
                yield _header(matcher, value)
        for cookie in earlier.match.cookies:
            if cookie.invert_match:
                values = fitting(cookie.string_match or StringMatcher(prefix=""))
                yield {"headers": {"cookie": f"{cookie.name}={values[0] if values else ''}"}}
        if earlier.match.grpc is not None:
            yield {"headers": {"content-type": None}}


def hash_variants(route: Route | None) -> Iterator[Fields]:
    """Yield requests with other hashes, for a cluster that picks endpoints by them."""
    yield {}
    if route is None or route.route is None:
        return
    for policy in route.route.hash_policy:
        for number in range(1, 65):
            if policy.header is not None:
                yield {"headers": {policy.header.header_name.lower(): str(number)}}
            elif policy.cookie is not None:
                yield {"headers": {"cookie": f"{policy.cookie.name}={number}"}}
            elif policy.connection_properties is not None:
                yield {"src_ip": f"198.51.100.{number}"}

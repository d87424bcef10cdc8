"""Request headers that decide about a route and that a log does not hold.

Decision: what a route's own matchers ask for stands for what the client may have sent: the answer
with these headers shows where the request went if it was meant for that route. Where a matcher has
no such example (a regular expression that is not nearly a literal, a header that must not be there)
the line cannot be told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from osmscope.replay.logged import Logged
from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.matcher import HeaderMatcher
from osmscope.resources.proxy import Proxy
from osmscope.resources.route import RouteConfiguration, VirtualHost
from osmscope.rules import facts
from osmscope.rules.header import match_header
from osmscope.rules.headers_read import headers_read
from osmscope.trace.answer import OutcomeAnswer

_SET_BY_ENVOY = frozenset({"x-forwarded-proto", "x-envoy-internal"})
_ANYTHING = re.compile(r"(?<!\\)\.[*+]\??")


class Undecided(msgspec.Struct, frozen=True):
    """What a virtual host reads."""

    names: frozenset[str] = frozenset()
    examples: tuple[Mapping[str, str], ...] = ()
    """For each of its routes that read one of the names: headers that it asks for."""
    complete: bool = True
    """Whether the examples stand for every way in which the names decide."""


class UnloggedHeaders:
    """What the virtual hosts of one sidecar read."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._found: dict[tuple[str | None, str | None, frozenset[str]], Undecided] = {}
        self._inline: dict[str, RouteConfiguration] | None = None

    def of(self, line: Logged, outcome: OutcomeAnswer) -> Undecided:
        """Say which headers decide in the virtual host of an outcome and are not logged."""
        if not line.is_http or outcome.route_config is None:
            return Undecided()
        logged = frozenset(name for name, _ in line.headers) | _SET_BY_ENVOY
        key = (outcome.route_config, outcome.virtual_host, logged)
        if key not in self._found:
            self._found[key] = self._read(outcome, logged)
        return self._found[key]

    def _read(self, outcome: OutcomeAnswer, logged: frozenset[str]) -> Undecided:
        table = self._table(outcome.route_config or "")
        if table is None:
            return Undecided()
        own = tuple(host for host in table.virtual_hosts if host.name == outcome.virtual_host)
        read = headers_read(msgspec.structs.replace(table, virtual_hosts=own))
        if read is None:
            return Undecided(frozenset({"any"}), complete=False)
        names = frozenset(name for name in read - logged if name and not name.startswith(":"))
        return _with_examples(names, own) if names else Undecided()

    def _table(self, name: str) -> RouteConfiguration | None:
        delivered = self._proxy.route_configuration(name)
        if delivered is not None:
            return delivered
        if self._inline is None:
            self._inline = {table.name: table for table in _inline_tables(self._proxy)}
        return self._inline.get(name)


def _with_examples(names: frozenset[str], hosts: tuple[VirtualHost, ...]) -> Undecided:
    examples: list[Mapping[str, str]] = []
    matched: set[str] = set()
    complete = True
    for route in (route for host in hosts for route in host.routes):
        matchers = [one for one in route.match.headers if one.name.lower() in names]
        matched.update(one.name.lower() for one in matchers)
        found = {one.name.lower(): example for one in matchers if (example := _example(one))}
        if len(found) < len(matchers):
            complete = False
        elif found and found not in examples:
            examples.append(found)
    return Undecided(names, tuple(examples), complete and matched >= names)


def _example(matcher: HeaderMatcher) -> str:
    """Give a value that a header matcher accepts; "" where none is seen at once."""
    texts = (
        matcher.exact_match,
        matcher.prefix_match,
        matcher.suffix_match,
        matcher.contains_match,
    )
    pattern = matcher.safe_regex_match
    if matcher.string_match is not None:
        wanted = matcher.string_match
        texts = (wanted.exact, wanted.prefix, wanted.suffix, wanted.contains)
        pattern = wanted.safe_regex
    candidates = [text for text in texts if text]
    if pattern is not None:
        candidates.append(_ANYTHING.sub("x", pattern.regex).replace("\\", ""))
    for text in (*candidates, "x"):
        if match_header(matcher, facts.Headers.of([(matcher.name, text)])).is_match:
            return text
    return ""


def _inline_tables(proxy: Proxy) -> Iterator[RouteConfiguration]:
    for listener in proxy.listeners:
        default = listener.default_filter_chain
        for chain in (*listener.filter_chains, *((default,) if default is not None else ())):
            for entry in chain.filters:
                config = decode_extension(entry)
                if isinstance(config, HttpConnectionManager) and config.route_config is not None:
                    yield config.route_config

"""The route tables under test, and which of their routes a passing test reaches.

Decision: a route is counted once, whatever its weighted clusters; a virtual host whose matcher
chooses among routes has none that could be told apart, and counts nothing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Iterator

import msgspec

from osmscope.errors import SelectorError
from osmscope.resources.extension import content_of, decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.proxy import Proxy
from osmscope.resources.resource import decode, unknown_fields
from osmscope.resources.route import RouteConfiguration, VirtualHost
from osmscope.route_tests.result import NOTHING, CaseResult, Coverage, ListedRoute, RouteId

_MOST_NAMES = 10
_PLACE = re.compile(r"virtual_hosts\[(?P<host>\d+)\]\.(?:routes\[(?P<route>\d+)\]\.)?")


class Table:
    """A route table, and what of it is not understood.

    Args:
        configuration: The table.
        body: The same as JSON.
    """

    def __init__(self, configuration: RouteConfiguration, body: msgspec.Raw | bytes) -> None:
        self.configuration = configuration
        self._body = body

    @functools.cached_property
    def _unknown(self) -> tuple[str, ...]:
        return tuple(unknown_fields(RouteConfiguration, self._body))

    def unknown_on(self, virtual_host: VirtualHost | None, route: int | None) -> Iterator[str]:
        """Name the fields that are not known, of the table and of what a request gets of it.

        Args:
            virtual_host: The request's virtual host.
            route: The place of its route there; None where it gets none.
        """
        for field in self._unknown:
            found = _PLACE.match(field)
            if found is None:
                yield field
                continue
            host = self.configuration.virtual_hosts[int(found["host"])]
            if host is virtual_host and found["route"] in (None, str(route)):
                yield field


class RouteTables:
    """The route tables of a proxy that serve requests.

    Args:
        proxy: The proxy's resources.
        name: The one table to test; None for all.

    Raises:
        DumpError: One cannot be read.
        SelectorError: None has that name.
    """

    def __init__(self, proxy: Proxy, name: str | None = None) -> None:
        found = tuple(_delivered(proxy) if proxy.dump.has("route_config") else _inline(proxy))
        self._where = proxy.dump.where
        self.tables = _named(found, name)
        if name is not None and not self.tables:
            raise self._none(found, name)

    def choose(self, name: str | None) -> Table:
        """Return the table that a test means: the one it names, or the only one.

        Raises:
            SelectorError: None has that name, or there are several to choose from.
        """
        named = _named(self.tables, name)
        if not named:
            raise self._none(self.tables, name)
        if len(named) > 1:
            raise self._several(named)
        return named[0]

    def coverage(self, results: Iterable[CaseResult]) -> Coverage:
        """Tell which routes the passing tests reach."""
        reached = {one for result in results if result.passed for one in result.reached}
        routes = {
            route.id: route for table in self.tables for route in _routes(table.configuration)
        }
        unreached = tuple(route for key, route in routes.items() if key not in reached)
        return Coverage(len(routes), unreached)

    def _several(self, tables: Collection[Table]) -> SelectorError:
        names = _names(tables)
        if len({table.configuration.name for table in tables}) == 1:
            message = f"several route configurations are named {names}"
            hint = "write a test that starts at the listener"
        else:
            message = "there are several route configurations"
            hint = f"name one with --route-config: {names}"
        return SelectorError(message, where=self._where, hint=hint)

    def _none(self, tables: Iterable[Table], name: str | None) -> SelectorError:
        message = "no route configuration" + (f" is named {name!r}" if name is not None else "")
        names = _names(tables)
        hint = f"name one of {names}" if names else "give a source that has one"
        return SelectorError(message, where=self._where, hint=hint)


def _named(tables: Iterable[Table], name: str | None) -> tuple[Table, ...]:
    return tuple(table for table in tables if name in (None, table.configuration.name))


def _names(tables: Iterable[Table]) -> str:
    names = sorted({table.configuration.name or NOTHING for table in tables})
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _delivered(proxy: Proxy) -> Iterator[Table]:
    for entry in proxy.dump.entries("route_config"):
        if entry.state.serves and bytes(entry.body):
            where = f"route configuration {entry.name!r}"
            yield Table(decode(RouteConfiguration, entry.body, where), entry.body)


def _inline(proxy: Proxy) -> Iterator[Table]:
    """Yield the tables that stand in listeners, as a bootstrap has them."""
    for listener in proxy.listeners:
        for chain in (*listener.filter_chains, listener.default_filter_chain):
            for entry in chain.filters if chain is not None else ():
                config = decode_extension(entry)
                if isinstance(config, HttpConnectionManager) and config.route_config is not None:
                    content = content_of(entry.typed_config) or b"{}"
                    yield Table(config.route_config, _decoded(content)["route_config"])


def _decoded(body: msgspec.Raw | bytes) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(body, type=dict[str, msgspec.Raw])


def _routes(table: RouteConfiguration) -> Iterator[ListedRoute]:
    for virtual_host in table.virtual_hosts:
        for index, route in enumerate(virtual_host.routes):
            yield ListedRoute(RouteId(table.name, virtual_host.name, index), route)

"""The table of RBAC policies: of filters in chains, and of routes that bring their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from osmscope.report.filter_tables import placed_filters
from osmscope.report.keys import keyed
from osmscope.report.rbac_words import permission_words, principal_words
from osmscope.report.table import Row, Table, columns
from osmscope.resources.extension import decode_any, decode_extension
from osmscope.resources.proxy import Proxy
from osmscope.resources.rbac import HttpRbac, HttpRbacPerRoute, NetworkRbac, RbacRules
from osmscope.resources.resource import decode
from osmscope.resources.route import RouteConfiguration


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where rules stand."""

    layer: str
    words: str
    filter: str
    key: str
    """Of what they are a part of."""
    state: str


def rbac_table(proxy: Proxy) -> Table:
    """List the policies of all RBAC filters, and of all routes that replace a filter's rules."""
    return Table(
        columns(
            "policy", "action", "layer", "stands in", "principals", "permissions",
            wide=("filter", "state"),
        ),
        (*_of_filters(proxy), *_of_routes(proxy)),
    )  # fmt: skip


def _of_filters(proxy: Proxy) -> Iterator[Row]:
    for placed in placed_filters(proxy):
        if placed.chain is None:
            continue
        config = decode_extension(placed.config)
        if isinstance(config, HttpRbac | NetworkRbac) and config.rules is not None:
            place = _Place(
                layer=placed.layer, words=f"chain {placed.chain.name or '(unnamed)'}",
                filter=placed.config.name, key=placed.key, state=placed.entry.state.value,
            )  # fmt: skip
            yield from _policies(place, config.rules)


def _of_routes(proxy: Proxy) -> Iterator[Row]:
    for key, entry in keyed(proxy.dump.entries("route_config")):
        if not bytes(entry.body):
            continue
        where = f"route configuration {entry.name!r}"
        table = decode(RouteConfiguration, entry.body, where)
        state = entry.state.value
        yield from _own(table.typed_per_filter_config, ("table", entry.name, key, state))
        for host in table.virtual_hosts:
            host_key = f"{key}/{host.name}"
            named = ("virtual host", host.name, host_key, state)
            yield from _own(host.typed_per_filter_config, named)
            for index, route in enumerate(host.routes):
                words = f"{host.name} {route.name or f'#{index}'}"
                named = ("route", words, f"{host_key}#{index}", state)
                yield from _own(route.typed_per_filter_config, named)


def _own(configs: Mapping[str, msgspec.Raw], named: tuple[str, str, str, str]) -> Iterator[Row]:
    layer, words, key, state = named
    for name, body in configs.items():
        config = decode_any(body, name=name)
        rbac = config.rbac if isinstance(config, HttpRbacPerRoute) else None
        if rbac is not None and rbac.rules is not None:
            place = _Place(layer=layer, words=words, filter=name, key=key, state=state)
            yield from _policies(place, rbac.rules)


def _policies(place: _Place, rules: RbacRules) -> Iterator[Row]:
    for name, policy in rules.policies.items():
        cells = (
            name,
            rules.action,
            place.layer,
            place.words,
            tuple(map(principal_words, policy.principals)),
            tuple(map(permission_words, policy.permissions)),
            place.filter,
            place.state,
        )
        yield Row(cells, (name, place.words), f"{place.key}/{place.filter}/{name}", place.key)

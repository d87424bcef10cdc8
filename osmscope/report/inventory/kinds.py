"""The kinds of resources that can be browsed, in the order in which a request meets them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from osmscope.report.table import Table
    from osmscope.resources.proxy import Proxy


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of resource."""

    name: str
    """Envoy's own name of it."""
    title: str
    one: str
    """What one of them is called, in a sentence."""
    short: str
    """What a user types for it, and what a narrow screen shows."""
    aliases: tuple[str, ...] = ()
    module: str
    function: str
    part_of: tuple[str, ...] = ()
    """The kinds that may hold it."""

    def counted(self, count: int) -> str:
        """Say how many: `1 cluster`, `2 RBAC policies`."""
        if count == 1:
            return f"1 {self.one}"
        many = f"{self.one[:-1]}ies" if self.one.endswith("cy") else f"{self.one}s"
        return f"{count} {many}"

    def table(self, proxy: Proxy) -> Table:
        """List the resources of this kind; raises DumpError where one cannot be read."""
        build: Callable[[Proxy], Table] = getattr(
            importlib.import_module(f"osmscope.report.{self.module}"), self.function
        )
        return build(proxy)


KINDS: tuple[Kind, ...] = (
    Kind(
        name="listener", title="Listeners", one="listener", short="l",
        aliases=("listener", "listeners", "lds"),
        module="listener_tables", function="listener_table",
    ),
    Kind(
        name="filter_chain", title="Chains", one="chain", short="fc",
        aliases=("chain", "chains", "filter-chain", "filter-chains"),
        module="listener_tables", function="chain_table", part_of=("listener",),
    ),
    Kind(
        name="filter", title="Filters", one="filter", short="f", aliases=("filter", "filters"),
        module="filter_tables", function="filter_table", part_of=("filter_chain", "listener"),
    ),
    Kind(
        name="rbac", title="RBAC", one="RBAC policy", short="rbac", aliases=("policy", "policies"),
        module="rbac_table", function="rbac_table",
        part_of=("filter", "route", "virtual_host", "route_config"),
    ),
    Kind(
        name="route_config", title="Tables", one="route table", short="rt",
        aliases=("table", "tables", "route-table", "route-tables", "rds"),
        module="virtual_host_tables", function="route_configuration_table",
    ),
    Kind(
        name="virtual_host", title="Virtual hosts", one="virtual host", short="vh",
        aliases=("vhost", "vhosts", "virtual-host", "virtual-hosts"),
        module="virtual_host_tables", function="virtual_host_table", part_of=("route_config",),
    ),
    Kind(
        name="route", title="Routes", one="route", short="r", aliases=("route", "routes"),
        module="route_table", function="route_table", part_of=("virtual_host",),
    ),
    Kind(
        name="cluster", title="Clusters", one="cluster", short="c",
        aliases=("cluster", "clusters", "cds"),
        module="cluster_tables", function="cluster_table",
    ),
    Kind(
        name="endpoint", title="Endpoints", one="endpoint", short="ep",
        aliases=("endpoint", "endpoints", "eds"),
        module="cluster_tables", function="endpoint_table", part_of=("cluster",),
    ),
    Kind(
        name="secret", title="Secrets", one="secret", short="s",
        aliases=("secret", "secrets", "sds"),
        module="secret_table", function="secret_table",
    ),
)  # fmt: skip
"""All kinds."""

BY_NAME = {kind.name: kind for kind in KINDS}
"""Kinds by Envoy's name."""

BY_ALIAS = {word: kind for kind in KINDS for word in (kind.name, kind.short, *kind.aliases)}
"""Kinds by every word that means them."""

"""The resources of a proxy as a directed graph, and the part of it that one request takes.

Decision: an edge is a reference by name, as Envoy follows it. What is referred to and is not there
is a node too, marked `dangling`, because that is what a reader looks for. Node keys are
`kind:name`; attributes hold plain text and numbers only, so that every writer can take them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import networkx

from osmscope.resources.cluster import Cluster
from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.listener import FilterChain, Listener
from osmscope.resources.network_filters import TcpProxy
from osmscope.resources.proxy import Proxy
from osmscope.resources.references import (
    WeightedName,
    route_clusters,
    secret_names,
    tcp_clusters,
)
from osmscope.resources.route import RouteConfiguration, VirtualHost
from osmscope.resources.transport_socket import TransportSocket
from osmscope.trace.answer import Answer, Explanation, OutcomeAnswer


def proxy_graph(proxy: Proxy) -> networkx.DiGraph:
    """Build the graph of all resources that serve.

    Args:
        proxy: The sidecar.

    Returns:
        Nodes with `kind`, `label` and, where it is so, `dangling`; edges with `label`.

    Raises:
        DumpError: A resource cannot be read.
    """
    graph = networkx.DiGraph()
    builder = _Builder(proxy, graph)
    for index, listener in enumerate(proxy.listeners):
        builder.listener(listener, index)
    for name in proxy.dump.serving("cluster"):
        builder.cluster(name)
    return graph


def trace_graph(answer: Answer, explanation: Explanation) -> networkx.DiGraph:
    """Build the graph of the path that one request takes.

    Args:
        answer: Where it goes; each outcome is a path from the listener to its endpoints.
        explanation: Why; the criterion of a decision stands at its node as `reason`.
    """
    graph = networkx.DiGraph()
    reasons = {(step.kind, step.chosen): step.reason for step in explanation.steps}
    for index, outcome in enumerate(answer.outcomes):
        keys = [
            _node(graph, kind, name, reason=reasons.get((kind, name), ""))
            for kind, name in _path(outcome)
        ] or [_node(graph, "request", str(answer.id or "request"))]
        for source, target in itertools.pairwise(keys):
            if target not in graph.adj[source]:
                graph.add_edge(source, target, label="")
        share = f"{outcome.probability:.4g}" if outcome.probability < 1 else ""
        if outcome.verdict == "forwarded" and len(keys) > 1:
            graph.edges[keys[-2], keys[-1]]["label"] = share
        _ends(graph, outcome, keys[-1], label=share, name=str(index))
    return graph


def _path(outcome: OutcomeAnswer) -> Iterator[tuple[str, str]]:
    """List the named stations of an outcome."""
    route = outcome.route or (
        f"#{outcome.route_index}" if outcome.route_index is not None else None
    )
    if route is not None and outcome.virtual_host is not None:
        route = f"{outcome.virtual_host} {route}"
    for kind, name in (
        ("listener", outcome.listener),
        ("filter_chain", outcome.filter_chain),
        ("route_config", outcome.route_config),
        ("virtual_host", outcome.virtual_host),
        ("route", route),
        ("cluster", outcome.cluster),
    ):
        if name is not None:
            yield kind, name


def _ends(
    graph: networkx.DiGraph, outcome: OutcomeAnswer, last: str, *, label: str, name: str
) -> None:
    for endpoint in outcome.endpoints:
        key = _node(graph, "endpoint", endpoint.address, health=endpoint.health)
        graph.add_edge(last, key, label=f"{endpoint.probability:.4g}")
    if outcome.verdict != "forwarded":
        words: str = outcome.verdict
        if outcome.response is not None:
            code = str(outcome.response.code or "")
            parts = (words, code, outcome.response.details or "")
            words = " ".join(part for part in parts if part)
        graph.add_edge(last, _node(graph, "end", name, words, dangling=True), label=label)


def _node(
    graph: networkx.DiGraph, kind: str, name: str, label: str = "", **attributes: object
) -> str:
    key = f"{kind}:{name}"
    given = {
        attribute: value for attribute, value in attributes.items() if value not in ("", False)
    }
    graph.add_node(key, kind=kind, label=label or name or "(unnamed)", **given)
    return key


class _Builder:
    """Adds resources and what they refer to."""

    def __init__(self, proxy: Proxy, graph: networkx.DiGraph) -> None:
        self.proxy = proxy
        self.graph = graph

    def listener(self, listener: Listener, index: int) -> None:
        name = listener.name or f"#{index}"
        label = listener.name or f"listener {listener.address.text()}"
        key = _node(
            self.graph, "listener", name, label, address=listener.address.text(),
            direction=listener.traffic_direction.lower(),
        )  # fmt: skip
        for position, chain in enumerate(listener.filter_chains):
            self._chain(key, f"{name}#{position}", chain, "")
        if listener.default_filter_chain is not None:
            self._chain(key, f"{name}#default", listener.default_filter_chain, "default")

    def cluster(self, name: str) -> str:
        cluster = self.proxy.cluster(name)
        if cluster is None:
            warming = self.proxy.is_warming("cluster", name)
            return _node(self.graph, "cluster", name, dangling=True, state="warming" * warming)
        key = f"cluster:{name}"
        if key not in self.graph or "type" not in self.graph.nodes[key]:
            _node(self.graph, "cluster", name, type=cluster.type, policy=cluster.lb_policy)
            self._endpoints(key, cluster)
            self._secrets(key, cluster.transport_socket)
        return key

    def _chain(self, listener: str, place: str, chain: FilterChain, label: str) -> None:
        key = _node(self.graph, "filter_chain", place, chain.name or place)
        self.graph.add_edge(listener, key, label=label)
        self._secrets(key, chain.transport_socket)
        for entry in chain.filters:
            config = decode_extension(entry)
            if isinstance(config, HttpConnectionManager):
                self._table(key, place, config)
            elif isinstance(config, TcpProxy):
                for target in tcp_clusters(config):
                    self.graph.add_edge(key, self.cluster(target.name), label=_weight(target))

    def _table(self, chain: str, place: str, config: HttpConnectionManager) -> None:
        if config.rds is None:
            if config.route_config is not None:
                key = _node(self.graph, "route_config", place, config.route_config.name)
                self.graph.add_edge(chain, key, label="inline")
                self._virtual_hosts(key, config.route_config)
            return
        name = config.rds.route_config_name
        table = self.proxy.route_configuration(name)
        is_new = f"route_config:{name}" not in self.graph
        key = _node(self.graph, "route_config", name, dangling=table is None)
        self.graph.add_edge(chain, key, label="rds")
        if table is not None and is_new:
            self._virtual_hosts(key, table)

    def _virtual_hosts(self, table: str, configuration: RouteConfiguration) -> None:
        for virtual_host in configuration.virtual_hosts:
            name = f"{table.partition(':')[2]}/{virtual_host.name}"
            key = _node(
                self.graph, "virtual_host", name, virtual_host.name,
                domains=", ".join(virtual_host.domains),
            )  # fmt: skip
            self.graph.add_edge(table, key, label="")
            self._routes(key, name, virtual_host)

    def _routes(self, key: str, name: str, virtual_host: VirtualHost) -> None:
        for index, route in enumerate(virtual_host.routes):
            node = _node(self.graph, "route", f"{name}#{index}", route.name or f"#{index}")
            self.graph.add_edge(key, node, label="")
            for target in route_clusters(route):
                self.graph.add_edge(node, self.cluster(target.name), label=_weight(target))
            for mirror in route.route.request_mirror_policies if route.route else ():
                if mirror.cluster:
                    self.graph.add_edge(node, self.cluster(mirror.cluster), label="mirror")

    def _endpoints(self, key: str, cluster: Cluster) -> None:
        for address, health in endpoints(self.proxy, cluster):
            self.graph.add_edge(key, _node(self.graph, "endpoint", address, health=health))

    def _secrets(self, key: str, socket: TransportSocket | None) -> None:
        for name in secret_names(socket):
            node = _node(self.graph, "secret", name, dangling=self.proxy.secret(name) is None)
            self.graph.add_edge(key, node, label="secret")


def endpoints(proxy: Proxy, cluster: Cluster) -> Iterator[tuple[str, str]]:
    """List a cluster's endpoints and their health: the live ones, else the configured ones."""
    status = proxy.status(cluster.name)
    if status is not None:
        for host in status.hosts:
            yield host.address, ", ".join(sorted(host.flags)) or "healthy"
        return
    assignment = proxy.load_assignment(cluster)
    for locality in assignment.endpoints if assignment is not None else ():
        for endpoint in locality.lb_endpoints:
            yield endpoint.endpoint.address.text(), endpoint.health_status.lower()


def _weight(cluster: WeightedName) -> str:
    return "" if cluster.weight is None else f"weight {cluster.weight}"

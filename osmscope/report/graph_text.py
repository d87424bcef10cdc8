"""A resource graph drawn in a terminal: trees from the roots on.

Decision: a node that several refer to is drawn once, where it is met first, and is a mark `↑` with
its name elsewhere; so the drawing is as long as the graph has edges, and cycles end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osmscope.report.dot import label_of
from osmscope.report.text_layout import Page, Style

if TYPE_CHECKING:
    import networkx


def graph_text(graph: networkx.DiGraph, *, width: int, color: bool = False) -> str:
    """Draw a graph.

    Args:
        graph: Of `osmscope.graph`.
        width: How many columns there are.
        color: Whether to colour what is missing.
    """
    page = Page(width=width, color=color)
    seen: set[str] = set()
    roots = [key for key in graph.nodes if graph.in_degree(key) == 0]
    for key in roots or list(graph.nodes)[:1]:
        _draw(page, graph, key, seen)
    return page.text()


def _draw(page: Page, graph: networkx.DiGraph, root: str, seen: set[str]) -> None:
    """Draw a tree without recursion: a graph may be deeper than Python's stack."""
    waiting: list[tuple[str, str, str, str]] = [(root, "", "", "")]
    while waiting:
        key, start, hang, label = waiting.pop()
        data = graph.nodes[key]
        text = label_of(data)
        note = f"  ({label})" if label else ""
        if key in seen and graph.out_degree(key):
            page.put(start, f"{text}{note} ↑", "faint", hang=hang)
            continue
        seen.add(key)
        style: Style = "bad" if data.get("dangling") else "plain"
        page.put(start, f"{text}{note}", style, hang=hang)
        targets = list(graph.adj[key])
        for index, target in reversed(list(enumerate(targets))):
            is_last = index == len(targets) - 1
            edge = str(graph.edges[key, target].get("label") or "")
            waiting.append(
                (
                    target,
                    hang + ("└─ " if is_last else "├─ "),
                    hang + ("   " if is_last else "│  "),
                    edge,
                )
            )

"""Graphviz DOT of a resource graph.

Decision: every name is quoted, and quotes, backslashes and what is not printable are escaped, so
that a name from a dump can neither end its string nor become an attribute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osmscope.report.untrusted import escaped

if TYPE_CHECKING:
    import networkx

_SHAPES = {
    "listener": "house",
    "filter_chain": "box",
    "route_config": "folder",
    "virtual_host": "tab",
    "route": "cds",
    "cluster": "component",
    "endpoint": "ellipse",
    "secret": "note",
    "end": "octagon",
}


def as_dot(graph: networkx.DiGraph) -> str:
    """Write a graph as DOT; dangling references are dashed and red."""
    lines = ["digraph osmscope {", "  rankdir=LR;", "  node [fontname=monospace];"]
    for key, data in graph.nodes(data=True):
        attributes = [
            f"label={_quoted(label_of(data))}",
            f"shape={_SHAPES.get(str(data.get('kind')), 'box')}",
        ]
        if data.get("dangling"):
            attributes.append("style=dashed color=red")
        lines.append(f"  {_quoted(key)} [{' '.join(attributes)}];")
    for source, target, data in graph.edges(data=True):
        label = str(data.get("label") or "")
        suffix = f" [label={_quoted(label)}]" if label else ""
        lines.append(f"  {_quoted(source)} -> {_quoted(target)}{suffix};")
    return "\n".join([*lines, "}"]) + "\n"


def label_of(data: dict[str, object]) -> str:
    """Write a node's label: its kind, its name, and whether it is missing."""
    missing = " (missing)" if data.get("dangling") and data.get("kind") != "end" else ""
    kind = str(data.get("kind", "")).replace("_", " ")
    return f"{kind}: {data.get('label', '')}{missing}"


def _quoted(text: str) -> str:
    safe = escaped(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe}"'

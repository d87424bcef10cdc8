"""Mermaid of a resource graph.

Decision: nodes are numbered, so that no name stands where Mermaid expects an identifier; labels are
quoted, and what Mermaid or the page around it would read as markup is written as an entity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osmscope.report.dot import label_of
from osmscope.report.untrusted import escaped

if TYPE_CHECKING:
    import networkx

_ENTITIES = {character: f"#{ord(character)};" for character in '#"<>&`;[]{}()|\\'}
_SHAPES = {"cluster": ("[[", "]]"), "endpoint": ("([", "])"), "end": ("{{", "}}")}


def as_mermaid(graph: networkx.DiGraph) -> str:
    """Write a graph as a Mermaid flowchart; dangling references have the class `missing`."""
    numbers = {key: f"n{index}" for index, key in enumerate(graph.nodes)}
    lines = ["flowchart LR", "  classDef missing stroke:#c00,stroke-dasharray:4"]
    for key, data in graph.nodes(data=True):
        start, end = _SHAPES.get(str(data.get("kind")), ("[", "]"))
        mark = ":::missing" if data.get("dangling") else ""
        lines.append(f'  {numbers[key]}{start}"{_entities(label_of(data))}"{end}{mark}')
    for source, target, data in graph.edges(data=True):
        label = str(data.get("label") or "")
        arrow = f'-->|"{_entities(label)}"|' if label else "-->"
        lines.append(f"  {numbers[source]} {arrow} {numbers[target]}")
    return "\n".join(lines) + "\n"


def _entities(text: str) -> str:
    return "".join(_ENTITIES.get(character, character) for character in escaped(text))

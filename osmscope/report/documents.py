"""JSON and YAML of what osmscope answers.

Decision: the JSON of one trace is the answer of the batch form with `steps` and what is close
added, so that whoever reads one form reads the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import networkx

    from osmscope.trace.answer import Answer, Explanation
    from osmscope.trace.evidence import Evidence
    from osmscope.trace.request import TraceRequest


def trace_document(
    answer: Answer,
    explanation: Explanation,
    inferred: tuple[str, ...] = (),
    data: object = None,
    evidence: tuple[Evidence, ...] = (),
) -> dict[str, object]:
    """Join an answer and its explanation to one document.

    Args:
        answer: Where the request goes.
        explanation: Why.
        inferred: How the request was completed.
        data: What it rests on, a `Data` of `osmscope.session.age`; None where nobody said.
        evidence: What the sidecar counted on the way.
    """
    document: dict[str, object] = msgspec.to_builtins(answer)
    document["inferred"] = list(inferred)
    document["steps"] = msgspec.to_builtins(explanation.steps)
    document["near_misses"] = msgspec.to_builtins(explanation.near_misses)
    if data is not None:
        document["data"] = msgspec.to_builtins(data)
        document["evidence"] = msgspec.to_builtins(evidence)
    return document


def node_link(graph: networkx.DiGraph) -> dict[str, object]:
    """Make a document of a resource graph, in networkx's node-link form."""
    return {
        "directed": True,
        "multigraph": False,
        "graph": {},
        "nodes": [{"id": key, **data} for key, data in graph.nodes(data=True)],
        "links": [
            {"source": source, "target": target, **data}
            for source, target, data in graph.edges(data=True)
        ],
    }


def as_json(value: object) -> str:
    """Write a document as indented JSON.

    JSON escapes control characters itself; marks that turn the direction of writing are escaped
    here, in the form that every JSON reader turns back.
    """
    return _escape(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def request_line(request: TraceRequest) -> str:
    """Write a request as a line of `osmscope trace --requests`: what is not said is left out."""
    fields = msgspec.to_builtins(msgspec.structs.replace(request, id=None))
    said = {name: value for name, value in fields.items() if value is not None}
    return _escape(as_line(said).decode())


def parsed(body: bytes) -> object:
    """Read JSON as it stands in a dump, for `as_json` and `as_yaml`."""
    return msgspec.json.decode(body)


def as_line(value: object) -> bytes:
    """Write a document as one line of JSON, as it is."""
    return msgspec.json.encode(value)


def as_yaml(value: object) -> str:
    """Write a document as YAML; PyYAML escapes what is not printable."""
    import yaml

    plain = msgspec.to_builtins(value, str_keys=True)
    return str(yaml.dump(plain, Dumper=_dumper(), sort_keys=False, allow_unicode=False))


def _dumper() -> type:
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

    return Dumper


def _escape(text: str) -> str:
    if text.isascii():
        return text
    return "".join(
        c if c.isprintable() or c in "\n\t" else "".join(f"\\u{unit:04x}" for unit in _utf16(c))
        for c in text
    )


def _utf16(character: str) -> list[int]:
    data = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]

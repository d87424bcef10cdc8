"""Kubernetes objects within a snapshot, as lists in JSON, whichever tool has saved them how.

`osmscope capture` and people with kubectl save a list a file. `istioctl bug-report` saves all kinds
in one YAML, `cluster/k8s-resources`; `egctl collect` a list a namespace, in `cluster-resources`;
`osm support bug-report` OSM's MeshConfig in YAML. Decision: of that one YAML, which holds all
events and ConfigMaps too, only the items of a kind that is asked for are read.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import msgspec

from osmscope.errors import SourceError
from osmscope.source.tree import Tree

_FILES = {
    "pods.json": ("Pod", r"(?:^|/)cluster-resources/pods/[^/]+\.json$"),
    "services.json": ("Service", r"(?:^|/)cluster-resources/services/[^/]+\.json$"),
    "mesh-configs.json": ("MeshConfig", r"(?:^|/)meshconfig\.json$"),
}
"""The kind of what is in a list, and the names of files that other tools save it as."""
_OF_ALL_KINDS = re.compile(r"(?:^|/)cluster/k8s-resources(?:\.ya?ml)?$")
_OF_OSM = re.compile(r"(?:^|/)namespaces/[^/]+/commands/kubectl_get_meshconfig_-n_[^/]+_-o_yaml$")
_ITEM = re.compile(rb"^- ", re.MULTILINE)


class _List(msgspec.Struct):
    items: list[msgspec.Raw] | None = None
    kind: str = ""


def find_list(tree: Tree, file: str) -> bytes | None:
    """Find a list of objects.

    Args:
        tree: A snapshot.
        file: What the list is called in a capture: "pods.json".

    Returns:
        A List in JSON, or, of a MeshConfig, the object itself; None where there is none.

    Raises:
        SourceError: What is there cannot be read.
    """
    named = [name for name in tree.names if name.rpartition("/")[2] == file]
    if named:
        return tree.read(min(named, key=len)).data
    kind, pattern = _FILES.get(file, ("", "$^"))
    items: list[msgspec.Raw] = []
    found = False
    for name in tree.names:
        if re.search(pattern, name):
            items += _items_of_json(tree, name)
        elif kind and _OF_ALL_KINDS.search(name):
            items += _items_of_yaml(tree, name, kind)
        elif kind == "MeshConfig" and _OF_OSM.search(name):
            items += _items_of_yaml(tree, name, "")
        else:
            continue
        found = True
    return msgspec.json.encode({"kind": "List", "items": items}) if found else None


def _items_of_json(tree: Tree, name: str) -> list[msgspec.Raw]:
    source = tree.read(name)
    try:
        listed = msgspec.json.decode(source.data, type=_List)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(f"not a list of objects: {error}", where=source.where) from None
    is_object = listed.items is None and not listed.kind.endswith("List")
    return [msgspec.Raw(source.data)] if is_object else listed.items or []


def _items_of_yaml(tree: Tree, name: str, kind: str) -> Iterator[msgspec.Raw]:
    """Read the objects of a kind, or all for ""; kubectl writes each item of a list at a "- "."""
    from osmscope.plain_yaml import UNREADABLE, json_keys, yaml_value

    source = tree.read(name)
    is_of_kind = re.compile(rb"^  kind: %s\r?$" % (kind or "[A-Za-z]+").encode(), re.MULTILINE)
    starts = [found.start() for found in _ITEM.finditer(source.data)]
    for start, end in itertools.pairwise([*starts, len(source.data)]):
        text = source.data[start:end]
        if is_of_kind.search(text) is None:
            continue
        if end == len(source.data):  # behind the last one stands what is said of the list
            text = re.split(rb"^(?=[^\s-])", text, maxsplit=1, flags=re.MULTILINE)[0]
        try:
            value = yaml_value(text, where=source.where)
        except UNREADABLE as error:
            reason = " ".join(str(error).split())
            raise SourceError(f"not YAML: {reason}", where=source.where) from None
        for item in value if isinstance(value, list) else ():
            yield msgspec.Raw(msgspec.json.encode(json_keys(item)))

"""Access to decoded JSON whose shape Envoy guarantees only where a field is set.

Decision: a value of another type than expected reads as absent. The copy that Envoy gets is then
without it, and Envoy, not osmscope, is the one to judge the rest.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

Json = dict[str, object]

TYPE_PREFIX = "type.googleapis.com/"


def message(value: object, *path: str) -> Json:
    """Return the object at a path, {} where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def messages(value: Json, name: str) -> list[Json]:
    """Return the objects of a list, [] where there is none."""
    found = value.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def text(value: Json, name: str) -> str:
    """Return a text, "" where there is none."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def only(value: Json, names: Container[str]) -> Json:
    """Copy an object with these fields alone."""
    return {name: item for name, item in value.items() if name in names}


def without(value: Json, names: Container[str]) -> Json:
    """Copy an object without these fields."""
    return {name: item for name, item in value.items() if name not in names}


def typed(type_name: str, **fields: object) -> Json:
    """Make an `Any`."""
    return {"@type": TYPE_PREFIX + type_name, **fields}


def type_of(value: Json) -> str:
    """Return the full type name of an `Any`, "" without one."""
    return text(value, "@type").rpartition("/")[2]


def nested(value: object) -> Iterator[Json]:
    """Yield every object within a value, itself first."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from nested(item)
    elif isinstance(value, list):
        for item in value:
            yield from nested(item)

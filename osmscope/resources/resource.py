"""The base of all typed Envoy objects, and how their JSON becomes one.

Every Envoy message is a frozen `msgspec.Struct` with Envoy's own field names. A field that is
neither declared nor listed in `inert` is not understood: `unknown_fields` names it, so that an
answer which rests on that object can say so instead of staying silent.
"""

import functools
import typing
from collections.abc import Iterator
from typing import ClassVar, TypeVar

import msgspec

from osmscope.errors import DumpError

Json = object
"""A decoded JSON value whose shape is the user's own (metadata)."""
ResourceT = TypeVar("ResourceT", bound="Resource")


class Resource(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One Envoy message, with Envoy's field names; what is absent has Envoy's default.

    Messages hold no cycles: they need no garbage collector, and big dumps hold very many.
    """

    inert: ClassVar[frozenset[str]] = frozenset()
    """Fields of Envoy that decide nothing here (statistics, logging, buffers, …)."""


class Opaque(Resource, frozen=True):
    """A message whose fields decide nothing: only its presence counts."""

    inert: ClassVar[frozenset[str]] = frozenset({"*"})


@functools.cache
def _decoder(resource_type: type[ResourceT]) -> msgspec.json.Decoder[ResourceT]:
    # Envoy prints 64-bit integers as strings: not strict.
    return msgspec.json.Decoder(resource_type, strict=False)


def decode(resource_type: type[ResourceT], body: msgspec.Raw | bytes, where: str) -> ResourceT:
    """Decode a resource's JSON.

    Args:
        resource_type: The message to read it as.
        body: Its JSON, in snake_case.
        where: What it is, for the error: "cluster 'a'".

    Raises:
        DumpError: A field has a type that Envoy never writes.
    """
    try:
        resource: ResourceT = _decoder(resource_type).decode(body)
        return resource
    except msgspec.MsgspecError as error:
        raise DumpError(
            f"{where} cannot be read as Envoy's {resource_type.__name__}: {error}",
            hint="check that the file is what Envoy's admin interface printed",
        ) from error


StructT = TypeVar("StructT", bound=msgspec.Struct)


def converted(kind: type[StructT], value: Json, where: str) -> StructT:
    """Read a value that was left as it is in the dump; raises as `decode`."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise DumpError(
            f"{where} cannot be read: {error}",
            hint="check that the file is what Envoy's admin interface printed",
        ) from error


class _Held(msgspec.Struct, frozen=True):
    """What kind of message a field holds: one, a list, or a map with keys of the user's."""

    kind: type[Resource]
    is_map: bool


def unknown_fields(resource_type: type[Resource], body: msgspec.Raw | bytes) -> list[str]:
    """Name the fields of a resource that osmscope does not know, as dotted paths."""
    return list(_unknown(resource_type, msgspec.json.decode(body), ""))


def _unknown(kind: type[Resource], value: Json, path: str) -> Iterator[str]:
    if not isinstance(value, dict) or "*" in kind.inert:
        return
    known = _field_types(kind)
    for name, inner in value.items():
        if name in known:
            yield from _unknown_value(known[name], inner, f"{path}{name}")
        elif name not in kind.inert and name != "@type":
            yield f"{path}{name}"


def _unknown_value(held: _Held | None, value: Json, path: str) -> Iterator[str]:
    if held is None:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(held.kind, item, f"{path}[{index}].")
    elif isinstance(value, dict) and held.is_map:
        for key, item in value.items():
            yield from _unknown(held.kind, item, f"{path}[{key!r}].")
    else:
        yield from _unknown(held.kind, value, f"{path}.")


@functools.cache
def _field_types(kind: type[Resource]) -> dict[str, _Held | None]:
    hints = typing.get_type_hints(kind)
    return {
        field.encode_name: _held_by(hints[field.name]) for field in msgspec.structs.fields(kind)
    }


def _held_by(hint: object) -> _Held | None:
    if isinstance(hint, type) and issubclass(hint, Resource):
        return _Held(hint, is_map=False)
    for argument in typing.get_args(hint):
        if found := _held_by(argument):
            return _Held(found.kind, found.is_map or typing.get_origin(hint) is dict)
    return None

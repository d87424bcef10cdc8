"""Extensions: a name and an `Any`, decoded by its type.

Since Envoy 1.22 an extension is what the `@type` of its `typed_config` says and its name is a
free label; older dumps may give a name alone. A type that is not registered here is not an
error: it becomes an `Unsupported`, which the rules turn into a named assumption.
"""

import functools
from collections.abc import Callable
from typing import TypeVar

import msgspec

from osmscope.errors import DumpError
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.resource import Resource, decode

ResourceT = TypeVar("ResourceT", bound=type[Resource])

_BY_TYPE: dict[str, type[Resource]] = {}
_BY_NAME: dict[str, type[Resource]] = {}


class Unsupported(Resource, frozen=True):
    """An extension of a type that osmscope does not model."""

    type_name: str = ""
    """The type's full name without `type.googleapis.com/`, or the extension's name."""


class _Typed(msgspec.Struct):
    type_url: str = msgspec.field(name="@type", default="")
    inner_type: str = msgspec.field(name="type_url", default="")
    value: msgspec.Raw = msgspec.Raw(b"")


def extension(*type_names: str, name: str = "") -> Callable[[ResourceT], ResourceT]:
    """Register the class below as what an `Any` of these types holds.

    Args:
        type_names: Full protobuf names, the newest first.
        name: The well-known extension name that stands for the type where a dump has no `@type`;
            several are separated by blanks.
    """

    def register(resource_type: ResourceT) -> ResourceT:
        for type_name in type_names:
            _BY_TYPE[type_name] = resource_type
        for alias in name.split():
            _BY_NAME[alias] = resource_type
        return resource_type

    return register


def supported_types() -> tuple[str, ...]:
    """List the `@type`s of all extensions that are modelled, sorted."""
    return tuple(sorted(_BY_TYPE))


def type_named(name: str) -> str:
    """Return the one `@type` that a well-known extension name stands for, "" where none does."""
    resource_type = _BY_NAME.get(name)
    return next((url for url, found in _BY_TYPE.items() if found is resource_type), "")


def type_name(body: msgspec.Raw | bytes) -> str:
    """Return the full name in an `Any`'s `@type` (TypedStruct unwrapped), "" without one."""
    return _opened(body)[0]


def _opened(body: msgspec.Raw | bytes) -> tuple[str, msgspec.Raw | bytes]:
    """Return an `Any`'s type and its fields, those of the wrapped message of a TypedStruct."""
    if not bytes(body):
        return "", b""
    typed = _typed(body)
    if typed.type_url.endswith(".TypedStruct"):
        return typed.inner_type.rpartition("/")[2], typed.value
    return typed.type_url.rpartition("/")[2], body


def _typed(body: msgspec.Raw | bytes) -> _Typed:
    try:
        return msgspec.json.decode(body, type=_Typed)
    except msgspec.MsgspecError as error:
        raise DumpError(f"an extension's configuration cannot be read: {error}") from error


def decode_any(body: msgspec.Raw | bytes, *, name: str = "", where: str = "") -> Resource:
    """Decode an `Any`; `Unsupported` for a type that is not modelled.

    Args:
        body: The `Any`'s JSON, or nothing.
        name: The extension's name, used only where the dump gives no `@type`.
        where: What it is, for an error.

    Raises:
        DumpError: A field has a type that Envoy never writes.
    """
    full_name, content = _opened(body)
    resource_type = _BY_TYPE.get(full_name) if full_name else _BY_NAME.get(name)
    if resource_type is None:
        return Unsupported(type_name=full_name or name)
    return decode(resource_type, content, where or full_name) if content else resource_type()


def content_of(body: msgspec.Raw | bytes) -> msgspec.Raw | bytes:
    """Return an `Any`'s fields: those of the wrapped message where it is a TypedStruct."""
    return _opened(body)[1]


@functools.lru_cache(maxsize=4096)
def _decode_cached(body: bytes, name: str) -> Resource:
    return decode_any(body, name=name)


def decode_extension(config: TypedExtensionConfig) -> Resource:
    """Decode an extension's configuration; equal configurations are decoded once.

    Raises:
        DumpError: A field has a type that Envoy never writes.
    """
    return _decode_cached(bytes(config.typed_config) or bytes(config.config), config.name)

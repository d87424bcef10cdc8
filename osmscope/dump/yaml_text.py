"""YAML as JSON, for dumps that were printed with `-o yaml`.

Decision: only YAML that JSON could say. Words, dates and numbers with colons stay text, as every
writer of Envoy's YAML means them, and aliases are refused: no dump has them, and a few lines of
them can stand for terabytes.
"""

import re
from collections.abc import Hashable
from typing import TYPE_CHECKING

import msgspec
import yaml

from osmscope.dump import text
from osmscope.errors import DumpError

if TYPE_CHECKING:
    from yaml import SafeLoader as FastLoader
else:
    FastLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAXIMUM_SIZE = 32 << 20
MAXIMUM_DEPTH = 200


class _Loader(FastLoader):
    """A safe loader that knows JSON's scalars only."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


_SCALARS: tuple[tuple[str, str, str], ...] = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", "-0123456789"),
)
for _tag, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(f"(?:{_pattern})\\Z"),
        ["" if char == "\0" else char for char in _first],
    )


def json_of_yaml(document: bytes | memoryview, *, where: str) -> bytes:
    """Convert a YAML document to JSON.

    Raises:
        DumpError: The text is not YAML, is not an object or a list, or is too large for YAML.
    """
    if len(document) > MAXIMUM_SIZE:
        raise DumpError(
            f"not JSON, and too large to be read as YAML ({len(document)} bytes)",
            where=where,
            hint="convert it to JSON first, with yq -o json",
        )
    try:
        value = yaml_value(bytes(document), where=where)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise _refused(bytes(document), error, where) from None
    if not isinstance(value, dict | list):
        raise _refused(bytes(document), None, where)
    return msgspec.json.encode(_json_keys(value))


def yaml_value(document: bytes, *, where: str) -> object:
    """Load a YAML document, as JSON would say it but for the keys of objects.

    Raises:
        yaml.YAMLError, ValueError, TypeError, RecursionError: The text is not YAML.
        DumpError: It has aliases, or is nested too deeply.
    """
    content = document.decode()
    _refuse_bombs(content, where)
    return yaml.load(content, Loader=_Loader)  # a SafeLoader


def _refuse_bombs(content: str, where: str) -> None:
    """Refuse aliases and deep nesting before anything is built of them."""
    depth = 0
    for event in yaml.parse(content, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise DumpError("YAML with aliases", where=where, hint="convert it to JSON first")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAXIMUM_DEPTH:
            raise DumpError(
                f"YAML nested deeper than {MAXIMUM_DEPTH} levels",
                where=where,
                hint=text.EXPECTED,
            )


def _json_keys(value: object) -> object:
    """The same value with keys that are text: `80:` is a number to YAML."""
    if isinstance(value, dict):
        return {_key(key): _json_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json_keys(item) for item in value]
    return value


def _key(key: Hashable) -> str:
    if isinstance(key, str):
        return key
    return msgspec.json.encode(key).decode()


def _refused(document: bytes, error: Exception | None, where: str) -> DumpError:
    line = ""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        line = f", and as YAML wrong at line {error.problem_mark.line + 1}"
    return DumpError(
        f"not a config dump: it starts with {text.shown(document)!r}{line}",
        where=where,
        hint=text.EXPECTED,
    )

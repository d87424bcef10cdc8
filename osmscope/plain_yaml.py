"""YAML as the values that JSON could say.

Decision: words, dates and numbers with colons stay text, as every writer of Envoy's and of
Kubernetes' YAML means them, and aliases are refused: nothing that is read here has them, and a few
lines of them can stand for terabytes.
"""

import re
from collections.abc import Hashable
from typing import TYPE_CHECKING

import msgspec
import yaml

from osmscope.errors import DumpError

if TYPE_CHECKING:
    from yaml import SafeLoader as FastLoader
else:
    FastLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAXIMUM_DEPTH = 200
UNREADABLE = (yaml.YAMLError, ValueError, TypeError, RecursionError)
"""What `yaml_value` raises where the text is not YAML."""


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


def yaml_value(document: bytes, *, where: str) -> object:
    """Load a YAML document, as JSON would say it but for the keys of objects.

    Raises:
        UNREADABLE: The text is not YAML.
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
                hint="convert it to JSON first",
            )


def json_keys(value: object) -> object:
    """Return the same value with keys that are text: `80:` is a number to YAML."""
    if isinstance(value, dict):
        return {_key(key): json_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [json_keys(item) for item in value]
    return value


def _key(key: Hashable) -> str:
    if isinstance(key, str):
        return key
    return msgspec.json.encode(key).decode()

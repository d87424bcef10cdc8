"""YAML as JSON, for dumps that were printed with `-o yaml`."""

import msgspec
import yaml

from osmscope.dump import text
from osmscope.errors import DumpError
from osmscope.plain_yaml import UNREADABLE, json_keys, yaml_value

MAXIMUM_SIZE = 32 << 20


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
    except UNREADABLE as error:
        raise _refused(bytes(document), error, where) from None
    if not isinstance(value, dict | list):
        raise _refused(bytes(document), None, where)
    return msgspec.json.encode(json_keys(value))


def _refused(document: bytes, error: Exception | None, where: str) -> DumpError:
    line = ""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        line = f", and as YAML wrong at line {error.problem_mark.line + 1}"
    return DumpError(
        f"not a config dump: it starts with {text.shown(document)!r}{line}",
        where=where,
        hint=text.EXPECTED,
    )

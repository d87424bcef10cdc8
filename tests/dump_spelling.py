"""How Go's protojson spells a dump: independent of how osmscope reads it."""

import re

DATA = frozenset({"filter_metadata", "json_format", "metadata", "static_layer"})
MAPS = frozenset({"typed_per_filter_config", "typed_extension_protocol_options", "policies"})


def camel_case_dump(value: object) -> object:
    """Write the names of fields in lowerCamelCase; keys of maps and data stay."""
    if isinstance(value, list):
        return [camel_case_dump(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {_camel(key): _member(key, item) for key, item in value.items()}


def _member(key: str, value: object) -> object:
    if key in DATA and not (isinstance(value, dict) and "filter_metadata" in value):
        return value
    if key in MAPS and isinstance(value, dict):
        return {name: camel_case_dump(item) for name, item in value.items()}
    return camel_case_dump(value)


def _camel(name: str) -> str:
    return re.sub("_([a-z0-9])", lambda found: found[1].upper(), name)

"""Envoy's client status (CSDS) read as the sections of a config dump.

Decision: a ClientConfig holds what ConfigDump holds, sorted otherwise. It is rewritten into
ConfigDump's sections, so that there is one reader. `client_status` is the client's own word and
goes along; `is_static_resource` decides between static and active.
"""

import msgspec

from osmscope.dump.entries import FORMS, NOTHING
from osmscope.dump.gaps import Gap
from osmscope.dump.shapes import RESOURCES, STATIC_FIELDS, short_type
from osmscope.dump.text import Text, decode, opens


class _GenericXdsConfig(msgspec.Struct):
    type_url: str = ""
    name: str = ""
    version_info: str = ""
    xds_config: msgspec.Raw = NOTHING
    last_updated: str = ""
    client_status: str = ""
    error_state: msgspec.Raw = NOTHING
    is_static_resource: bool = False


class _ClientConfig(msgspec.Struct):
    generic_xds_configs: list[_GenericXdsConfig] = []
    xds_config: list[dict[str, msgspec.Raw]] = []


def sections_of_client_config(
    text: Text, *, where: str, gaps: list[Gap]
) -> dict[str, list[msgspec.Raw]]:
    """The entries of a ClientConfig, by the section field they would stand in.

    Args:
        text: The ClientConfig.
        where: The place it comes from, for errors.
        gaps: Is told of resources of unknown type.

    Raises:
        DumpError: The text is no ClientConfig.
    """
    config = decode(text, _ClientConfig, where=where)
    fields: dict[str, list[msgspec.Raw]] = {}
    for index, generic in enumerate(config.generic_xds_configs):
        field = RESOURCES.get(short_type(generic.type_url))
        if field is None:
            path = f"generic_xds_configs[{index}]"
            gaps.append(Gap(path, f"resource of unknown type {generic.type_url}"))
            continue
        if generic.is_static_resource:
            field = STATIC_FIELDS[field]
        fields.setdefault(field, []).append(_entry(field, generic))
    for status in config.xds_config:
        for section in status.values():
            _add_section(section, fields)
    return fields


def _entry(field: str, generic: _GenericXdsConfig) -> msgspec.Raw:
    body = FORMS[field].body
    held: dict[str, object] = {
        "version_info": generic.version_info,
        "last_updated": generic.last_updated,
    }
    if generic.xds_config:
        held[body] = generic.xds_config
    entry: dict[str, object] = {"name": generic.name, "client_status": generic.client_status}
    if generic.error_state:
        entry["error_state"] = generic.error_state
    if field != "dynamic_listeners":
        entry |= held
    elif generic.xds_config:
        entry["active_state"] = held
    return msgspec.Raw(msgspec.json.encode(entry))


def _add_section(section: msgspec.Raw, fields: dict[str, list[msgspec.Raw]]) -> None:
    """Add a section of PerXdsConfig, the older form; its other fields are plain words."""
    if not opens(section, b"{"):
        return
    for key, value in msgspec.json.decode(section, type=dict[str, msgspec.Raw]).items():
        if key in FORMS:
            fields.setdefault(key, []).extend(msgspec.json.decode(value, type=list[msgspec.Raw]))

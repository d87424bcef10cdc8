"""Filters whose configuration is delivered apart from them (ECDS).

Decision: what was delivered counts, else the default; where the dump has no section that would show
a delivery, the filter is one of an unknown type, which the rules then name in an assumption.
"""

import msgspec

from osmscope.resources.http_connection_manager import HttpFilter
from osmscope.resources.listener import ListenerFilter, NetworkFilter
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.proxy import Proxy

_UNKNOWN = b'{"@type":"its configuration, delivered by ECDS, is not in the dump"}'


def discovered(
    proxy: Proxy, entry: HttpFilter | NetworkFilter | ListenerFilter
) -> TypedExtensionConfig | None:
    """Return the configuration that a filter with `config_discovery` has.

    Args:
        proxy: The sidecar's resources.
        entry: The filter.

    Returns:
        The configuration; None where none was delivered and there is no default.

    Raises:
        DumpError: What was delivered cannot be read.
    """
    delivered = proxy.discovered_filter(entry.name)
    if delivered is not None:
        return delivered
    if not proxy.dump.has("ecds_filter"):
        return TypedExtensionConfig(name=entry.name, typed_config=msgspec.Raw(_UNKNOWN))
    discovery = entry.config_discovery
    default = discovery.get("default_config") if isinstance(discovery, dict) else None
    if default is None:
        return None
    body = msgspec.Raw(msgspec.json.encode(default))
    return TypedExtensionConfig(name=entry.name, typed_config=body)

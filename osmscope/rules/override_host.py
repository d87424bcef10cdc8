"""The hosts that a request names by itself (the policy `override_host`).

What Envoy does: each source, a header or dynamic metadata, may give a list of addresses, separated
by commas; one list follows the other. The first address that is one of the cluster's hosts is
taken, whatever its health; if none is, the fallback policy picks. Checked against Envoy 1.40.0.
Not modelled: retries, which take the next address of the list.
"""

from collections.abc import Sequence

import msgspec

from osmscope.resources.load_balancing import OverrideHostSource
from osmscope.resources.matcher import PathSegment
from osmscope.resources.resource import converted
from osmscope.rules.facts import Request
from osmscope.rules.metadata import metadata_value


class _MetadataKey(msgspec.Struct, frozen=True):
    key: str = ""
    path: tuple[PathSegment, ...] = ()


def override_addresses(sources: Sequence[OverrideHostSource], request: Request) -> tuple[str, ...]:
    """List the addresses that a request asks for, the first choice first.

    Args:
        sources: The `override_host_sources` of the policy.
        request: The request, as it is forwarded.
    """
    addresses: list[str] = []
    for source in sources:
        text = request.headers.first(source.header) if source.header else _metadata(source, request)
        if isinstance(text, str):
            addresses += (part.strip() for part in text.split(",") if part.strip())
    return tuple(addresses)


def _metadata(source: OverrideHostSource, request: Request) -> object:
    if source.metadata is None:
        return None
    key = converted(_MetadataKey, source.metadata, "the metadata key of an override host")
    return metadata_value(request.metadata, key.key, key.path)

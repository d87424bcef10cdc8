"""The configurations of HTTP filters, by family; importing this registers all their types."""

from osmscope.resources.http_filters import (
    authentication,
    custom_code,
    gateway,
    header,
    limits,
    response,
    router,
    traffic,
)

__all__ = [
    "authentication",
    "custom_code",
    "gateway",
    "header",
    "limits",
    "response",
    "router",
    "traffic",
]

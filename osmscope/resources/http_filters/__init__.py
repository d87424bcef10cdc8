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
from osmscope.resources.http_filters.router import Router

__all__ = [
    "Router",
    "authentication",
    "custom_code",
    "gateway",
    "header",
    "limits",
    "response",
    "router",
    "traffic",
]

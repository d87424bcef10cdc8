"""Fixed identifiers: where Kubernetes would draw one, ours follows from the object's name."""

from __future__ import annotations

import uuid

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "bookstore.osmscope")


def uuid_of(what: str) -> str:
    """The same identifier for the same words, in every run."""
    return str(uuid.uuid5(_NAMESPACE, what))


def file_name(resource: str) -> str:
    """A resource name as a file name: ``service-cert:a/b`` becomes ``service-cert_a_b``."""
    return "".join(c if c.isalnum() or c in "-." else "_" for c in resource)

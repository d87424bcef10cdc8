"""Lists of Kubernetes objects, as a capture keeps them: what a trace reads, without secrets.

Decision: an object is kept as the API server gave it, but for what a container's environment holds,
for what tools note in annotations and managed fields, and for what looks like a credential.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from osmscope.source.kubernetes_api import ENDPOINT_SLICES, PODS, SERVICES, Kind
from osmscope.source.redact import Json, redact_tree

LISTS: dict[str, tuple[Kind, ...]] = {
    "pods.json": (PODS,),
    "services.json": (SERVICES,),
    "endpointslices.json": (ENDPOINT_SLICES,),
    "mesh-configs.json": (
        Kind("/apis/config.openservicemesh.io/v1alpha2", "meshconfigs"),
        Kind("/apis/config.openservicemesh.io/v1alpha1", "meshconfigs"),
    ),
    "traffic-splits.json": tuple(
        Kind(f"/apis/split.smi-spec.io/{version}", "trafficsplits")
        for version in ("v1alpha2", "v1alpha4", "v1alpha3")
    ),
    "traffic-targets.json": tuple(
        Kind(f"/apis/access.smi-spec.io/{version}", "traffictargets")
        for version in ("v1alpha3", "v1alpha2")
    ),
    "http-route-groups.json": tuple(
        Kind(f"/apis/specs.smi-spec.io/{version}", "httproutegroups")
        for version in ("v1alpha4", "v1alpha3")
    ),
    "tcp-routes.json": tuple(
        Kind(f"/apis/specs.smi-spec.io/{version}", "tcproutes")
        for version in ("v1alpha4", "v1alpha3")
    ),
    **{
        f"{name}.json": (Kind("/apis/policy.openservicemesh.io/v1alpha1", plural),)
        for name, plural in (
            ("egresses", "egresses"),
            ("ingress-backends", "ingressbackends"),
            ("retries", "retries"),
            ("upstream-traffic-settings", "upstreamtrafficsettings"),
        )
    },
}
"""The file of each list, and the kinds that it may be of, the first that is served."""

_NOTES_OF_TOOLS = ("kubectl.kubernetes.io/last-applied-configuration",)


class _Page(msgspec.Struct):
    items: list[msgspec.Raw] | None = None


def items_of(page: bytes) -> list[msgspec.Raw]:
    """Return the objects of a page of a list.

    Raises:
        msgspec.DecodeError: It is none.
    """
    return msgspec.json.decode(page, type=_Page).items or []


def list_document(items: Iterable[msgspec.Raw], *, redacts: bool) -> Iterator[bytes]:
    """Write a List, object by object.

    Args:
        items: The objects.
        redacts: Whether secrets are left out.

    Raises:
        msgspec.DecodeError: One is no object.
    """
    yield b'{"apiVersion":"v1","kind":"List","items":['
    for index, item in enumerate(items):
        yield b",\n" if index else b"\n"
        yield msgspec.json.encode(_without_secrets(item)) if redacts else bytes(item)
    yield b"\n]}\n"


def _without_secrets(item: msgspec.Raw) -> Json:
    value: dict[str, Json] = msgspec.json.decode(item, type=dict)
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            for name in _NOTES_OF_TOOLS:
                annotations.pop(name, None)
    return redact_tree(value)[0]

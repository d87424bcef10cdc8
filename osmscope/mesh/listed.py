"""Lists in annotations, and what every mesh says of pods in the host's network."""

from __future__ import annotations

from collections.abc import Iterator

from osmscope.rules.interception import Listed, Redirection
from osmscope.source.pod_spec import PodSpec


def listed(pod: PodSpec, annotation: str) -> Iterator[Listed]:
    """List the entries of an annotation, separated by commas."""
    yield from entries(pod.annotations.get(annotation, ""), f"the annotation {annotation}")


def entries(text: str, by: str) -> Iterator[Listed]:
    """List the entries of a text, separated by commas."""
    for part in text.split(","):
        if part.strip():
            yield Listed(part.strip(), by)


def host_network() -> Redirection:
    """Return what holds for a pod in its host's network: no mesh puts rules there."""
    return Redirection(never="the pod is in its host's network, where nothing is redirected")

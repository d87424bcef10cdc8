"""Mirrors: copies of a request that Envoy sends elsewhere, whose answers nobody sees.

What Envoy does: of the cluster, the route, the virtual host and the route configuration, the most
specific one that has any `request_mirror_policies` counts alone. A copy carries the request as it
is forwarded, with `-shadow` after the name in its host, or with a host of its own. Whether it is
made is decided by the request's one random number, which also chose route and cluster. CONNECT is
not mirrored; a mirror to a cluster that does not exist is nothing. Checked against Envoy 1.40.0.
Not modelled: what the copy's own header changes do.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import msgspec

from osmscope.resources.cluster import Cluster, http_protocol_options
from osmscope.resources.route_policies import RequestMirrorPolicy
from osmscope.rules.facts import Headers
from osmscope.rules.runtime_fraction import draw
from osmscope.rules.stream_random import Drawn, likelihood, narrowed
from osmscope.rules.upstream_request import Forwarding


class Mirror(msgspec.Struct, frozen=True, kw_only=True):
    """One copy."""

    cluster: str
    """"" where a header that should name it is absent."""
    probability: Fraction
    """How likely it is made, for a request that goes this way."""
    host: str
    source: str
    """Whose policy it is."""
    changes_headers: bool = False


def mirrors(
    forwarding: Forwarding,
    cluster: Cluster,
    sent: Headers,
    runtime: Mapping[str, object],
    drawn: Drawn = (),
) -> tuple[Mirror, ...]:
    """List the copies of a request.

    Args:
        forwarding: What decides how it is forwarded.
        cluster: Its cluster.
        sent: Its headers as the endpoint receives them.
        runtime: Runtime keys that are set.
        drawn: What is known of its random number.
    """
    if sent.first(":method") == "CONNECT":
        return ()
    policies, source = _policies(forwarding, cluster)
    headers = forwarding.context.request.headers
    found = (
        Mirror(
            cluster=policy.cluster or headers.first(policy.cluster_header) or "",
            probability=_probability(policy, runtime, drawn),
            host=_host(policy, sent.first(":authority") or ""),
            source=source,
            changes_headers=bool(policy.request_headers_mutations),
        )
        for policy in policies
    )
    return tuple(mirror for mirror in found if mirror.probability)


def _policies(
    forwarding: Forwarding, cluster: Cluster
) -> tuple[tuple[RequestMirrorPolicy, ...], str]:
    options = http_protocol_options(cluster)
    for policies, source in (
        (options.request_mirror_policies if options is not None else (), "the cluster"),
        (forwarding.action.request_mirror_policies, "the route"),
        (forwarding.virtual_host.request_mirror_policies, "the virtual host"),
        (forwarding.route_configuration.request_mirror_policies, "the route configuration"),
    ):
        if policies:
            return policies, source
    return (), ""


def _probability(
    policy: RequestMirrorPolicy, runtime: Mapping[str, object], drawn: Drawn
) -> Fraction:
    if policy.runtime_fraction is None:
        return Fraction(1)
    return likelihood(narrowed(drawn, draw(policy.runtime_fraction, runtime)), drawn)


def _host(policy: RequestMirrorPolicy, host: str) -> str:
    if policy.host_rewrite_literal:
        return policy.host_rewrite_literal
    if policy.disable_shadow_host_suffix_append:
        return host
    end = host.rfind(":")
    if end < 0 or "]" in host[end:]:
        return f"{host}-shadow"
    return f"{host[:end]}-shadow{host[end:]}"

"""Clusters that an extension chooses.

What Envoy does: the `matcher` extension puts the request to a matcher, whose action names the
cluster; where it leads to nothing the name is empty, and so no cluster is found.
Checked against Envoy 1.40.0. Not modelled: all other extensions; what they choose is unknown.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.cluster_specifier import ClusterAction, MatcherClusterSpecifier
from osmscope.resources.extension import decode_extension
from osmscope.resources.route import ClusterSpecifierPlugin
from osmscope.rules.facts import Request
from osmscope.rules.matcher_tree import MatcherInputs, evaluate


class SpecifiedCluster(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster that a plugin chooses."""

    name: str = ""
    reason: str = ""
    missing: str = ""
    """The fact that is missing to tell, as a noun."""


def specify_cluster(plugin: ClusterSpecifierPlugin, request: Request) -> SpecifiedCluster:
    """Tell the cluster that a plugin chooses for a request.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    label = f'the cluster specifier plugin "{plugin.extension.name}"'
    config = decode_extension(plugin.extension)
    if not isinstance(config, MatcherClusterSpecifier):
        return SpecifiedCluster(missing=f"the cluster that {label} chooses")
    inputs = MatcherInputs(connection=request.connection, request=request)
    result = evaluate(config.cluster_matcher, inputs)
    if result.missing:
        return SpecifiedCluster(missing=result.missing)
    if result.action is None:
        return SpecifiedCluster(reason=f"{label} leads to no cluster")
    action = decode_extension(result.action)
    if not isinstance(action, ClusterAction):
        return SpecifiedCluster(missing=f"the cluster that {label} chooses")
    return SpecifiedCluster(name=action.cluster, reason=f"{label} names it")

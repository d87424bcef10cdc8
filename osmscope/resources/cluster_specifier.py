"""The cluster specifier plugin that is a matcher."""

from osmscope.resources.extension import extension
from osmscope.resources.matcher import Matcher
from osmscope.resources.resource import Resource

_MATCHER = "envoy.extensions.router.cluster_specifiers.matcher.v3"


@extension(f"{_MATCHER}.MatcherClusterSpecifier")
class MatcherClusterSpecifier(Resource, frozen=True):
    """A matcher that leads to a cluster."""

    cluster_matcher: Matcher = Matcher()


@extension(f"{_MATCHER}.ClusterAction")
class ClusterAction(Resource, frozen=True):
    """The cluster that a matcher leads to."""

    cluster: str = ""

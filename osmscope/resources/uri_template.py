"""Path templates of routes: what a path has to look like, and what it becomes."""

from osmscope.resources.extension import extension
from osmscope.resources.resource import Resource


@extension("envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig")
class UriTemplateMatchConfig(Resource, frozen=True):
    """A template that a path has to fit."""

    path_template: str = ""


@extension("envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig")
class UriTemplateRewriteConfig(Resource, frozen=True):
    """A template that makes a path of another template's variables."""

    path_template_rewrite: str = ""

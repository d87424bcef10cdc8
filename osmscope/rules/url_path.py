"""Path matchers.

What Envoy does: the string matcher is put to `:path` up to its first `?` or `#`; a request
without `:path` (CONNECT) does not match. Where the route configuration says so, path parameters
are ignored.
Checked against Envoy 1.40.0.
"""

from osmscope.resources.matcher import PathMatcher, StringMatcher
from osmscope.rules.facts import Request
from osmscope.rules.path_parameters import without_path_parameters
from osmscope.rules.result import Match, missed
from osmscope.rules.string_matcher import match_string


def match_url_path(
    matcher: PathMatcher, request: Request, *, ignore_path_parameters: bool = False
) -> Match:
    """Put a request's path to a path matcher.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    path = request.path_without_query
    if not path and ":path" not in request.headers:
        return missed("the request has no path", "path")
    if ignore_path_parameters:
        path = without_path_parameters(path)
    return match_string(matcher.path or StringMatcher(), path, "path").within("path")

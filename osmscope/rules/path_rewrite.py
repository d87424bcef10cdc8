"""What a route makes of the path.

What Envoy does: `prefix_rewrite` replaces what the route's match consumed: its prefix, the whole
path (without the query) for an exact path, an expression or a template. `regex_rewrite` replaces
every occurrence in the path, `path_rewrite_policy` fills a template with the variables of the
match, `path_rewrite` is a format string; the query is kept. A result that is empty leaves the path
alone, and so does a prefix that the path does not start with, because path parameters were
ignored in the comparison. Whoever rewrites leaves `x-envoy-original-path`, even if nothing changed.
Checked against Envoy 1.40.0. Not modelled: `path_rewrite_policy` of other types.
"""

from __future__ import annotations

import string

import msgspec

from osmscope.resources.extension import decode_extension
from osmscope.resources.matcher import RegexMatchAndSubstitute, TypedExtensionConfig
from osmscope.resources.route import Route, RouteMatch
from osmscope.resources.uri_template import UriTemplateMatchConfig, UriTemplateRewriteConfig
from osmscope.rules.regular_expression import replace_all
from osmscope.rules.substitution_format import FormatContext, format_text
from osmscope.rules.uri_template import rewrite_by_template

_FOLD = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class PathRewrite(msgspec.Struct, frozen=True):
    """The path that the endpoint receives."""

    path: str
    """With its query."""
    rewritten: bool = False
    """Whether a rewrite was made, and so leaves `x-envoy-original-path`."""
    missing: tuple[str, ...] = ()
    """What is missing to tell the path exactly."""


def rewrite_path(route: Route, path: str, context: FormatContext) -> PathRewrite:
    """Rewrite the path of a request that is forwarded.

    Args:
        route: The route; one that does not forward rewrites nothing.
        path: The path with its query.
        context: What a format string can speak of.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    action = route.route
    if action is None:
        return PathRewrite(path)
    missing: tuple[str, ...] = ()
    rewritten: str | None = None
    if action.prefix_rewrite:
        rewritten = replace_consumed(route.match, path, action.prefix_rewrite)
    elif action.regex_rewrite is not None:
        rewritten = replace_by_expression(action.regex_rewrite, path)
    elif action.path_rewrite_policy is not None:
        rewritten, missing = _by_template(route.match, path, action.path_rewrite_policy)
    elif action.path_rewrite:
        formatted = format_text(action.path_rewrite, context)
        rewritten, missing = with_query_of(path, formatted.text), formatted.missing
    return PathRewrite(path if rewritten is None else rewritten, rewritten is not None, missing)


def replace_consumed(match: RouteMatch, path: str, replacement: str) -> str | None:
    """Put a text in the place of what a match consumed of a path; None where nothing changes."""
    consumed = _consumed(match)
    if consumed is None:
        return with_query_of(path, replacement)
    start = path[: len(consumed)]
    if match.case_sensitive is False:
        start, consumed = start.translate(_FOLD), consumed.translate(_FOLD)
    return replacement + path[len(consumed) :] if start == consumed else None


def replace_by_expression(rewrite: RegexMatchAndSubstitute, path: str) -> str | None:
    """Replace every occurrence in a path, its query left alone; None where nothing remains."""
    path_alone = path.partition("?")[0]
    return with_query_of(path, replace_all(rewrite.pattern.regex, rewrite.substitution, path_alone))


def with_query_of(path: str, replacement: str) -> str | None:
    """Put another path before a path's query; None where the other is empty."""
    _, question_mark, query = path.partition("?")
    return f"{replacement}{question_mark}{query}" if replacement else None


def _consumed(match: RouteMatch) -> str | None:
    """Return the text that a path starts with where it fits; None for the whole path."""
    for text in (match.prefix, match.path_separated_prefix, match.path):
        if text is not None:
            return text
    return None


def _by_template(
    match: RouteMatch, path: str, policy: TypedExtensionConfig
) -> tuple[str | None, tuple[str, ...]]:
    rewrite = decode_extension(policy)
    matcher = decode_extension(match.path_match_policy) if match.path_match_policy else None
    if not isinstance(rewrite, UriTemplateRewriteConfig) or not isinstance(
        matcher, UriTemplateMatchConfig
    ):
        return None, (f'what the path rewriter "{policy.name}" makes of the path',)
    path_alone = path.partition("?")[0]
    text = rewrite_by_template(matcher.path_template, rewrite.path_template_rewrite, path_alone)
    return with_query_of(path, text), ()

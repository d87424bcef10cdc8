"""The path condition of a route.

What Envoy does: it compares the path without its query, by `prefix`, `path`, `safe_regex` (which
has to fit the whole path), `path_separated_prefix` (the prefix alone, or followed by a slash) or a
template. `case_sensitive: false` folds ASCII letters for all but expressions and templates. A
CONNECT request without a path fits a `connect_matcher` alone. With
`ignore_path_parameters_in_path_matching`, `;` and what follows is dropped from each segment before
the comparison, but not for templates.
Checked against Envoy 1.40.0. Not modelled: `path_match_policy` of other types, which is unknown.
"""

from __future__ import annotations

import re
import string

from osmscope.resources.extension import decode_extension
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.route import RouteMatch
from osmscope.resources.uri_template import UriTemplateMatchConfig
from osmscope.rules.facts import Request
from osmscope.rules.path_parameters import without_path_parameters
from osmscope.rules.regular_expression import full_match
from osmscope.rules.result import MATCH, Match, decided, missed, unknown
from osmscope.rules.uri_template import fits_template

_FOLD = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_PARAMETERS = re.compile(r";[^/]*")


def match_path(match: RouteMatch, request: Request, ignore_path_parameters: bool) -> Match:
    """Put a request's path to the path condition of a route.

    Args:
        match: The route's conditions.
        request: The request.
        ignore_path_parameters: What the route table says of path parameters.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    if match.connect_matcher is not None:
        return _match_connect(request)
    if ":path" not in request.headers:
        return missed("a request without a path fits a connect_matcher alone", "connect_matcher")
    path = request.path_without_query
    if match.path_match_policy is not None:
        return _match_template(match.path_match_policy, path)
    if ignore_path_parameters:
        path = without_path_parameters(path)
    if match.safe_regex is not None:
        regex = match.safe_regex.regex
        verb = "fits" if (fits := full_match(regex, path)) else "does not fit"
        return decided(fits, f'path "{path}" {verb} the expression "{regex}"', "safe_regex")
    return _match_literal(match, path)


def _match_connect(request: Request) -> Match:
    upgrade = request.headers.first("upgrade") or ""
    fits = request.method == "CONNECT" or upgrade.lower() == "connect-udp"
    verb = "is" if fits else "is not"
    return decided(fits, f"a {request.method} request {verb} a CONNECT request", "connect_matcher")


def _match_template(policy: TypedExtensionConfig, path: str) -> Match:
    config = decode_extension(policy)
    if not isinstance(config, UriTemplateMatchConfig):
        return unknown(f'what the path matcher "{policy.name}" decides', "path_match_policy")
    template = config.path_template
    verb = "fits" if (fits := fits_template(template, path)) else "does not fit"
    return decided(fits, f'path "{path}" {verb} the template "{template}"', "path_match_policy")


def _match_literal(match: RouteMatch, path: str) -> Match:
    for wanted, field, verb, verb_not, test in (
        (match.prefix, "prefix", "starts with", "does not start with", str.startswith),
        (match.path, "path", "equals", "does not equal", str.__eq__),
        (match.path_separated_prefix, "path_separated_prefix", "is", "is not", _is_below),
    ):
        if wanted is not None:
            fold = match.case_sensitive is False
            fits = test(_folded(path), _folded(wanted)) if fold else test(path, wanted)
            below = " or below it" if test is _is_below else ""
            case = " (ignoring case)" if fold else ""
            words = f'path "{path}" {verb if fits else verb_not} "{wanted}"{below}{case}'
            return decided(bool(fits), words, field)
    return MATCH


def _is_below(path: str, prefix: str) -> bool:
    return path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/")


def _folded(text: str) -> str:
    return text.translate(_FOLD)

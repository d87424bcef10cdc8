"""Where a redirect leads.

What Envoy does: the address is put together of scheme, host, port and path, each the request's own
unless the redirect says otherwise. A new port is always written, even a default one. The request's
own port is cut where a new port is given, or where the scheme changes and the port is the default
of `x-forwarded-proto`. `path_redirect` and `path_rewrite` drop the request's query if they bring
one, which `strip_query` then leaves alone; the other forms keep the request's query unless
`strip_query` is set. A path that lacks its first slash gets one.
Checked against Envoy 1.40.0. Not modelled: a `path_rewrite` whose commands cannot be told; the
location is then left out.
"""

from __future__ import annotations

from osmscope.resources.route import RedirectAction, Route
from osmscope.rules.facts import Request
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.path_rewrite import replace_by_expression, replace_consumed
from osmscope.rules.substitution_format import FormatContext, format_text

_CODES = {
    "MOVED_PERMANENTLY": 301,
    "FOUND": 302,
    "SEE_OTHER": 303,
    "TEMPORARY_REDIRECT": 307,
    "PERMANENT_REDIRECT": 308,
}
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def redirect(route: Route, request: Request) -> LocalReply:
    """Answer a request whose route is a redirect.

    Args:
        route: The route, which has a redirect.
        request: The request as the router sees it.

    Raises:
        DumpError: RE2 refuses an expression.
    """
    action = route.redirect or RedirectAction()
    path = _path(route, action, request)
    missing = "its path_rewrite has commands that cannot be told"
    return LocalReply(
        code=_CODES.get(action.response_code, 301),
        details="direct_response",
        location=None if path is None else _location(action, request, path),
        reason="the route is a redirect" if path is not None else missing,
    )


def request_url(request: Request) -> str:
    """Return the request's own address."""
    return _location(RedirectAction(), request, request.path)


def _location(action: RedirectAction, request: Request, path: str) -> str:
    scheme = action.scheme_redirect or request.headers.first(":scheme") or ""
    if action.https_redirect:
        scheme = "https"
    port = f":{action.port_redirect}" if action.port_redirect else ""
    host = action.host_redirect or _own_host(request, scheme, port)
    slash = "" if path.startswith("/") else "/"
    return f"{scheme}://{host}{port}{slash}{path}"


def _own_host(request: Request, scheme: str, new_port: str) -> str:
    host = request.host or ""
    name, separator, port = host.rpartition("]:" if host.startswith("[") else ":")
    if not separator:
        return host
    protocol = request.headers.first("x-forwarded-proto") or ""
    default = scheme != protocol and port == _DEFAULT_PORTS.get(protocol)
    return name + separator[:-1] if new_port or default else host


def _path(route: Route, action: RedirectAction, request: Request) -> str | None:
    path = request.path
    if action.path_redirect:
        return _replaced(action, action.path_redirect, path)
    if action.path_rewrite:
        context = FormatContext(request=request, route_name=route.name)
        formatted = format_text(action.path_rewrite, context)
        if not formatted.complete:
            return None
        if formatted.text:
            return _replaced(action, formatted.text, path)
    elif action.prefix_rewrite:
        path = replace_consumed(route.match, path, action.prefix_rewrite) or path
    elif action.regex_rewrite is not None:
        path = replace_by_expression(action.regex_rewrite, path) or path
    return path.partition("?")[0] if action.strip_query else path


def _replaced(action: RedirectAction, new: str, path: str) -> str:
    _, question_mark, query = path.partition("?")
    return new if "?" in new or action.strip_query else f"{new}{question_mark}{query}"

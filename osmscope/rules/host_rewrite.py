"""What a route makes of the host.

What Envoy does: the host becomes a fixed text, the first value of a header (unless that is empty or
absent), the path without its query after a replacement, or a format string in which absent facts
are `-`. With `auto_host_rewrite` it becomes the hostname of the endpoint, once that is chosen.
Whoever rewrites leaves the old host in `x-envoy-original-host` and, with `append_x_forwarded_host`,
at the end of `x-forwarded-host`, unless it stands there already; an empty host is not kept.
Checked against Envoy 1.40.0. Not modelled: ports that were cut off CONNECT requests.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.route import RouteAction
from osmscope.rules.facts import Headers
from osmscope.rules.regular_expression import replace_all
from osmscope.rules.substitution_format import FormatContext, format_text


class HostRewrite(msgspec.Struct, frozen=True):
    """The host that a route asks for."""

    host: str | None = None
    """None where the host stays as it is, or is the endpoint's."""
    by_endpoint: bool = False
    """Whether the endpoint's own hostname becomes the host, if it has one."""
    missing: tuple[str, ...] = ()
    """The format commands that cannot be told; they left nothing in the host."""


def rewrite_host(action: RouteAction, context: FormatContext) -> HostRewrite:
    """Tell the host that a route asks for.

    Args:
        action: The route's action.
        context: The request, after all header changes.

    Raises:
        DumpError: RE2 refuses the expression.
    """
    if action.host_rewrite_literal:
        return HostRewrite(action.host_rewrite_literal)
    if action.host_rewrite_header:
        return HostRewrite(context.request.headers.first(action.host_rewrite_header) or None)
    if action.host_rewrite_path_regex is not None:
        rewrite = action.host_rewrite_path_regex
        path = context.request.path_without_query
        return HostRewrite(replace_all(rewrite.pattern.regex, rewrite.substitution, path))
    if action.host_rewrite:
        formatted = format_text(action.host_rewrite, context, absent="-")
        return HostRewrite(formatted.text, missing=formatted.missing)
    return HostRewrite(by_endpoint=bool(action.auto_host_rewrite))


def with_host(
    headers: Headers, host: str, action: RouteAction, suppress_envoy_headers: bool
) -> Headers:
    """Return headers with a new host, and with the old one where it is kept.

    Args:
        headers: The request's headers.
        host: The new host.
        action: The route's action.
        suppress_envoy_headers: Whether the router leaves `x-envoy-original-host` out.
    """
    old = headers.first(":authority") or ""
    if action.append_x_forwarded_host and old:
        forwarded = headers.first("x-forwarded-host") or ""
        hosts = [part for part in forwarded.split(",") if part]
        if not hosts or hosts[-1] != old:
            value = f"{forwarded},{old}" if forwarded else old
            headers = headers.set("x-forwarded-host", value)
    if old and not suppress_envoy_headers:
        headers = headers.set("x-envoy-original-host", old)
    return headers.set(":authority", host)

"""Tags for clients by their address.

What Envoy does: the names of all lists that hold the remote address go into `x-envoy-ip-tags`, or
into a header of the user's, which a client's own value is taken out of unless it is appended to.
After a change of headers the route is looked up again.
Checked against Envoy 1.40.0. Not modelled: the order of several tags, which is that of a hash
table; lists in files, and an unknown remote address.
"""

from __future__ import annotations

from osmscope.resources.http_filters.gateway import IpTagging
from osmscope.rules.facts import Headers, Request
from osmscope.rules.http_filters.filter_result import FilterContext, FilterResult
from osmscope.rules.http_filters.opaque import labelling
from osmscope.rules.http_filters.outcome import goes_on
from osmscope.rules.ip_range import match_any_range

_HEADER = "x-envoy-ip-tags"
_no_tags = labelling("tags for the client's address")


def evaluate(request: Request, context: FilterContext) -> tuple[FilterResult, ...]:
    """Evaluate the IP tagging filter."""
    config = context.config
    if not isinstance(config, IpTagging):
        return goes_on(request)
    kind = "INTERNAL" if request.internal else "EXTERNAL"
    if config.request_type not in ("BOTH", kind):
        words = f"it tags {config.request_type.lower()} requests only"
        return goes_on(request, words, "request_type")
    if request.remote_ip is None or config.ip_tags_file_provider is not None:
        return _no_tags(request, context)
    tags = sorted(
        tag.ip_tag_name
        for tag in config.ip_tags
        if match_any_range(tag.ip_list, request.remote_ip, "remote IP").is_match
    )
    headers = _with_tags(config, ",".join(tags), request.headers)
    unsure = f'"{context.filter_name}" writes the tags in the order {", ".join(tags)}'
    return (
        FilterResult(
            request=request.with_headers(headers),
            clears_route_cache=headers != request.headers,
            reason=f"the client's address has the tags {', '.join(tags)}" if tags else "",
            consulted=("ip_tags",),
            assumptions=(unsure,) if len(tags) > 1 else (),
        ),
    )


def _with_tags(config: IpTagging, tags: str, headers: Headers) -> Headers:
    custom = config.ip_tag_header
    name = custom.header if custom is not None else _HEADER
    before: tuple[str, ...] = headers.all(name)
    if custom is not None and custom.action == "SANITIZE":
        headers, before = headers.remove(name), ()
    if not tags:
        return headers
    headers = headers.set(name, ",".join(filter(None, (*before[:1], tags))))
    for value in before[1:]:
        headers = headers.add(name, value)
    return headers

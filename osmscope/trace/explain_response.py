"""What the client receives that the endpoint, or the router, did not send like that."""

from __future__ import annotations

from collections.abc import Iterator

from osmscope.rules.header_mutation import Level, in_order
from osmscope.rules.response_changes import response_changes
from osmscope.rules.substitution_format import FormatContext
from osmscope.trace.answer import Step
from osmscope.trace.path import HttpPath


def response_steps(path: HttpPath) -> Iterator[Step]:
    """Tell the header changes of a response, where the route and what holds it make any.

    Args:
        path: One way of a request.
    """
    resolved = path.resolved
    route, host = resolved.route, resolved.virtual_host_choice
    if route is None or host is None or host.virtual_host is None or resolved.table is None:
        return
    levels: list[Level] = [*in_order(route, host.virtual_host, resolved.table.configuration)]
    cluster = resolved.cluster_choice
    if cluster is not None and cluster.entry is not None:
        levels.insert(0, cluster.entry)
    request = path.request
    if path.sent is not None:
        # What is sent on is what `%REQ()%` reads then, rewritten path and all.
        request = request.with_headers(path.sent.headers)
    context = FormatContext(
        request=request,
        route_name=route.name,
        cluster=cluster.name if cluster is not None else "",
    )
    changes = tuple(response_changes(levels, context))
    if changes:
        yield Step(kind="response", chosen="", reason="; ".join(changes))

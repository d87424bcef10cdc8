"""The `location` of a reply that Envoy makes by itself, after header changes.

What Envoy does: once a route is found, the response header changes of the route, its virtual host
and its table apply to Envoy's own replies too, so they can set, replace or remove a `location`.
Checked against Envoy 1.40.0. Not modelled: response headers other than `location`; the redirect of
`require_tls`, which belongs to no route.
"""

from __future__ import annotations

import msgspec

from osmscope.resources.route import Route, RouteConfiguration, VirtualHost
from osmscope.rules.facts import Headers
from osmscope.rules.header_mutation import HeaderMutations, apply, in_order, response_mutations
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.substitution_format import FormatContext


def change_location(
    reply: LocalReply,
    context: FormatContext,
    route: Route,
    virtual_host: VirtualHost,
    route_configuration: RouteConfiguration,
) -> LocalReply:
    """Return the reply with the `location` that the client sees.

    Args:
        reply: The reply as the router makes it.
        context: The request as the router gets it.
        route: The request's route.
        virtual_host: Its virtual host.
        route_configuration: Its route table.
    """
    levels = in_order(route, virtual_host, route_configuration)
    changes = [response_mutations(level) for level in levels]
    if not any(map(_touches_location, changes)):
        return reply
    before = Headers.of([("location", reply.location)] if reply.location is not None else [])
    context = msgspec.structs.replace(context, response_headers=before)
    mutated = apply(changes, context, response=True)
    location = None if mutated.missing else mutated.headers.first("location")
    return msgspec.structs.replace(reply, location=location)


def _touches_location(changes: HeaderMutations) -> bool:
    added = (option.header.key for option in changes.to_add)
    return "location" in map(str.lower, (*added, *changes.to_remove))

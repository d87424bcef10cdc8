"""What becomes of a reply of Envoy's own on its way to the client."""

from collections.abc import Iterator

import msgspec

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.http_filters.response import CustomResponse
from osmscope.rules.custom_response import apply_custom_response
from osmscope.rules.local_reply_config import finish, unread_condition
from osmscope.rules.matcher_input import MatcherInputs
from osmscope.trace.http_filters import filter_config
from osmscope.trace.path import HttpPath
from osmscope.trace.sidecar import Sidecar


def finish_reply(
    sidecar: Sidecar, manager: HttpConnectionManager, path: HttpPath, *, to_grpc: bool
) -> HttpPath:
    """Apply what the connection manager and its filters make of a reply, if there is one.

    Args:
        sidecar: The sidecar.
        manager: Its connection manager.
        path: The way of the request.
        to_grpc: Whether the client sent a gRPC request.

    Raises:
        DumpError: A configuration cannot be read, or RE2 refuses an expression.
    """
    reply = path.reply
    if reply is None:
        return path
    assumptions = path.assumptions
    headers, runtime = path.request.headers, path.request.runtime
    unread = unread_condition(reply, manager, headers, runtime)
    if unread:
        assumptions += (f"no mapper of local_reply_config with a {unread} fits the reply",)
    reply = finish(reply, manager, headers, to_grpc=to_grpc, runtime=runtime)
    if reply.code:
        inputs = MatcherInputs(connection=path.request.connection, request=path.request)
        for configs in _custom_responses(sidecar, manager, path):
            custom = apply_custom_response(configs, reply, inputs, to_grpc=to_grpc)
            reply = custom.reply
            if custom.assumption:
                assumptions += (custom.assumption,)
    return msgspec.structs.replace(path, reply=reply, assumptions=assumptions)


def _custom_responses(
    sidecar: Sidecar, manager: HttpConnectionManager, path: HttpPath
) -> Iterator[tuple[CustomResponse, ...]]:
    """List the configurations of each filter that may replace responses, the last one first."""
    for stage in reversed(sidecar.http_stages(manager.http_filters)):
        if isinstance(stage.config, CustomResponse):
            config = filter_config(sidecar, stage, path.resolved)
            if config.enabled:
                levels = (one for one in config.levels[::-1] if isinstance(one, CustomResponse))
                yield (*levels, stage.config)

"""What becomes of a reply that Envoy makes by itself.

What Envoy does: the first of `mappers` whose access log filter fits may change the code; then the
reply to a request that came as gRPC, whatever filters made of it, is sent with code 200, which is
what the access log prints. Flags and details stay. When a codec replies, mappers see neither its
flag nor a header. The answer to a CORS preflight and upstream responses are not local replies.
Checked against Envoy 1.40.0. Not modelled: filters on duration, metadata, log type, gRPC status,
runtime and extensions, which are taken not to fit (`unread_condition` names them); bodies and
headers of the reply.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from osmscope.resources.http_connection_manager import (
    AccessLogFilter,
    ComparisonFilter,
    HttpConnectionManager,
)
from osmscope.rules.facts import Headers
from osmscope.rules.header import match_header
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.runtime_value import whole_number

_GRPC_CODE = 200
_NORMALIZED = "path_normalization_failed"
"""A redirect that gRPC clients do not get."""
_NO_HEADERS = Headers()
_NOT_LOCAL = frozenset({"cors_response"})
_NOT_READ = (
    "duration_filter", "runtime_filter", "grpc_status_filter", "extension_filter",
    "metadata_filter", "log_type_filter", "traceable_filter",
)  # fmt: skip


Runtime = Mapping[str, object]
_NO_RUNTIME: Runtime = {}


def finish(
    reply: LocalReply,
    hcm: HttpConnectionManager,
    headers: Headers,
    *,
    to_grpc: bool,
    runtime: Runtime = _NO_RUNTIME,
) -> LocalReply:
    """Return a reply as it is logged.

    Args:
        reply: The reply as a rule made it; code 0 is a connection that is closed without any.
        hcm: The connection manager.
        headers: The headers of the request, as they were then.
        to_grpc: Whether the client sent a gRPC request.
        runtime: Runtime keys that are set: they may replace the codes that are compared with.
    """
    if reply.code == 0 or reply.details in _NOT_LOCAL:
        return reply
    config = hcm.local_reply_config
    code = reply.code
    for mapper in config.mappers if config is not None else ():
        if mapper.filter is not None and _fits(mapper.filter, reply, headers, runtime):
            code = code if mapper.status_code is None else mapper.status_code
            break
    if to_grpc and "DPE" not in reply.flags:
        code = _GRPC_CODE
        if reply.details == _NORMALIZED:
            reply = msgspec.structs.replace(reply, location=None)
    return reply if code == reply.code else msgspec.structs.replace(reply, code=code)


def unread_condition(
    reply: LocalReply,
    hcm: HttpConnectionManager,
    headers: Headers,
    runtime: Runtime = _NO_RUNTIME,
) -> str:
    """Name the kind of filter that may decide about a reply and is not evaluated, "" for none."""
    config = hcm.local_reply_config
    if reply.code == 0 or reply.details in _NOT_LOCAL or config is None:
        return ""
    for mapper in config.mappers:
        if mapper.filter is not None:
            unread = _unread(mapper.filter)
            if unread:
                return unread
            if _fits(mapper.filter, reply, headers, runtime):
                return ""
    return ""


def _unread(condition: AccessLogFilter) -> str:
    for name in _NOT_READ:
        if getattr(condition, name) is not None:
            return name
    for joined in (condition.and_filter, condition.or_filter):
        for part in joined.filters if joined is not None else ():
            unread = _unread(part)
            if unread:
                return unread
    return ""


def _fits(
    condition: AccessLogFilter, reply: LocalReply, headers: Headers, runtime: Runtime
) -> bool:
    decoded = "DPE" not in reply.flags
    if condition.status_code_filter is not None:
        return _compares(condition.status_code_filter.comparison, reply.code, runtime)
    if condition.response_flag_filter is not None:
        wanted = condition.response_flag_filter.flags
        flags = reply.flags if decoded else ()
        return bool(set(flags).intersection(wanted)) if wanted else bool(flags)
    if condition.header_filter is not None:
        known = headers if decoded else _NO_HEADERS
        return match_header(condition.header_filter.header, known).is_match
    if condition.and_filter is not None:
        return all(_fits(part, reply, headers, runtime) for part in condition.and_filter.filters)
    if condition.or_filter is not None:
        return any(_fits(part, reply, headers, runtime) for part in condition.or_filter.filters)
    if condition.not_health_check_filter is not None:
        return not (reply.details or "").startswith("health_check_")
    return False


def _compares(comparison: ComparisonFilter, code: int, runtime: Runtime) -> bool:
    known = whole_number(runtime.get(comparison.value.runtime_key))
    value = comparison.value.default_value if known is None else known
    match comparison.op:
        case "GE":
            return code >= value
        case "LE":
            return code <= value
        case "NE":
            return code != value
        case _:
            return code == value

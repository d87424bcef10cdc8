"""Custom responses, which take the place of others by their code.

What Envoy does: every response, its own replies included, is put to the matcher of the most
specific per-route configuration, then to those of the less specific ones and of the filter; the
first that finds a policy decides. A local policy sets body and headers, and the code where it names
one, which for a gRPC request is 200 all the same; the log's details are gone then, other than those
of the codec.
Checked against Envoy 1.40.0. Not modelled: policies that fetch the response elsewhere; responses of
endpoints, whose code nobody knows beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from osmscope.resources.extension import Unsupported, decode_extension
from osmscope.resources.http_filters.response import CustomResponse, LocalResponsePolicy
from osmscope.rules import matcher_tree
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.matcher_input import MatcherInputs

_OF_GRPC = 200


class CustomReply(msgspec.Struct, frozen=True):
    """What became of a reply."""

    reply: LocalReply
    assumption: str = ""
    """What had to be assumed, a clause; "" where nothing was."""


def apply_custom_response(
    configs: Iterable[CustomResponse],
    reply: LocalReply,
    inputs: MatcherInputs,
    *,
    to_grpc: bool = False,
) -> CustomReply:
    """Return the reply that takes a reply's place.

    Args:
        configs: The configurations that count, the most specific first.
        reply: The reply as Envoy would send it.
        inputs: The request.
        to_grpc: Whether the client sent a gRPC request.

    Raises:
        DumpError: RE2 refuses an expression, or an extension cannot be read.
    """
    inputs = msgspec.structs.replace(inputs, response_code=reply.code)
    for config in configs:
        if config.custom_response_matcher is None:
            continue
        found = matcher_tree.evaluate(config.custom_response_matcher, inputs)
        if found.missing:
            words = f"no custom response takes the place of the reply ({found.missing} decides)"
            return CustomReply(reply, words)
        if found.action is None:
            continue
        policy = decode_extension(found.action)
        if isinstance(policy, LocalResponsePolicy):
            return CustomReply(_replaced(reply, policy, to_grpc=to_grpc))
        kind = policy.type_name if isinstance(policy, Unsupported) else type(policy).__name__
        return CustomReply(reply, f"the custom response {kind} leaves the reply as it is")
    return CustomReply(reply)


def _replaced(reply: LocalReply, policy: LocalResponsePolicy, *, to_grpc: bool) -> LocalReply:
    code = reply.code if policy.status_code is None else policy.status_code
    return msgspec.structs.replace(
        reply,
        code=_OF_GRPC if to_grpc else code,
        details=reply.details if "DPE" in reply.flags else None,
        reason=f"{reply.reason}; a custom response takes its place",
    )

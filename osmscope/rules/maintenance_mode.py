"""Maintenance mode: a cluster that the runtime takes out of service.

What Envoy does: the runtime key `upstream.maintenance_mode.CLUSTER` is the percentage of HTTP
requests to the cluster that are refused, before a host is looked for and before overload is
dropped. An aggregate's members are not asked. Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from collections.abc import Mapping
from fractions import Fraction

import msgspec

from osmscope.rules.local_reply import LocalReply
from osmscope.rules.runtime_value import whole_number

_ALL = 100


class Maintenance(msgspec.Struct, frozen=True):
    """The share of requests that is refused, and how."""

    probability: Fraction
    reply: LocalReply


def maintenance_mode(cluster: str, runtime: Mapping[str, object]) -> Maintenance | None:
    """Return what maintenance refuses of a cluster; None where nothing is."""
    key = f"upstream.maintenance_mode.{cluster}"
    percent = whole_number(runtime.get(key))
    if not percent:
        return None
    reason = f"the runtime key {key} is {percent}"
    reply = LocalReply(code=503, flags=("UO",), details="maintenance_mode", reason=reason)
    return Maintenance(Fraction(min(percent, _ALL), _ALL), reply)

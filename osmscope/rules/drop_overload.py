"""Drop overload: a share of a cluster's requests is refused.

What Envoy does: the load assignment's one `drop_overloads` entry names a share; all of it is an
unconditional drop (UDO), less is one by chance (DO). The runtime key
`load_balancing_policy.drop_overload_limit` caps it. Checked against Envoy 1.40.0.
Not modelled: nothing.
"""

from collections.abc import Mapping
from fractions import Fraction

import msgspec

from osmscope.resources.endpoint import LoadAssignmentPolicy
from osmscope.resources.matcher import FractionalPercent
from osmscope.rules.local_reply import LocalReply
from osmscope.rules.runtime_value import whole_number

_DENOMINATORS: Mapping[str, int] = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}
_LIMIT = "load_balancing_policy.drop_overload_limit"


class Drop(msgspec.Struct, frozen=True):
    """The share that is refused, and how."""

    probability: Fraction
    reply: LocalReply


def drop_overload(
    policy: LoadAssignmentPolicy, runtime: Mapping[str, object] | None = None
) -> Drop | None:
    """Return what a load assignment refuses; None where nothing is.

    Args:
        policy: The load assignment's.
        runtime: Runtime keys that are set.
    """
    probability = sum(
        (_fraction(drop.drop_percentage) for drop in policy.drop_overloads), Fraction(0)
    )
    limit = whole_number((runtime or {}).get(_LIMIT))
    if limit is not None:
        probability = min(probability, Fraction(limit) / 100)
    if probability <= 0:
        return None
    share = min(Fraction(1), probability)
    category = policy.drop_overloads[0].category
    reason = f"the load assignment drops {float(100 * share):g} % of requests ({category!r})"
    name, flag = ("unconditional_drop_overload", "UDO") if share == 1 else ("drop_overload", "DO")
    return Drop(share, LocalReply(code=503, flags=(flag,), details=name, reason=reason))


def _fraction(percent: FractionalPercent) -> Fraction:
    return Fraction(percent.numerator, _DENOMINATORS[percent.denominator])

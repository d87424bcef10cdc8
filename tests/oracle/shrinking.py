"""Cuts a failing case down, and asks Envoy again whether it still fails.

Not hypothesis' shrinker: it asks about one candidate after the other, and each question would start
an Envoy. Here all candidates of a round are the listeners of one Envoy, so a round costs a second.
A candidate still fails where the same kind of difference is left, and is as exact as before.
"""

import copy
from collections.abc import Iterator
from typing import Any

import msgspec

from tests.oracle.agreement import Verdict, verdicts
from tests.oracle.case import Case
from tests.oracle.envoy_batch import Batch, Oracle, RefusedError
from tests.oracle.explanations import unexplained

ROUNDS = 40
CANDIDATES = 150
"""How many are asked about at once, those that cut most off first."""

KEPT = {
    "src_ip", "src_port", "dst_ip", "dst_port", "method", "path", "@type", "typed_config", "name",
    "endpoint", "address", "socket_address", "address_prefix", "domains", "stat_prefix", "regex",
}  # fmt: skip
"""Without these there is nothing to ask."""


def shrink(oracle: Oracle, verdict: Verdict) -> Case:
    """Return the smallest case found that differs like this one."""
    case = msgspec.structs.replace(verdict.result.case, requests=[verdict.outcome.request])
    kind = (_kind(verdict.difference), verdict.answer.exact)
    for _ in range(ROUNDS):
        smaller = sorted(_smaller(case), key=Case.size)
        for start in range(0, len(smaller), CANDIDATES):
            candidates = smaller[start : start + CANDIDATES]
            failing = [
                one.result.case
                for batch in _asked(oracle, candidates)
                for one in verdicts(batch)
                if (_kind(one.difference), one.answer.exact) == kind and unexplained(one, batch)
            ]
            if failing:
                case = min(failing, key=Case.size)
                break
        else:
            return case
    return case


def _asked(oracle: Oracle, cases: list[Case]) -> Iterator[Batch]:
    """Ask about cases of which some may have lost what Envoy needs to read them."""
    try:
        yield oracle.ask(cases)
    except RefusedError:
        middle = len(cases) // 2
        if middle:
            yield from _asked(oracle, cases[:middle])
            yield from _asked(oracle, cases[middle:])


def _kind(difference: str) -> str:
    return difference.split(":")[0]


def _smaller(case: Case) -> Iterator[Case]:
    """Yield the case with one part of it left out, for each part."""
    tree: dict[str, Any] = msgspec.to_builtins(case)
    for path in _parts({name: tree[name] for name in ("listener", "requests", "clusters", "tables")
                        if name in tree}):  # fmt: skip
        candidate = copy.deepcopy(tree)
        parent: Any = candidate
        for key in path[:-1]:
            parent = parent[key]
        del parent[path[-1]]
        if candidate["requests"]:
            yield msgspec.convert(candidate, Case)


def _parts(tree: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every part that may be left out."""
    pairs = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree))
    for key, value in pairs:
        if key not in KEPT and key not in ("listener", "requests"):
            yield (key,)
        if isinstance(value, dict | list):
            yield from ((key, *rest) for rest in _parts(value))

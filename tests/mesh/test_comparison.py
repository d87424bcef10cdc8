"""Whatever happened otherwise is found: the comparison is blind to no fact that it holds."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mesh.comparison import Json, differences, recorded_tracers, share_differences

FIXTURE = Path(__file__).parents[2] / "fixtures/bookstore"

tracers = functools.cache(lambda: recorded_tracers(FIXTURE))


@functools.cache
def happening(note: str) -> Json:
    lines = (FIXTURE / "requests.jsonl").read_text().splitlines()
    return next(each for each in map(json.loads, lines) if note in each["note"])


def changed(original: Json, path: str, value: object) -> Json:
    result = copy.deepcopy(original)
    *parents, last = path.split("/")
    functools.reduce(lambda part, name: part[name], parents, result)[last] = value
    return result


@pytest.mark.parametrize(
    ("note", "path", "value", "expected"),
    [
        ("allowed: the split", "client/filter_chain", "other", "client: filter_chain"),
        ("allowed: the split", "client/virtual_host", "other", "client: virtual_host"),
        ("allowed: the split", "client/route", "other", "client: route"),
        ("allowed: the split", "client/cluster", "bookstore/bookstore-v1|14001", "client:"),
        ("allowed: the split", "client/endpoint", "10.244.1.99:14001", "client: endpoint"),
        ("allowed: the split", "client/endpoint", None, "client: verdict"),
        ("allowed: the split", "server/virtual_host", "other", "server: virtual_host"),
        ("allowed: the split", "server/cluster", "other", "server: cluster"),
        ("allowed: the split", "server/sni", "other", "server: sni"),
        ("allowed: the split", "server/downstream_local", "10.244.1.22:80", "server: filter_chain"),
        ("allowed: the split", "answer/code", 404, "answer: code"),
        ("allowed: the split", "answer/body/path", "/", "answer: path"),
        ("allowed: the split", "answer/body/headers/client-app", ["x"], "answer: header client"),
        ("allowed: the split", "request/host", "bookstore", "client: virtual_host"),
        ("bare name", "client/code", 503, "client: response"),
        ("bare name", "client/flags", ["UH"], "client: response"),
        ("bare name", "client/details", "other", "client: response"),
        ("another client's: 403", "server/details", "other", "server: response"),
        ("another client's: 403", "server/peer", "x.y.cluster.local", "server:"),
        ("network RBAC ends it", "server/term", "other", "server: response"),
        ("network RBAC ends it", "answer/code", 200, "answer: code"),
    ],
)
def test_every_fact_is_held(note: str, path: str, value: object, expected: str) -> None:
    original = happening(note)
    assert list(differences(tracers(), original)) == []
    found = next(iter(differences(tracers(), changed(original, path, value))))
    assert found.startswith(expected)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda counts: counts, 0),
        (lambda counts: dict(zip(counts, (140, 60), strict=True)), 2),
        (lambda counts: {**counts, "elsewhere": 1}, 1),
    ],
)
def test_shares_are_held(change: Callable[[dict[str, int]], dict[str, int]], expected: int) -> None:
    shares = json.loads((FIXTURE / "shares.json").read_text())
    shares["clusters"] = change(shares["clusters"])
    assert len(list(share_differences(tracers(), shares))) == expected

"""Runs tests against a route table, both written as YAML."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.route_tests.reading import read_cases
from osmscope.route_tests.result import RunResult
from osmscope.route_tests.runner import Runner
from osmscope.route_tests.tables import RouteTables
from osmscope.trace.completion import Completion
from osmscope.trace.inference import Destinations


@pytest.fixture
def run() -> Callable[..., RunResult]:
    """Run tests against a configuration."""

    def call(configuration: str, tests: str, route_config: str | None = None) -> RunResult:
        proxy = Proxy(Dump.read(configuration.encode(), where="the table"))
        completion = Completion(Destinations(proxy, (), ""))
        runner = Runner(proxy, completion, RouteTables(proxy, route_config), clock=lambda: 0.0)
        return runner.run(read_cases(tests.encode(), where="tests.yaml"), file="tests.yaml")

    return call


@pytest.fixture
def mismatches(run: Callable[..., RunResult]) -> Callable[..., dict[str, str]]:
    """Run one test, given its input and what it expects; field → what came instead."""

    def call(configuration: str, asked: str, expected: str) -> dict[str, str]:
        test = f"tests: [{{test_name: a, input: {asked}, validate: {expected}}}]"
        (result,) = run(configuration, test).results
        assert not result.error
        return {one.field: one.actual for one in result.mismatches}

    return call

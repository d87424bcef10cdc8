"""What a table case expects, held against what the look-up found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from osmscope.resources.matcher import HeaderMatcher
from osmscope.resources.proxy import Proxy
from osmscope.route_tests.cases import HeaderField, TableCase, TableExpectation
from osmscope.route_tests.result import CaseResult, Mismatch, RouteId
from osmscope.route_tests.table_lookup import Found, look_up
from osmscope.route_tests.tables import Table
from osmscope.rules.duration import milliseconds
from osmscope.rules.facts import Connection, Headers
from osmscope.rules.header import match_header
from osmscope.rules.listener_selection import ListenerChoice
from osmscope.trace.answer import Step
from osmscope.trace.explain_routing import routing_steps
from osmscope.trace.path import ConnectionPath, HttpPath, Resolved
from osmscope.trace.sidecar import Sidecar

_NAMES = (
    "cluster_name",
    "virtual_cluster_name",
    "virtual_host_name",
    "host_rewrite",
    "path_rewrite",
    "path_redirect",
)
_NO_CONNECTION = ConnectionPath(connection=Connection(), listener_choice=ListenerChoice())


def run_table_case(
    case: TableCase,
    table: Table,
    sidecar: Sidecar,
    runtime: Mapping[str, object],
) -> CaseResult:
    """Look a case's request up and compare.

    Args:
        case: The test.
        table: The route table.
        sidecar: Where the table stands.
        runtime: Runtime values of the file of tests.

    Raises:
        DumpError: The table cannot be evaluated, or the case expects what is no duration.
    """
    found = look_up(case.input, table.configuration, sidecar, runtime)
    resolved = found.resolved
    reached = _reached(resolved)
    if resolved.missing:
        error = f"{resolved.missing} is not known"
        steps = tuple(_steps(sidecar.proxy, resolved))
        return CaseResult(name=case.name, error=error, steps=steps, reached=reached)
    mismatches = tuple(_mismatches(case.expected, found))
    return CaseResult(
        name=case.name,
        mismatches=mismatches,
        steps=tuple(_steps(sidecar.proxy, resolved)) if mismatches else (),
        assumptions=tuple(_assumptions(table, found)),
        reached=reached,
    )


def _assumptions(table: Table, found: Found) -> Iterator[str]:
    for command in found.missing:
        yield f"{command} is left out: it is not known"
    choice, host = found.resolved.route_choice, found.resolved.virtual_host_choice
    virtual_host = host.virtual_host if host is not None else None
    for field in table.unknown_on(virtual_host, choice.index if choice is not None else None):
        yield f"the field {field} changes nothing (it is not known to osmscope)"


def _reached(resolved: Resolved) -> frozenset[RouteId]:
    choice, host = resolved.route_choice, resolved.virtual_host_choice
    if resolved.table is None or choice is None or choice.index is None or choice.route is None:
        return frozenset()
    assert host is not None
    assert host.virtual_host is not None
    name = resolved.table.configuration.name
    return frozenset([RouteId(name, host.virtual_host.name, choice.index)])


def _steps(proxy: Proxy, resolved: Resolved) -> Iterator[Step]:
    assert resolved.request is not None
    path = HttpPath(request=resolved.request, resolved=resolved)
    yield from routing_steps(proxy, _NO_CONNECTION, path)
    choice = resolved.cluster_choice
    if choice is not None:
        yield Step(kind="cluster", chosen=choice.name, reason=choice.reason)


def _mismatches(expected: TableExpectation, found: Found) -> Iterator[Mismatch]:
    for field in _NAMES:
        wanted, actual = getattr(expected, field), getattr(found, field)
        if wanted is not None and wanted != actual:
            yield Mismatch(field, wanted, actual)
    if expected.code_redirect is not None and expected.code_redirect != found.code_redirect:
        yield Mismatch("code_redirect", str(expected.code_redirect), str(found.code_redirect))
    if expected.timeout is not None and not _same_time(expected.timeout, found.timeout):
        yield Mismatch("timeout", expected.timeout, found.timeout)
    route = found.resolved.route
    for entry in expected.route_metadata:
        namespace = {} if route is None else route.metadata.filter_metadata.get(entry.namespace, {})
        value = namespace.get(entry.key, "")
        if value != entry.value:
            field = f"route_metadata {entry.namespace} {entry.key}"
            yield Mismatch(field, entry.value, str(value))
    request, response = found.request_headers, found.response_headers
    yield from _values("request_header_fields", expected.request_header_fields, request)
    yield from _values("response_header_fields", expected.response_header_fields, response)
    yield from _matches("request_header_matches", expected.request_header_matches, request)
    yield from _matches("response_header_matches", expected.response_header_matches, response)


def _same_time(wanted: str, actual: str) -> bool:
    return milliseconds(wanted) == (milliseconds(actual) if actual else None)


def _values(name: str, fields: tuple[HeaderField, ...], headers: Headers) -> Iterator[Mismatch]:
    for field in fields:
        actual = headers.first(field.key) or ""
        if actual != field.value:
            yield Mismatch(f"{name} {field.key}", field.value, actual)


def _matches(
    name: str, matchers: tuple[HeaderMatcher, ...], headers: Headers
) -> Iterator[Mismatch]:
    for matcher in matchers:
        match = match_header(matcher, headers)
        if not match.is_match:
            wanted = {key: value for key, value in _said(matcher).items() if key != "name"}
            text = msgspec.json.encode(wanted).decode() if wanted else "present"
            yield Mismatch(f"{name} {matcher.name}", text, match.reason)


def _said(message: object) -> dict[str, object]:
    """Return what a matcher says, without the fields that have their defaults."""
    fields = msgspec.to_builtins(message)
    return {
        key: _said(value) if isinstance(value, dict) else value
        for key, value in fields.items()
        if value is not None and value is not False and value != ""
    }

"""A file of tests, read: JSON or YAML, in Envoy's format or the one that starts at the listener.

Decision: a test whose input has an `authority` is Envoy's own, every other one starts at a
listener. A field that nobody knows is refused, as Envoy's tool refuses it: a test that silently
expects nothing is worse than none.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from osmscope.dump.casing import canonical, snake_case
from osmscope.dump.text import as_utf8
from osmscope.errors import DumpError, OsmscopeError, UsageError
from osmscope.resources.matcher import HeaderMatcher
from osmscope.resources.resource import unknown_fields
from osmscope.route_tests.cases import (
    Case,
    CaseFile,
    ListenerCase,
    ListenerExpectation,
    TableCase,
    TableExpectation,
    TableInput,
)
from osmscope.route_tests.lines import lines_of_tests
from osmscope.trace.request import TraceRequest, check_request

Fields = dict[str, object]
StructT = TypeVar("StructT", bound=msgspec.Struct)

_OLD_NAMES = {
    "additional_headers": "additional_request_headers",
    "header_fields": "request_header_fields",
    "custom_header_fields": "request_header_fields",
}
"""Names of earlier versions of Envoy's tool → those of today."""

_MATCHERS = ("request_header_matches", "response_header_matches")
_REQUEST_FIELDS = frozenset(TraceRequest.__struct_fields__) - {"id"}
_BYTE = re.compile(r"\(byte (\d+)\)")
_HINT = "see the format in `osmscope test --help`"


def read_cases(data: bytes, *, where: str) -> CaseFile:
    """Read a file of tests.

    Args:
        data: JSON or YAML, an object with `tests`.
        where: The file, for errors.

    Raises:
        UsageError: It cannot be read; the error names the line, or the test.
    """
    data = bytes(as_utf8(data, where=where))
    document = _parsed(data, where)
    if not isinstance(document, dict) or not isinstance(document.get("tests"), list):
        raise UsageError("no list of `tests:` is in here", where=where, hint=_HINT)
    unknown = document.keys() - {"tests", "runtime"}
    if unknown:
        raise UsageError(f"unknown field {min(unknown)!r}", where=where, hint=_HINT)
    if not document["tests"]:
        raise UsageError("the list of tests is empty", where=where, hint="write at least one test")
    runtime = document.get("runtime") or {}
    if not isinstance(runtime, dict):
        raise UsageError("`runtime` is not an object", where=where, hint=_HINT)
    cases = (_case(item, number, where, data) for number, item in enumerate(document["tests"], 1))
    return CaseFile(cases=tuple(cases), runtime=runtime, text=data)


def _parsed(data: bytes, where: str) -> object:
    """Read JSON, else YAML; which of them was meant is told by the first character."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if data.lstrip()[:1] not in (b"{", b"["):
            return _parsed_yaml(data, where)
        try:
            # Envoy's own examples have commas before closing brackets, as YAML may.
            return _parsed_yaml(data, where)
        except UsageError:
            raise _refused("JSON", str(error), _line_of(str(error), data), where) from error


def _parsed_yaml(data: bytes, where: str) -> object:
    import yaml

    from osmscope.plain_yaml import yaml_value

    try:
        return yaml_value(data, where=where)
    except yaml.MarkedYAMLError as error:
        line = None
        if error.problem_mark is not None:  # it may stand behind the last line
            line = min(error.problem_mark.line + 1, len(data.splitlines()))
        raise _refused("YAML", error.problem or str(error), line, where) from error
    except DumpError as error:
        raise UsageError(error.message, where=where, hint=error.hint) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise _refused("YAML", str(error).partition("\n")[0], None, where) from error


def _line_of(message: str, data: bytes) -> int | None:
    found = _BYTE.search(message)
    return data.count(b"\n", 0, int(found[1])) + 1 if found else None


def _refused(what: str, problem: str, line: int | None, where: str) -> UsageError:
    place = where if line is None else f"{where}, line {line}"
    return UsageError(f"not {what}: {_BYTE.sub('', problem).strip()}", where=place, hint=_HINT)


def _case(item: object, number: int, where: str, data: bytes) -> Case:
    try:
        return _read_case(_fields(item, "the test"))
    except msgspec.ValidationError as error:
        problem = str(error).replace(" - at `$", " at `").replace("`.", "`")
        hint = _HINT
        cause: Exception = error
    except OsmscopeError as error:
        problem, hint, cause = error.message, error.hint, error
    name = item.get("test_name") or item.get("testName") if isinstance(item, dict) else None
    lines = lines_of_tests(data)
    place = f"{where}, line {lines[number - 1]}" if len(lines) >= number else where
    place += f", test {number}" + (f" {name!r}" if isinstance(name, str) else "")
    raise UsageError(problem, where=place, hint=hint) from cause


def _read_case(item: Fields) -> Case:
    unknown = item.keys() - {"test_name", "input", "validate", "route_config"}
    if unknown:
        raise UsageError(f"unknown field {min(unknown)!r}", hint=_HINT)
    name = item.get("test_name")
    if not isinstance(name, str) or not name:
        raise UsageError("it has no test_name", hint="give each test a name")
    asked, expected = _fields(item.get("input"), "input"), _fields(item.get("validate"), "validate")
    if not expected:
        raise UsageError("`validate` expects nothing", hint=_HINT)
    if "authority" in asked:
        return TableCase(
            name=name,
            input=_converted(asked, TableInput, "input"),
            expected=_converted(_with_matchers(expected), TableExpectation, "validate"),
            route_config=msgspec.convert(item.get("route_config"), str | None),
        )
    if "route_config" in item:
        problem = "`route_config` beside `input` is for tests with an `authority`"
        raise UsageError(problem, hint="put it into `validate`")
    return ListenerCase(
        name=name,
        input=_request(asked),
        expected=_converted(expected, ListenerExpectation, "validate"),
    )


def _fields(value: object, what: str) -> Fields:
    """Return an object's fields by the names of today, in snake_case."""
    if not isinstance(value, dict):
        raise msgspec.ValidationError(f"{what} is {'missing' if value is None else 'no object'}")
    fields: Fields = {}
    for key, item in value.items():
        key = snake_case(key) if isinstance(key, str) else str(key)
        name = _OLD_NAMES.get(key, key)
        before = fields.get(name)
        if isinstance(before, list) and isinstance(item, list):
            item = [*before, *item]
        fields[name] = item
    return fields


def _converted(fields: Fields, kind: type[StructT], what: str) -> StructT:
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise msgspec.ValidationError(f"{what}: {error}") from error


def _with_matchers(expected: Fields) -> Fields:
    """Bring header matchers to the form that dumps have, and refuse what no matcher has."""
    found = {name: canonical(expected[name]) for name in _MATCHERS if name in expected}
    for name, matchers in found.items():
        for matcher in matchers if isinstance(matchers, list) else ():
            unknown = unknown_fields(HeaderMatcher, msgspec.json.encode(matcher))
            if unknown:
                raise msgspec.ValidationError(f"{name}: unknown field {unknown[0]!r}")
    return {**expected, **found}


def _request(asked: Fields) -> TraceRequest:
    unknown = asked.keys() - _REQUEST_FIELDS
    if unknown:
        raise UsageError(f"input has an unknown field {min(unknown)!r}", hint=_HINT)
    request = _converted(asked, TraceRequest, "input")
    check_request(request, where="")
    return request

"""A traced request as tests of `osmscope test`, and tests added to a file of them.

Decision: a test expects what decided, by Envoy's names, not the endpoints of today. A file is not
written anew: the tests are put behind its last one, so that comments and layout stay, and what came
out is read again before it is kept.
"""

from __future__ import annotations

import msgspec

from osmscope.errors import UsageError
from osmscope.report import documents
from osmscope.report.trace_report import describe_request, percent
from osmscope.route_tests.reading import read_cases
from osmscope.trace.answer import Answer, OutcomeAnswer
from osmscope.trace.request import TraceRequest

Case = dict[str, object]

_NAMES = ("listener", "filter_chain", "route_config", "virtual_host", "route", "route_index",
    "cluster")  # fmt: skip


def cases_of(request: TraceRequest, answer: Answer, *, stand_in: str = "") -> tuple[Case, ...]:
    """Make tests of a traced request: one for each way that it can go.

    Args:
        request: The request, completed.
        answer: Where it goes.
        stand_in: An address that only stands for the real one: it is looked up again.

    Raises:
        UsageError: Nothing can be expected of it, since it cannot be told where it goes.
    """
    outcomes = answer.outcomes
    if any(outcome.verdict == "unknown" for outcome in outcomes):
        hint = "a test expects what is known; fill in what the answer lacks"
        raise UsageError("it cannot be told where the request goes", hint=hint)
    name = describe_request(request)
    return tuple(
        {
            "test_name": name if len(outcomes) == 1 else f"{name}: {_share(outcome)}",
            "input": _input(request, stand_in),
            "validate": _expected(outcome, alone=len(outcomes) == 1),
        }
        for outcome in outcomes
    )


def _share(outcome: OutcomeAnswer) -> str:
    where = f"cluster {outcome.cluster}" if outcome.verdict == "forwarded" else outcome.verdict
    return f"{percent(outcome.probability)} to {where}"


def _input(request: TraceRequest, stand_in: str) -> Case:
    given = msgspec.structs.replace(
        request, id=None, dst_ip=None if request.dst_ip == stand_in else request.dst_ip
    )
    found = msgspec.to_builtins(given)
    return {name: _plain(value) for name, value in found.items() if value is not None}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if one not in (None, "", [], ())}
    return list(value) if isinstance(value, tuple) else value


def _expected(outcome: OutcomeAnswer, *, alone: bool) -> Case:
    expected: Case = {"verdict": outcome.verdict}
    for name in _NAMES:
        value = getattr(outcome, name)
        if value is not None and value != "":
            expected[name] = value
    response = outcome.response
    if response is not None:
        expected["code"] = response.code
        expected["flags"] = list(response.flags)
        if response.details:
            expected["details"] = response.details
        if response.location:
            expected["location"] = response.location
    if not alone:
        expected["probability"] = round(outcome.probability, 4)
    return expected


def with_tests(text: str, cases: tuple[Case, ...], *, where: str) -> str:
    """Put tests behind those of a file; everything else in it stays as it is.

    Args:
        text: What the file holds; "" for a new one.
        cases: The tests.
        where: The file, for errors.

    Raises:
        UsageError: The file holds something else than tests, or cannot be added to.
    """
    if not text.strip():
        return "tests:\n" + _as_items(cases, "")
    before = read_cases(text.encode(), where=where)
    added = _inserted(text, cases)
    try:
        after = read_cases(added.encode(), where=where)
    except UsageError:
        after = before
    if after.cases[: len(before.cases)] != before.cases or (
        len(after.cases) != len(before.cases) + len(cases)
    ):
        hint = "give another file, or write the tests as a plain list"
        raise UsageError("tests cannot be added to this file", where=where, hint=hint)
    return added


def _inserted(text: str, cases: tuple[Case, ...]) -> str:
    import yaml

    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    tests = next(value for key, value in root.value if key.value == "tests")
    if tests.flow_style:
        end = tests.end_mark.index - 1
        items = ", ".join(msgspec.json.encode(case).decode() for case in cases)
        kept = text[:end].rstrip()
        return f"{kept}{'' if kept.endswith(',') else ', '}{items}{text[end:]}"
    end = text.find("\n", _end(tests) - 1)
    end = len(text) if end < 0 else end + 1
    head = text[:end] if text[:end].endswith("\n") else text[:end] + "\n"
    first = text.splitlines()[tests.value[0].start_mark.line]
    indent = first[: len(first) - len(first.lstrip())]
    return head + _as_items(cases, indent) + text[end:]


def _end(node: object) -> int:
    """Return where the last thing of a node is written: comments behind it are not its own."""
    import yaml

    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, yaml.MappingNode) else last)
    assert isinstance(node, yaml.Node)
    return int(node.end_mark.index)


def _as_items(cases: tuple[Case, ...], indent: str) -> str:
    text = documents.as_yaml(list(cases))
    return "".join(f"{indent}{line}\n" for line in text.splitlines())

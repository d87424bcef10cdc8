"""CEL expressions as messages: what is written means to the library what its text meant."""

import msgspec
import pytest

from osmscope.resources.cel import CelExpr
from osmscope.rules.cel_message import children, is_evaluable, serialize
from tests.rules.cel_expressions import cel, expression


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("-5 % 3", -2),
        ("7u", 7),
        ("1.5", 1.5),
        ("'é'", "é"),
        ("b'xy'", b"xy"),
        ("null", None),
        ("[1, 2][1]", 2),
        ("{'a': 300}['a']", 300),
        ("request.path", "/a"),
        ("has(request.path)", True),
        ("has(request.zz)", False),
        ("'abc'.startsWith('a') && 'abc'.matches('b')", True),
    ],
)
def test_what_is_written_is_what_was_read(text: str, value: object) -> None:
    compiled = cel.NewEnv(variables={}).deserialize(serialize(expression(text)))
    assert compiled.eval(data={"request": {"path": "/a"}}).value() == value


@pytest.mark.parametrize(
    ("expr", "fits"),
    [
        (expression("request.path == 'a' || [1] == [{'a': 1}['a']]"), True),
        (expression("[1].exists(i, i == 1)"), False),
        (expression("true && [1].all(i, i == 1)"), False),
        (msgspec.convert({"struct_expr": {"message_name": "M"}}, CelExpr), False),
        (None, False),
    ],
)
def test_what_envoy_loads(expr: CelExpr | None, fits: bool) -> None:
    assert is_evaluable(expr) is fits


@pytest.mark.parametrize(
    "fields",
    [{"struct_expr": {"entries": [{}]}}, {"select_expr": {"field": "a"}}, {}],
)
def test_what_nobody_sends_is_written_too(fields: dict[str, object]) -> None:
    expr = msgspec.convert(fields, CelExpr)
    assert children(expr) == ()
    assert serialize(expr).startswith(b"\n")

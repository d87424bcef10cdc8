"""Lists of header mutations, as Envoy 1.40.0 applies them."""

import msgspec
import pytest

from osmscope.resources.http_filters.header import HeaderMutationRule
from osmscope.rules.facts import Connection, Headers, Request
from osmscope.rules.mutation_rules import assumptions, mutate
from osmscope.rules.substitution_format import FormatContext


def append(key: str, value: str, **options: object) -> dict[str, object]:
    return {"append": {"header": {"key": key, "value": value}, **options}}


OVERWRITE = {"append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


@pytest.mark.parametrize(
    ("rules", "sent", "expected"),
    [
        ([append("x", "2")], [("x", "1")], [("x", "1"), ("x", "2")]),
        ([append("user-agent", "b")], [("user-agent", "a")], [("user-agent", "a,b")]),
        ([append("x", "")], [], []),
        ([append("x", "", keep_empty_value=True)], [], [("x", "")]),
        ([append("x", "2", append_action="ADD_IF_ABSENT")], [("x", "1")], [("x", "1")]),
        ([append("x", "2", append_action="OVERWRITE_IF_EXISTS")], [], []),
        ([append("x", "%REQ(x)%2", **OVERWRITE)], [("x", "1")], [("x", "12")]),
        ([append("x", "1"), append("y", "%REQ(x)%")], [], [("x", "1"), ("y", "1")]),
        ([{"remove": "X"}], [("x", "1"), ("y", "1")], [("y", "1")]),
        (
            [{"remove_on_match": {"key_matcher": {"prefix": "p-"}}}],
            [("p-a", "1"), ("P-b", "1"), (":path", "/"), ("q", "1")],
            [(":path", "/"), ("q", "1")],
        ),
        ([{}], [("x", "1")], [("x", "1")]),
    ],
)
def test_mutations(
    rules: list[dict[str, object]],
    sent: list[tuple[str, str]],
    expected: list[tuple[str, str]],
) -> None:
    request = Request(connection=Connection(), headers=Headers.of(sent))
    mutations = msgspec.convert(rules, tuple[HeaderMutationRule, ...])
    mutated = mutate(mutations, FormatContext(request=request))
    assert mutated.headers == Headers.of(expected)
    assert assumptions(mutated) == ()


def test_a_command_that_cannot_be_told_is_an_assumption() -> None:
    request = Request(connection=Connection(), headers=Headers())
    rules = msgspec.convert([append("x", "a%START_TIME%")], tuple[HeaderMutationRule, ...])
    mutated = mutate(rules, FormatContext(request=request))
    assert mutated.headers.first("x") == "a"
    assert assumptions(mutated) == ("a header is set without %START_TIME%, which is not known",)

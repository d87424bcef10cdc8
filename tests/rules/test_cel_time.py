"""The time in a condition: a literal wherever it is read."""

import pytest

from osmscope.resources.cel import CelExpr, CelSelect
from osmscope.rules.cel_message import serialize
from osmscope.rules.cel_time import with_time
from tests.rules.cel_expressions import expression

TIME = "timestamp('1970-01-01T00:00:10.500000Z')"


@pytest.mark.parametrize(
    "text",
    [
        "request.time > request.time",
        "request.time.getSeconds() == 10",
        "[request.time][0] == {'a': request.time}['a']",
        "!(request.time == time.now) || request.times == 1 || x.request.time",
    ],
)
def test_where_it_is_read(text: str) -> None:
    written = text.replace("x.request.time", "x.y").replace("request.times", "other")
    written = written.replace("request.time", TIME)
    written = written.replace("x.y", "x.request.time").replace("other", "request.times")
    assert serialize(with_time(expression(text), 10.5)) == serialize(expression(written))


def test_asking_whether_it_is_there_is_not_reading_it() -> None:
    asked = expression("has(request.time)")
    assert with_time(asked, 10.5) == asked
    bare = CelExpr(select_expr=CelSelect(field="time"))
    assert with_time(bare, 10.5) == bare

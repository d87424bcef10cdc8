from __future__ import annotations

import pytest

from osmscope.route_tests.lines import lines_of_tests


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("tests:\n- test_name: a\n  input: {}\n\n- test_name: b\n", (2, 5)),
        ("# first\ntests: [{a: 1},\n {b: 2}]", (2, 3)),
        ('{"runtime": {},\n "tests": [\n  {"a": 1}, {"b": 2},\n\t{"c": 3}\n]}', (3, 3, 4)),
        ('{"tests": [1,]}', (1,)),
        ("tests: 1", ()),
        ("- tests", ()),
        ("tests: [", ()),
        ("", ()),
    ],
)
def test_each_test_has_the_line_at_which_it_begins(text, lines):
    assert lines_of_tests(text.encode()) == lines

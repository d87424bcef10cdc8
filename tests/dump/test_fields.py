import re

from osmscope.dump import fields
from osmscope.dump.casing import snake_case

NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?")


def test_names_are_envoys_and_qualified_once_at_most() -> None:
    for name in (*fields.MAPS, *fields.OPAQUE, *fields.ENUMS):
        assert NAME.fullmatch(name), name


def test_no_field_is_both_a_map_and_opaque() -> None:
    assert fields.MAPS.isdisjoint(fields.OPAQUE)


def test_the_marks_of_camel_case_are_not_envoys_names() -> None:
    for mark in fields.MARKS:
        assert snake_case(mark) != mark


def test_irregular_names_are_those_that_the_rule_would_get_wrong() -> None:
    for camel, snake in fields.IRREGULAR.items():
        assert re.sub("[A-Z]", lambda found: "_" + found[0].lower(), camel) != snake

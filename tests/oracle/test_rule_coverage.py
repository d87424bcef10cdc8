"""The committed table says of each rule how often it was held against Envoy, or why it was not."""

import re

from tests.oracle.rule_coverage import FOLDER, NOT_MET, TABLE, WITHOUT_CASES

ROW = re.compile(r"^\| `rules/(.*\.py)` \| ([0-9]+) \| (.*) \|$", re.MULTILINE)


def _rows() -> dict[str, tuple[int, str]]:
    rows = ROW.findall(TABLE.read_text())
    return {name: (int(count), reason) for name, count, reason in rows}


def test_a_rule_without_cases_has_a_reason() -> None:
    rows = _rows()
    assert rows
    assert {name for name, (count, why) in rows.items() if bool(count) is bool(why)} == set()
    assert {name for name, (_, why) in rows.items() if why == NOT_MET} == set()


def test_reasons_are_of_rules_that_have_no_cases() -> None:
    rows = _rows()
    assert {name: (FOLDER / name).exists() for name in WITHOUT_CASES} == dict.fromkeys(
        WITHOUT_CASES, True
    )
    assert {name: rows[name][0] for name in WITHOUT_CASES} == dict.fromkeys(WITHOUT_CASES, 0)

from __future__ import annotations

from osmscope.dump.sections import Entry, State
from osmscope.report.keys import keyed, told_apart
from osmscope.report.table import Row


def _entry(name: str, state: State = State.ACTIVE, index: int = 0) -> Entry:
    return Entry(kind="listener", name=name, state=state, place="dynamic_listeners", index=index)


def test_what_serves_is_known_by_its_name_and_other_states_by_theirs_too():
    entries = [_entry("a"), _entry("a", State.WARMING), _entry("a", State.DRAINING)]
    assert [key for key, _ in keyed(entries)] == ["a", "a (warming)", "a (draining)"]


def test_what_is_nameless_or_a_namesake_is_known_by_its_place():
    entries = [_entry("", index=0), _entry("a", index=1), _entry("a", index=2)]
    keys = [key for key, _ in keyed(entries)]
    assert keys == ["dynamic_listeners[0]", "a", "dynamic_listeners[2]"]


def test_rows_of_one_key_are_numbered():
    rows = [Row((), (), "x"), Row((), (), "y"), Row((), (), "x")]
    assert [row.key for row in told_apart(rows)] == ["x", "y", "x~2"]

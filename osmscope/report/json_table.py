"""Any JSON value as a table: a list of objects has their keys as columns."""

from __future__ import annotations

import msgspec

from osmscope.report.table import Cell, Column, Row, Table


def json_table(value: object) -> Table:
    """Make a table of a JSON value; what is not a list is a list of one."""
    items = value if isinstance(value, list) else [value]
    keys: dict[str, None] = {}
    for item in items:
        keys.update(dict.fromkeys(item if isinstance(item, dict) else ("value",)))
    rows = tuple(Row(tuple(_cell(_member(item, key)) for key in keys), ()) for item in items)
    return Table(tuple(Column(key) for key in keys) or (Column("value"),), rows if keys else ())


def _member(item: object, key: str) -> object:
    if isinstance(item, dict):
        return item.get(key)
    return item if key == "value" else None


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return msgspec.json.encode(value).decode()

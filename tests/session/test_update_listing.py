from __future__ import annotations

import pytest

from osmscope.diff.meaning import Change
from osmscope.diff.resources import ResourceChange
from osmscope.session.update_listing import changed_keys


def changed(kind, name, *paths):
    differences = tuple(Change(path, 1, 2) for path in paths)
    return ResourceChange(kind=kind, name=name, what="changed", changes=differences)


@pytest.mark.parametrize(
    ("listed", "change", "keys"),
    [
        ("cluster", changed("cluster", "a"), {"a"}),
        ("listener", changed("cluster", "a"), set()),
        ("endpoint", changed("host", "a 10.0.0.1:80"), {"a@10.0.0.1:80"}),
        ("cluster", changed("host", "a 10.0.0.1:80"), {"a"}),
        ("route", changed("host", "a 10.0.0.1:80"), set()),
        ("cluster", changed("endpoint", "a"), {"a"}),
        ("endpoint", changed("endpoint", "a"), set()),
        ("route_config", changed("route_config", "r", "virtual_hosts[h].name"), {"r"}),
        ("virtual_host", changed("route_config", "r", "virtual_hosts[h].routes[0].name",
                                 "virtual_hosts[i]", "name"), {"r/h", "r/i"}),
        ("route", changed("route_config", "r", "virtual_hosts[h]"), set()),
    ],
)  # fmt: skip
def test_which_rows_a_change_is_about(listed, change, keys):
    assert changed_keys(listed, [change]) == keys

"""Where each test of a file stands, for errors and failures.

Decision: the values are read without their places, which cost several times as much; the places are
looked for where something is wrong.
"""

from __future__ import annotations

import yaml

from osmscope.plain_yaml import UNREADABLE

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def lines_of_tests(data: bytes) -> tuple[int, ...]:
    """Find the line at which each test begins, from 1; () where that cannot be told.

    Args:
        data: A file of tests in YAML or JSON, which was read before.
    """
    try:
        root = yaml.compose(data.decode(), Loader=_LOADER)
    except UNREADABLE:
        return ()
    fields = root.value if isinstance(root, yaml.MappingNode) else ()
    for key, value in fields:
        if key.value == "tests" and isinstance(value, yaml.SequenceNode):
            return tuple(item.start_mark.line + 1 for item in value.value)
    return ()

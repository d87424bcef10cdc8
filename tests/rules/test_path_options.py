"""Runtime keys of path normalization, as a table of what Envoy 1.40.0 does with them."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.path_options import path_options

NORMALIZE = "http_connection_manager.normalize_path"
ACTION = "http_connection_manager.path_with_escaped_slashes_action"
ENABLED = "http_connection_manager.path_with_escaped_slashes_action_enabled"
FRAGMENT = "envoy.reloadable_features.http_reject_path_with_fragment"
KEEP = "KEEP_UNCHANGED"
DEFAULT = "IMPLEMENTATION_SPECIFIC_DEFAULT"


def manager(**fields: object) -> HttpConnectionManager:
    return msgspec.convert(fields, HttpConnectionManager)


@pytest.mark.parametrize(
    ("configured", "value", "on"),
    [
        (None, 0, False),
        (None, 100, True),
        (None, 200, True),
        (None, "100", True),
        (None, {"numerator": 1, "denominator": "HUNDRED"}, False),
        (False, 100, False),
        (True, 0, True),
    ],
)
def test_normalize_path(configured: bool | None, value: object, on: bool) -> None:
    hcm = manager() if configured is None else manager(normalize_path=configured)
    options = path_options(hcm, {NORMALIZE: value})
    assert options.manager.normalize_path is on


@pytest.mark.parametrize(
    ("configured", "runtime", "action"),
    [
        (None, {ACTION: 1}, KEEP),
        (None, {ACTION: 2}, "REJECT_REQUEST"),
        (None, {ACTION: 3}, "UNESCAPE_AND_REDIRECT"),
        (None, {ACTION: 4}, "UNESCAPE_AND_FORWARD"),
        (None, {ACTION: 5}, KEEP),
        (DEFAULT, {ACTION: 2}, "REJECT_REQUEST"),
        (DEFAULT, {ACTION: 2, ENABLED: 0}, KEEP),
        (KEEP, {ACTION: 2}, KEEP),
        ("REJECT_REQUEST", {ACTION: 4}, "REJECT_REQUEST"),
        ("REJECT_REQUEST", {ENABLED: 0}, KEEP),
        ("REJECT_REQUEST", {ENABLED: 100}, "REJECT_REQUEST"),
    ],
)
def test_escaped_slashes(configured: str | None, runtime: dict[str, object], action: str) -> None:
    fields = {} if configured is None else {"path_with_escaped_slashes_action": configured}
    options = path_options(manager(**fields), runtime)
    assert options.manager.path_with_escaped_slashes_action == action
    assert options.assumptions == ()


@pytest.mark.parametrize(
    ("runtime", "cuts"), [({}, False), ({FRAGMENT: True}, False), ({FRAGMENT: False}, True)]
)
def test_fragments(runtime: dict[str, object], cuts: bool) -> None:
    assert path_options(manager(), runtime).cuts_fragment is cuts


@pytest.mark.parametrize(
    ("fields", "key"),
    [({}, NORMALIZE), ({"path_with_escaped_slashes_action": "REJECT_REQUEST"}, ENABLED)],
)
def test_what_is_drawn_when_the_manager_is_made_is_not_known(
    fields: dict[str, object], key: str
) -> None:
    options = path_options(manager(**fields), {key: 30})
    words = f'the lot that "{key}" draws for a connection manager fell against it'
    assert options.assumptions == (words,)


def test_other_keys_change_nothing() -> None:
    hcm = manager()
    assert path_options(hcm, {"upstream.use_retry": 0}).manager is hcm

"""The options of path normalization that runtime keys decide about.

What Envoy does: `http_connection_manager.normalize_path` counts where the connection manager does
not say, `….path_with_escaped_slashes_action` (2 rejects, 3 redirects, 4 forwards) where it leaves
the action to the implementation; `….path_with_escaped_slashes_action_enabled` may switch an action
off. What a percentage decides is drawn once, when the connection manager is made. A fragment is cut
off where the feature `http_reject_path_with_fragment` is off. Checked against Envoy 1.40.0.
Not modelled: nothing.
"""

from collections.abc import Mapping

import msgspec

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.matcher import FractionalPercent, RuntimeFractionalPercent
from osmscope.rules.runtime_feature import is_on
from osmscope.rules.runtime_fraction import probability
from osmscope.rules.runtime_value import whole_number

_NORMALIZE = RuntimeFractionalPercent(runtime_key="http_connection_manager.normalize_path")
_ACTION = "http_connection_manager.path_with_escaped_slashes_action"
_ENABLED = RuntimeFractionalPercent(
    runtime_key=f"{_ACTION}_enabled", default_value=FractionalPercent(numerator=100)
)
_REJECT_FRAGMENT = "http_reject_path_with_fragment"
_KEYS = frozenset({
    _NORMALIZE.runtime_key, _ACTION, _ENABLED.runtime_key,
    f"envoy.reloadable_features.{_REJECT_FRAGMENT}",
})  # fmt: skip
_LEFT_TO_ENVOY = "IMPLEMENTATION_SPECIFIC_DEFAULT"
_KEEP = "KEEP_UNCHANGED"
_ACTIONS = {2: "REJECT_REQUEST", 3: "UNESCAPE_AND_REDIRECT", 4: "UNESCAPE_AND_FORWARD"}


class PathOptions(msgspec.Struct, frozen=True):
    """What is done to paths."""

    manager: HttpConnectionManager
    """The connection manager, with what the runtime says."""
    cuts_fragment: bool = False
    """Whether a fragment is cut off; else it is refused."""
    assumptions: tuple[str, ...] = ()


def path_options(hcm: HttpConnectionManager, runtime: Mapping[str, object]) -> PathOptions:
    """Return what a connection manager does to paths.

    Args:
        hcm: The connection manager.
        runtime: Runtime keys that are set.
    """
    if _KEYS.isdisjoint(runtime):
        return PathOptions(hcm)
    drawn: list[str] = []
    changes: dict[str, object] = {}
    if hcm.normalize_path is None:
        changes["normalize_path"] = _draw(_NORMALIZE, runtime, drawn)
    action = hcm.path_with_escaped_slashes_action
    if action == _LEFT_TO_ENVOY:
        action = _ACTIONS.get(whole_number(runtime.get(_ACTION)) or 0, _KEEP)
    if action != _KEEP and not _draw(_ENABLED, runtime, drawn):
        action = _KEEP
    return PathOptions(
        msgspec.structs.replace(hcm, path_with_escaped_slashes_action=action, **changes),
        cuts_fragment=not is_on(runtime, _REJECT_FRAGMENT),
        assumptions=tuple(
            f'the lot that "{key}" draws for a connection manager fell against it' for key in drawn
        ),
    )


def _draw(
    fraction: RuntimeFractionalPercent, runtime: Mapping[str, object], drawn: list[str]
) -> bool:
    """Tell whether an option is on; where lots decided it is taken as off, and noted in `drawn`."""
    share = probability(fraction, runtime)
    if 0 < share < 1:
        drawn.append(fraction.runtime_key)
    return share == 1

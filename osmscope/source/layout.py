"""Which file of a snapshot is what: every known tool's folders, told by their paths.

Decision: only paths decide, so that listing a mesh reads no file. A layout is taken as a whole:
loose files are dumps only where no tool's layout is recognised.
"""

import re
from collections.abc import Iterable, Mapping

Place = tuple[str, str, str]
"""Namespace ("" where the path does not tell), pod, and what: config_dump, clusters, …"""

_WHAT = r"(?P<what>config_dump|clusters|listeners|server_info|certs|stats)"
_PACKED = r"(?:\.gz|\.zst)?"
_LAYOUTS = (
    # osmscope's own snapshots
    rf"(?:^|/)pods/(?P<namespace>[^/]+)/(?P<pod>[^/]+)/{_WHAT}\.(?:json|txt){_PACKED}$",
    # osm support bug-report: a file is named like the command that wrote it
    rf"(?:^|/)namespaces/(?P<namespace>[^/]+)/pods/(?P<pod>[^/]+)/commands/osm_proxy_get_{_WHAT}_",
    # istioctl bug-report: a file is named like the admin URL
    rf"(?:^|/)proxies/(?P<namespace>[^/]+)/(?P<pod>[^/]+)/{_WHAT}(?:[?_]include_eds)?$",
    # egctl collect
    rf"(?:^|/)(?P<what>config)-dumps/(?P<namespace>[^/]+)/(?P<pod>[^/]+)\.json{_PACKED}$",
)
_FOLDER_A_POD = re.compile(rf"(?:^|/)(?P<pod>[^/]+)/{_WHAT}(?:\.json|\.txt|\.yaml)?{_PACKED}$")
_LOOSE = re.compile(
    r"(?:(?P<namespace>[^/]+)/)?"
    r"(?:(?P<what>config_dump|clusters)|(?P<pod>[^/]+?)(?:[._-](?P<suffix>config_dump|clusters))?)"
    rf"\.(?:json|ya?ml|txt){_PACKED}$"
)
_OURS = frozenset({"manifest", "services", "pods", "endpointslices"})


def places(paths: Iterable[str]) -> dict[Place, str]:
    """The path of each pod's files.

    Args:
        paths: The paths of all files of a snapshot.
    """
    names = {path: path for path in paths}
    for layout in _LAYOUTS:
        found = _found(re.compile(layout), names)
        if _dumps(found):
            return found
    folders = _found(_FOLDER_A_POD, names)
    loose = {
        place: name
        for place, name in _found(_LOOSE, _below_root(names)).items()
        if place[1] not in _OURS and (place[2] == "clusters" or ".txt" not in name)
    }
    return folders if _dumps(folders) and _dumps(folders) >= _dumps(loose) else loose


def _dumps(found: dict[Place, str]) -> int:
    return sum(what == "config_dump" for _, _, what in found)


def _below_root(names: Mapping[str, str]) -> dict[str, str]:
    """The names below the one folder that an archive packs its files in."""
    roots = {name.partition("/")[0] for name in names}
    if len(roots) != 1 or not all("/" in name for name in names):
        return dict(names)
    return {name.partition("/")[2]: name for name in names}


def _found(layout: re.Pattern[str], names: Mapping[str, str]) -> dict[Place, str]:
    found: dict[Place, str] = {}
    for shown, name in names.items():
        match = layout.search(shown)
        if match is not None:
            parts = match.groupdict()
            what = parts.get("suffix") or parts.get("what") or "config_dump"
            what = "config_dump" if what == "config" else what
            found[parts.get("namespace") or "", parts["pod"] or "config_dump", what] = name
    return found

"""What differs between two JSON values of one Envoy message, by meaning.

Decision: the order of a map's keys is never a difference. Items of a list are the same item where
they have the same name (a virtual host's, a filter's, an endpoint's address); the order of named
items, and of lists that Envoy reads as sets, is a difference only where Envoy reads the list in
order (routes, filters). Without names, equal items are aligned and what is left is told by place.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

Json = object
"""A decoded JSON value."""

SETS = frozenset({
    "additional_addresses", "application_protocols", "cidr_ranges", "direct_source_prefix_ranges",
    "domains", "endpoints", "filter_chains", "headers", "ids", "lb_endpoints",
    "match_subject_alt_names", "match_typed_subject_alt_names", "permissions", "prefix_ranges",
    "principals", "query_parameters", "request_headers_to_remove", "response_headers_to_remove",
    "rules", "server_names", "source_ports", "source_prefix_ranges", "subset_selectors",
    "tls_certificate_sds_secret_configs", "virtual_hosts",
})  # fmt: skip
"""Lists of which Envoy asks only whether something is in them, or how specific it is."""


class Absent(msgspec.Struct, frozen=True):
    """The value of what is not there."""


ABSENT = Absent()


class Change(msgspec.Struct, frozen=True):
    """One difference."""

    path: str
    """Where, as "virtual_hosts[bookstore].routes[0].route.cluster"."""
    before: Json
    """`ABSENT` where it is new."""
    after: Json
    """`ABSENT` where it is gone."""
    moved: bool = False
    """Whether only the order differs; `before` and `after` are then lists of names."""


def changes(before: Json, after: Json, path: str = "") -> Iterator[Change]:
    """List what differs between two values.

    Args:
        before: The one.
        after: The other.
        path: Where both stand.
    """
    # For Python true is 1.
    if before == after and _canonical(before) == _canonical(after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _of_maps(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(before, after, path)
    else:
        yield Change(path, before, after)


def _of_maps(before: Mapping[str, Json], after: Mapping[str, Json], path: str) -> Iterator[Change]:
    for key in dict.fromkeys((*before, *after)):
        here = f"{path}.{key}" if path else key
        yield from changes(before.get(key, ABSENT), after.get(key, ABSENT), here)


def _of_lists(before: list[Json], after: list[Json], path: str) -> Iterator[Change]:
    is_set = path.rpartition(".")[2] in SETS
    old, new = _by_name(before), _by_name(after)
    if old is not None and new is not None:
        yield from _of_named(old, new, path, is_set=is_set)
    elif is_set:
        yield from _of_sets(before, after, path)
    else:
        yield from _in_order(before, after, path)


def _of_named(
    before: Mapping[str, Json], after: Mapping[str, Json], path: str, *, is_set: bool
) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        yield from changes(before.get(name, ABSENT), after.get(name, ABSENT), f"{path}[{name}]")
    kept = [name for name in before if name in after], [name for name in after if name in before]
    if kept[0] != kept[1] and not is_set:
        yield Change(path, *kept, moved=True)


def _of_sets(before: list[Json], after: list[Json], path: str) -> Iterator[Change]:
    old, new = Counter(map(_canonical, before)), Counter(map(_canonical, after))
    gone = [msgspec.json.decode(item) for item in (old - new).elements()]
    come = [msgspec.json.decode(item) for item in (new - old).elements()]
    if len(gone) == len(come) == 1:
        yield from changes(gone[0], come[0], f"{path}[]")
        return
    yield from (Change(f"{path}[]", item, ABSENT) for item in gone)
    yield from (Change(f"{path}[]", ABSENT, item) for item in come)


def _in_order(before: list[Json], after: list[Json], path: str) -> Iterator[Change]:
    matcher = difflib.SequenceMatcher(
        None, [_canonical(item) for item in before], [_canonical(item) for item in after], False
    )
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        paired = min(i2 - i1, j2 - j1)
        for step in range(paired):
            yield from changes(before[i1 + step], after[j1 + step], f"{path}[{j1 + step}]")
        for index in range(i1 + paired, i2):
            yield Change(f"{path}[{index}]", before[index], ABSENT)
        for index in range(j1 + paired, j2):
            yield Change(f"{path}[{index}]", ABSENT, after[index])


def _by_name(items: list[Json]) -> dict[str, Json] | None:
    """Give items by their names; None where one has none, or two have the same."""
    named: dict[str, Json] = {}
    for item in items:
        name = name_of(item)
        if not name or name in named:
            return None
        named[name] = item
    return named


def name_of(item: Json) -> str:
    """Return what tells an item of a list from the others; "" where nothing does."""
    if not isinstance(item, dict):
        return ""
    name = item.get("name")
    if isinstance(name, str) and name:
        return name
    return _header_name(item) or _locality(item) or _address(item)


def _header_name(item: Mapping[str, Json]) -> str:
    header = item.get("header")
    key = header.get("key") if isinstance(header, dict) else None
    return key if isinstance(key, str) else ""


def _locality(item: Mapping[str, Json]) -> str:
    """Name a locality's endpoints: "region/zone/sub_zone, priority 1"."""
    if "lb_endpoints" not in item:
        return ""
    place = item.get("locality")
    parts = place if isinstance(place, dict) else {}
    words = "/".join(str(parts[key]) for key in ("region", "zone", "sub_zone") if key in parts)
    return f"{words or 'no locality'}, priority {item.get('priority', 0)}"


def _address(item: Mapping[str, Json]) -> str:
    """Name an endpoint or an address by its IP and port, or by its pipe."""
    inner: Json = item
    for key in ("endpoint", "address"):
        if isinstance(inner, dict) and isinstance(inner.get(key), dict):
            inner = inner[key]
    socket = inner.get("socket_address") if isinstance(inner, dict) else None
    if isinstance(socket, dict):
        return f"{socket.get('address', '')}:{socket.get('port_value', '')}"
    pipe = inner.get("pipe") if isinstance(inner, dict) else None
    return str(pipe.get("path", "")) if isinstance(pipe, dict) else ""


def _canonical(item: Json) -> bytes:
    return msgspec.json.encode(item, order="sorted")

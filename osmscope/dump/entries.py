"""One resource in one state, and how Envoy's sections hold them.

Decision: a section is read strictly first, all its entries in one pass and their bodies left
undecoded. Only what that refuses is read again entry by entry, tolerantly, and every field that is
unknown or of another type then becomes a gap. So the usual dump costs nothing for it.
"""

from collections.abc import Iterator
from sys import intern

import msgspec

from osmscope.dump.gaps import Gap
from osmscope.dump.states import ErrorState, State

NOTHING = msgspec.Raw()
"""The body of an entry that has none."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One resource in one state."""

    kind: str
    """listener, cluster, route_config, scoped_routes, endpoint, secret or ecds_filter."""
    name: str
    """As the dump has it; "" where it names none."""
    state: State
    place: str
    """The list that it stands in, as "dynamic_listeners"."""
    index: int
    part: str = ""
    """What of the list's item it is, as "active_state"; "" for all of it."""
    body: msgspec.Raw = NOTHING
    """The resource's canonical JSON; of scoped_routes the list; empty if only an error is known."""
    version_info: str = ""
    last_updated: str = ""
    error: ErrorState | None = None
    """The rejected update of this name, at all its states."""
    client_status: str = ""

    @property
    def path(self) -> str:
        """Where it stands in the dump, as "dynamic_listeners[2].active_state"."""
        item = f"{self.place}[{self.index}]"
        return f"{item}.{self.part}" if self.part else item


class Form(msgspec.Struct, frozen=True):
    """How one repeated field of a section holds its resources."""

    kind: str
    body: str
    """The field of an entry that holds the resource."""
    state: State


FORMS: dict[str, Form] = {
    "static_listeners": Form("listener", "listener", State.STATIC),
    "dynamic_listeners": Form("listener", "listener", State.ACTIVE),
    "static_clusters": Form("cluster", "cluster", State.STATIC),
    "dynamic_active_clusters": Form("cluster", "cluster", State.ACTIVE),
    "dynamic_warming_clusters": Form("cluster", "cluster", State.WARMING),
    "static_route_configs": Form("route_config", "route_config", State.STATIC),
    "dynamic_route_configs": Form("route_config", "route_config", State.ACTIVE),
    "inline_scoped_route_configs": Form("scoped_routes", "scoped_route_configs", State.STATIC),
    "dynamic_scoped_route_configs": Form("scoped_routes", "scoped_route_configs", State.ACTIVE),
    "static_endpoint_configs": Form("endpoint", "endpoint_config", State.STATIC),
    "dynamic_endpoint_configs": Form("endpoint", "endpoint_config", State.ACTIVE),
    "static_secrets": Form("secret", "secret", State.STATIC),
    "dynamic_active_secrets": Form("secret", "secret", State.ACTIVE),
    "dynamic_warming_secrets": Form("secret", "secret", State.WARMING),
    "ecds_filters": Form("ecds_filter", "ecds_filter", State.ACTIVE),
}
"""Every repeated field of Envoy's sections."""

KINDS: dict[str, str] = {
    "ListenersConfigDump": "listener",
    "ClustersConfigDump": "cluster",
    "RoutesConfigDump": "route_config",
    "ScopedRoutesConfigDump": "scoped_routes",
    "EndpointsConfigDump": "endpoint",
    "SecretsConfigDump": "secret",
    "EcdsConfigDump": "ecds_filter",
}
"""The kind of resource that a section holds."""


class _ErrorWire(msgspec.Struct, forbid_unknown_fields=True):
    failed_configuration: msgspec.Raw = NOTHING
    last_update_attempt: str = ""
    details: str = ""
    version_info: str = ""


class _ListenerStateWire(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    version_info: str = ""
    listener: msgspec.Raw = NOTHING
    last_updated: str = ""


class _EntryWire(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    type_url: str = msgspec.field(name="@type", default="")
    name: str = ""
    version_info: str = ""
    listener: msgspec.Raw = NOTHING
    cluster: msgspec.Raw = NOTHING
    route_config: msgspec.Raw = NOTHING
    scoped_route_configs: msgspec.Raw = NOTHING
    endpoint_config: msgspec.Raw = NOTHING
    secret: msgspec.Raw = NOTHING
    ecds_filter: msgspec.Raw = NOTHING
    last_updated: str = ""
    client_status: str = ""
    error_state: _ErrorWire | None = None
    active_state: _ListenerStateWire | None = None
    warming_state: _ListenerStateWire | None = None
    draining_state: _ListenerStateWire | None = None


class _Named(msgspec.Struct):
    name: str = ""
    cluster_name: str = ""


_DECODE_ALL = msgspec.json.Decoder(list[_EntryWire])
_DECODE_NAME = msgspec.json.Decoder(_Named)
_WIRES: dict[str, type[msgspec.Struct]] = {
    "error_state": _ErrorWire,
    "active_state": _ListenerStateWire,
    "warming_state": _ListenerStateWire,
    "draining_state": _ListenerStateWire,
}


def read_entries(
    field: str, raw: msgspec.Raw, gaps: list[Gap], *, path: str = ""
) -> Iterator[Entry]:
    """The entries of one repeated field of a section.

    Args:
        field: The field's name, a key of `FORMS`.
        raw: The JSON list it holds.
        gaps: Is told of what is not understood.
        path: Where the list stands, if not in the section's field.

    Yields:
        Each resource in each of its states, in the dump's order.
    """
    form = FORMS[field]
    path = path or field
    try:
        wires = _DECODE_ALL.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        for index, wire in list(_tolerantly(path, raw, gaps)):
            yield from _states(form, wire, path, index, gaps)
        return
    wires.reverse()  # taken from the end, so that each is freed when its entry is made
    for index in range(len(wires)):
        yield from _states(form, wires.pop(), path, index, gaps)


def _states(
    form: Form, wire: _EntryWire, place: str, index: int, gaps: list[Gap]
) -> Iterator[Entry]:
    error = _error(wire.error_state)
    path = f"{place}[{index}]"
    for field, state in (
        ("active_state", State.ACTIVE),
        ("warming_state", State.WARMING),
        ("draining_state", State.DRAINING),
    ):
        held: _ListenerStateWire | None = getattr(wire, field)
        if held is not None:
            yield Entry(
                kind=form.kind,
                name=wire.name or _name_of(held.listener, f"{path}.{field}", gaps),
                state=state,
                place=place,
                index=index,
                part=field,
                body=held.listener,
                version_info=intern(held.version_info),
                last_updated=intern(held.last_updated),
                error=error,
                client_status=wire.client_status,
            )
    body: msgspec.Raw = getattr(wire, form.body)
    name = wire.name or _name_of(body, path, gaps)
    if memoryview(body).nbytes:
        yield Entry(
            kind=form.kind,
            name=name,
            state=form.state,
            place=place,
            index=index,
            body=body,
            version_info=intern(wire.version_info),
            last_updated=intern(wire.last_updated),
            error=error,
            client_status=wire.client_status,
        )
    elif error is None and not _has_states(wire):
        gaps.append(Gap(path, f"an entry without {form.body}"))
    if error is not None:
        yield Entry(
            kind=form.kind,
            name=name,
            state=State.ERROR,
            place=place,
            index=index,
            part="error_state",
            version_info=error.version_info,
            last_updated=error.last_update_attempt,
            error=error,
            client_status=wire.client_status,
        )


def _has_states(wire: _EntryWire) -> bool:
    return any((wire.active_state, wire.warming_state, wire.draining_state))


def _error(wire: _ErrorWire | None) -> ErrorState | None:
    if wire is None:
        return None
    return ErrorState(
        details=wire.details,
        last_update_attempt=wire.last_update_attempt,
        version_info=wire.version_info,
        failed_configuration=wire.failed_configuration,
    )


def _name_of(body: msgspec.Raw, path: str, gaps: list[Gap]) -> str:
    """The name that a resource gives itself; endpoints are named by their cluster."""
    view = memoryview(body)
    if not view.nbytes or view[0] == ord("["):
        return ""
    try:
        named = _DECODE_NAME.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        gaps.append(Gap(path, f"a resource without a readable name: {error}"))
        return ""
    return named.name or named.cluster_name


def _tolerantly(listed: str, raw: msgspec.Raw, gaps: list[Gap]) -> Iterator[tuple[int, _EntryWire]]:
    """Read entries that are not all as known; what is not understood becomes a gap."""
    try:
        items = msgspec.json.decode(raw, type=list[msgspec.Raw] | None)
    except msgspec.ValidationError as error:
        gaps.append(Gap(listed, f"not a list: {error}"))
        return
    for index, item in enumerate(items or ()):
        path = f"{listed}[{index}]"
        wire = _read_known(item, _EntryWire, path, gaps)
        if isinstance(wire, _EntryWire):
            yield index, wire


def _read_known(
    raw: msgspec.Raw, type_: type[msgspec.Struct], path: str, gaps: list[Gap]
) -> msgspec.Struct | None:
    """Read the known fields of an object, each on its own."""
    try:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw] | None)
    except msgspec.ValidationError as error:
        gaps.append(Gap(path, f"not an object: {error}"))
        return None
    fields = {field.encode_name: field for field in msgspec.structs.fields(type_)}
    known: dict[str, object] = {}
    for key, value in (members or {}).items():
        here = f"{path}.{key}"
        if key not in fields:
            gaps.append(Gap(here, "a field that is not known"))
        elif bytes(memoryview(value)[:4]) == b"null":
            continue
        elif key in _WIRES:
            known[key] = _read_known(value, _WIRES[key], here, gaps)
        else:
            field = fields[key]
            try:
                known[field.name] = msgspec.json.decode(value, type=field.type)
            except msgspec.ValidationError as error:
                gaps.append(Gap(here, f"not of the expected type: {error}"))
    return type_(**known)

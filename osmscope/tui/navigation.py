"""How the application goes from place to place: views, history, kinds, resources, pods.

Decision: wherever a user goes, it is a `Location` that the history keeps; nothing opens otherwise.
What traces requests is imported when a request is traced: the first screen is there sooner.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING

from osmscope.report.inventory.document import Ref
from osmscope.report.inventory.inventory import Inventory
from osmscope.report.inventory.kinds import BY_ALIAS, KINDS
from osmscope.report.shell_words import quoted
from osmscope.session.mesh_model import MeshModel
from osmscope.session.places import Place
from osmscope.session.request_form import RequestForm
from osmscope.session.sources import Sidecar
from osmscope.tui import actions
from osmscope.tui.filtering import Filter, parse_filter
from osmscope.tui.location import History, Location
from osmscope.tui.memory import Memory
from osmscope.tui.performing import perform
from osmscope.tui.reading import Reading
from osmscope.tui.settings import Settings
from osmscope.tui.view_screen import ViewScreen
from osmscope.tui.views import make_view

if TYPE_CHECKING:
    from osmscope.session.tracing import SidecarTracer
    from osmscope.session.witnesses import SidecarWitnesses

_MESH_WORDS = ("pods", "pod", "po", "mesh")
_TREE_WORDS = ("tree", "t")


class Navigation(Reading):
    """Knows where the user is."""

    def __init__(
        self,
        mesh: MeshModel,
        now: Callable[[], datetime.datetime],
        settings: Settings,
        memory: Memory,
    ) -> None:
        """Start in the mesh, or in the only sidecar."""
        super().__init__()
        self.mesh, self.now, self.settings, self.memory = mesh, now, settings, memory
        self._views: dict[str, ViewScreen] = {}
        self._inventories: dict[str, Inventory] = {}
        self._tracers: dict[str, tuple[Sidecar, SidecarTracer]] = {}
        self._witnesses: dict[str, tuple[SidecarTracer, SidecarWitnesses]] = {}
        self._request: tuple[RequestForm | None, tuple[str, str] | None] = None, None
        self.marked: Place | None = None
        """A, where something is marked for a comparison."""
        only = next(iter(mesh.members)) if len(mesh.members) == 1 else ""
        start = Location(view="browse", member=only, kind=settings.kind) if only else Location()
        self.history = History(start)

    def inventory(self, key: str) -> Inventory | None:
        """Return what a sidecar has; None while not all of it was read."""
        state = self.mesh.state(key) if key in self.mesh.members else None
        sidecar = state.sidecar if state is not None and state.is_whole else None
        if sidecar is None:
            return None
        known = self._inventories.get(key)
        if known is None or known.proxy is not sidecar.proxy:
            taken = self.mesh.state(key).taken or self.now()
            known = Inventory(sidecar.proxy, now=taken)
            self._inventories[key] = known
        return known

    def tracer(self, key: str) -> SidecarTracer | None:
        """Return what traces requests to a sidecar; None while not all of it was read."""
        state = self.mesh.state(key) if key in self.mesh.members else None
        sidecar = state.sidecar if state is not None and state.is_whole else None
        if sidecar is None:
            return None
        from osmscope.session.tracing import SidecarTracer

        read, known = self._tracers.get(key, (None, None))
        if known is None or read is not sidecar:
            known = SidecarTracer(sidecar)
            self._tracers[key] = sidecar, known
        return known

    def witnesses(self, key: str) -> SidecarWitnesses | None:
        """Return what finds requests that reach a resource; None while not all of it was read."""
        tracer = self.tracer(key)
        if tracer is None:
            return None
        from osmscope.session.witnesses import SidecarWitnesses

        known = self._witnesses.get(key)
        if known is None or known[0] is not tracer:
            known = self._witnesses[key] = tracer, SidecarWitnesses(tracer)
        return known[1]

    async def go(self, location: Location) -> None:
        """Go somewhere; `[` leads back."""
        self._settle()
        self.history.go(location)
        await self._show(location)

    def _settle(self) -> None:
        screen = self.view
        if screen is not None and self.history.present.view == screen.VIEW:
            self.history.settle(screen.place())

    @property
    def view(self) -> ViewScreen | None:
        """The view that is shown, also below a dialog."""
        shown = [screen for screen in self.screen_stack if isinstance(screen, ViewScreen)]
        return shown[-1] if shown else None

    async def _show(self, location: Location) -> None:
        screen = self._views.get(location.view)
        if screen is None:
            screen = self._views[location.view] = make_view(location.view)
            self.install_screen(screen, location.view)
        if self.view is not screen:
            if self.view is None:
                await self.push_screen(screen)
            else:
                await self.switch_screen(screen)
        screen.show(location)

    def called(self, place: Place) -> str:
        """Say what a place is, for a reader."""
        name = self.mesh.members[place.member].name
        inventory = self.inventory(place.member)
        if place.ref is None or inventory is None:
            return name
        return f"{place.ref.kind.replace('_', ' ')} {inventory.title(place.ref)} of {name}"

    async def open_member(self, key: str, kind: str | None = None) -> None:
        """Show a sidecar, with a kind of its resources."""
        if key in self.mesh.members:
            chosen = self.settings.kind if kind is None else kind
            await self.go(Location(view="browse", member=key, kind=chosen))

    async def open_kind(self, kind: str) -> None:
        """Show the resources of a kind of the present sidecar; "" for the tree."""
        member = self.history.present.member or self._under_cursor()
        if member:
            await self.go(Location(view="browse", member=member, kind=kind))

    def _under_cursor(self) -> str:
        return self.view.place().member if self.view is not None else ""

    async def open_resource(self, member: str, ref: Ref) -> None:
        """Show a resource in its kind's table."""
        await self.go(Location(view="browse", member=member, kind=ref.kind, ref=ref))

    async def trace(
        self, member: str, form: RequestForm | None = None, note: tuple[str, str] | None = None
    ) -> None:
        """Trace a request to a sidecar.

        Args:
            member: The sidecar's key.
            form: The request; None for the one that was typed last.
            note: What is to be known of it: a text and the name of its style.
        """
        self._request = form, note
        await self.go(Location(view="trace", member=member))

    def take_request(self) -> tuple[RequestForm | None, tuple[str, str] | None]:
        """Return the request that is to be traced, once."""
        found, self._request = self._request, (None, None)
        return found

    async def open_address(self, address: str) -> None:
        """Show the inbound listener of the pod behind an endpoint.

        Args:
            address: IP:port.
        """
        ip, _, _port = address.rpartition(":")
        member = self.mesh.behind(ip.strip("[]"))
        if member is None:
            self.notify(f"no sidecar of this mesh is known to be at {address}", severity="warning")
            return
        inventory = self.inventory(member.key)
        if inventory is None:
            self.read(member.key)
            await self.open_member(member.key, "listener")
            return
        listener = inventory.inbound(address)
        await self.go(Location(view="browse", member=member.key, kind="listener", ref=listener))

    # What is typed behind ":"

    def command_words(self) -> list[str]:
        """List what can be typed."""
        kinds = [word for kind in KINDS for word in (kind.aliases[-1], *kind.aliases, kind.short)]
        names = [action.name for action in actions.ACTIONS if action.in_palette]
        return [*dict.fromkeys(["pods", "tree", *kinds, *names])]

    async def run_command(self, text: str) -> None:
        """Go to a kind, the mesh or the tree, with a filter if one follows; or do an action."""
        word, _, rest = text.strip().partition(" ")
        rest = rest.strip().removeprefix("/")
        if word in _MESH_WORDS:
            await self.go(Location())
        elif word in _TREE_WORDS:
            await self.open_kind("")
        elif word in BY_ALIAS:
            self.keep_filter(BY_ALIAS[word].name, parse_filter(rest))
            await self.open_kind(BY_ALIAS[word].name)
        elif word in actions.BY_NAME or word == "q":
            await perform(self.screen, "quit" if word == "q" else word)
        elif word:
            self.notify(f"{word!r} is no kind and no action; ctrl+p finds both", severity="warning")

    # Filters are kept while other things are looked at

    def filter_of(self, kind: str) -> Filter:
        """Return the filter of a kind, as it was left."""
        return parse_filter(self.memory.data.filters.get(kind, ""))

    def keep_filter(self, kind: str, wanted: Filter) -> None:
        """Keep the filter of a kind."""
        self.memory.data.filters[kind] = wanted.text

    # Copying

    def copy(self, text: str) -> None:
        """Copy a text to the clipboard of the user's terminal (OSC 52)."""
        self.copy_to_clipboard(text)
        first = text.split("\n", 1)[0]
        lines = text.count("\n") + 1
        shown = first if len(first) <= 60 else first[:59] + "…"
        self.notify(f"copied {shown if lines == 1 else f'{lines} lines'}")

    def command(self, words: str, member: str, *names: str) -> str:
        """Write the command that asks a sidecar the same in a shell."""
        found = self.mesh.members[member]
        parts = ["osmscope", *words.split()]
        if found.source is not None:
            parts.append(found.source)
        options = found.options
        for option, value in (
            ("--from", options.from_), ("--dump", options.dump), ("--clusters", options.clusters),
            ("--kubeconfig", options.kubeconfig), ("--context", options.context),
            ("--namespace", options.namespace),
        ):  # fmt: skip
            parts += [option, value] if value is not None else []
        return " ".join(map(quoted, [*parts, *names]))

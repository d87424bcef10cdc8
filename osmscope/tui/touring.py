"""The tour of the bookstore: a bar that says what to press, over the screens as they are.

Decision: it never stands in the way. Everything can be done while it goes on; where the user went
another way, it waits. It looks at the screen a few times a second, because that is what its steps
are judged by, and only while it goes on.
"""

from __future__ import annotations

from textual.binding import Binding
from textual.timer import Timer
from textual.widgets import Input

from osmscope.report.inventory.document import Ref
from osmscope.session.places import Place
from osmscope.session.request_form import RequestForm
from osmscope.tui import actions
from osmscope.tui.location import Location
from osmscope.tui.navigation import Navigation
from osmscope.tui.performing import perform
from osmscope.tui.tour_bar import TourBar
from osmscope.tui.tour_steps import BUYER, CLUSTER, ELSEWHERE, END, STEPS, STORE, Scene

_OFTEN = 0.15
"""Seconds between two looks at the screen."""
_FIRST = f"{CLUSTER}1|14001"
_VALUES = {
    "target": "bookstore-v1:14001/update-books-bought", "method": "POST", "direction": "inbound",
    "sni": "bookstore-v1.bookstore.svc.cluster.local", "alpn": "osm",
    "client_cert_dns": "bookwarehouse.bookwarehouse.cluster.local", "client_cert_trusted": "yes",
}  # fmt: skip
_ARRIVES = RequestForm(_VALUES)
_LOST = RequestForm({**_VALUES, "target": f"{_VALUES['target']}/nope"})
"""The request of the tour, before and after its path is another one."""


class Touring(Navigation):
    """Leads through the bookstore."""

    step: int | None = None
    """The present step of the tour, `len(STEPS)` at its end; None while there is none."""
    _looks: Timer | None = None
    _drawn: object = None
    _was_done = False

    def can_tour(self) -> bool:
        """Whether what is open is what the tour leads through."""
        names = [member.name for member in self.mesh.members.values()]
        starts = [sum(name.startswith(start) for name in names) for start in (BUYER, STORE)]
        return self.mesh.title == "demo" and all(starts)

    async def action_tour(self) -> None:
        """Begin the tour."""
        self._close_prompt()
        self.step, self._drawn = 0, None
        await self.go(Location(member=self._member(BUYER)))
        if self._looks is None:
            self._looks = self.set_interval(_OFTEN, self.look)
        self.look()

    def end_tour(self) -> bool:
        """End the tour, and do not begin it again by itself; False where there is none."""
        if self.step is None:
            return False
        was_left = self.step < len(STEPS)
        self.step = None
        self.memory.data.has_seen_tour = True
        if self._looks is not None:
            self._looks.stop()
            self._looks = None
        for view in self._views.values():
            for bar in view.query(TourBar):
                bar.close()
        if was_left:
            self.notify(f"{self.key_of('tour')} takes the tour again", timeout=4)
        return True

    def look(self) -> None:
        """See whether the present step was done, and show what to do next."""
        if self.step is None or self.view is None or not self.view.is_mounted:
            return
        scene = self._scene()
        is_done = self.step < len(STEPS) and STEPS[self.step].is_done(scene)
        was_done, self._was_done = self._was_done, is_done
        if is_done and was_done:  # what is seen once may pass
            self.step, self._was_done = self.step + 1, False
            self.memory.data.has_seen_tour |= self.step == len(STEPS)
        drawn = (self.step, self._is_here(scene), self.view, self.size)
        if drawn != self._drawn:
            self._drawn = drawn
            self._draw(is_here=drawn[1])

    def _is_here(self, scene: Scene) -> bool:
        assert self.step is not None
        return self.step == len(STEPS) or STEPS[self.step].is_here(scene)

    def _draw(self, *, is_here: bool) -> None:
        assert self.step is not None
        assert self.view is not None
        title, texts = "Tour: the end", END
        if self.step < len(STEPS):
            step = STEPS[self.step]
            title = f"Tour {self.step + 1}/{len(STEPS)}"
            texts = (step.does, step.shows) if is_here else ELSEWHERE
        self.view.query_one(TourBar).show(title, texts, self.key_of)

    def key_of(self, name: str) -> str:
        """Return the key of an action, as it is shown."""
        keys = self.settings.keys().get(name, actions.BY_NAME[name].keys)
        return self.get_key_display(Binding(keys[0], name))

    def _scene(self) -> Scene:
        """Look at the screen."""
        view = self.view
        assert view is not None
        place = view.place()
        member = self.mesh.members.get(place.member)
        above = self.screen is not view
        return Scene(
            view=view.VIEW,
            pod="" if member is None else member.name,
            kind=place.kind,
            ref="" if place.ref is None else place.ref.key,
            is_part=place.scope is not None,
            sign=view.sign,
            is_editing=isinstance(view.focused, Input) and not view.prompt.is_open,
            dialog=str(getattr(self.screen, "CONTEXT", "")) if above else "",
        )

    async def action_tour_next(self) -> None:
        """Do the present step for the user, or lead back to where it can be done."""
        if self.step is None:
            return
        self._close_prompt()
        if self.step == len(STEPS):
            self.end_tour()
            return
        scene = self._scene()
        if STEPS[self.step].is_here(scene):
            await self._do(STEPS[self.step].name)
        else:
            await self._do(STEPS[self.step - 1].name if self.step else "")
        self.look()

    def _close_prompt(self) -> None:
        if self.view is not None and self.view.prompt.is_open:
            self.view.prompt.give_up()

    def _member(self, start: str) -> str:
        return next(key for key, one in self.mesh.members.items() if one.name.startswith(start))

    async def _do(self, name: str) -> None:
        """Do a step, wherever the user is; "" leads to the start of the first."""
        buyer, store = self._member(BUYER), self._member(STORE)
        cluster = Ref("cluster", _FIRST)
        match name:
            case "mesh":
                await self.open_member(buyer, "cluster")
            case "sidecar":
                await self.go(Location(view="browse", member=buyer, kind="route"))
            case "route":
                await self.open_resource(buyer, cluster)
            case "cluster":
                place = Location(view="browse", member=buyer, kind="endpoint", scope=cluster)
                await self.go(place)
            case "endpoint":
                await self.open_address(f"{self.mesh.members[store].addresses[0]}:14001")
            case "problems":
                await self.go(Location(view="problems", member=store))
            case "compare":
                pods = [key for key in self.mesh.members if key != buyer]
                await self.go(Location(view="compare", member=buyer, against=Place(pods[0])))
            case "help":
                await perform(self.screen, "help")
            case "":
                await self.go(Location(member=buyer))
            case _:
                await self._ask(store, name)

    async def _ask(self, store: str, name: str) -> None:
        """Show the trace as it is behind a step."""
        if name != "trace" or self.view is None or self.view.VIEW != "trace":
            await self.trace(store, _LOST if name == "path" else _ARRIVES)
        if name == "trace":
            self.call_after_refresh(lambda: perform(self.screen, "edit"))

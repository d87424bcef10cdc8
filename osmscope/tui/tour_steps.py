"""The steps of the tour: what to press, what is to be seen, and how it is noticed that it was done.

Decision: a step is judged by what the screen shows, never by which keys were pressed, so every way
that leads there counts. Keys stand in the texts by the names of their actions, in braces: a user's
keymap may have moved them.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

BUYER = "bookbuyer"
STORE = "bookstore-v"
CLUSTER = "bookstore/bookstore-v"
"""How the names begin of the pods and clusters that the tour visits."""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What is seen: the facts by which steps are judged."""

    view: str = ""
    pod: str = ""
    """The name of the pod that is looked at."""
    kind: str = ""
    """The kind of resource that is listed."""
    ref: str = ""
    """The key of the resource under the cursor."""
    is_part: bool = False
    """Whether only parts of one resource are listed."""
    sign: str = ""
    """How the traced request ends: good, bad or unknown; "" while that is not known."""
    is_editing: bool = False
    """Whether the fields of the request have the focus."""
    dialog: str = ""
    """The context of the dialog above the view."""


Judged = Callable[[Scene], bool]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step."""

    name: str
    does: str
    """What to press."""
    shows: str
    """What is to be seen where the step begins."""
    is_here: Judged = lambda _: True
    """Whether the step can be done where the user is."""
    is_done: Judged


def _browses(scene: Scene, pod: str, kind: str = "") -> bool:
    return scene.view == "browse" and scene.pod.startswith(pod) and kind in ("", scene.kind)


STEPS: tuple[Step, ...] = (
    Step(
        name="mesh",
        does="{follow} opens the sidecar of bookbuyer",
        shows="The bookstore's pods. The Envoy beside each decides where requests go.",
        is_here=lambda scene: scene.view == "mesh",
        is_done=lambda scene: _browses(scene, BUYER),
    ),
    Step(
        name="sidecar",
        does="{command_line} then r ⏎ lists its routes",
        shows="One sidecar: its clusters, and in words the one under the cursor.",
        is_here=lambda scene: _browses(scene, BUYER),
        is_done=lambda scene: _browses(scene, BUYER, "route"),
    ),
    Step(
        name="route",
        does="{down} to the second, {follow} to where it leads",
        shows="Routes. Of what is sent to bookstore, half goes to v1 and half to v2.",
        is_here=lambda scene: _browses(scene, BUYER, "route"),
        is_done=lambda scene: _browses(scene, BUYER, "cluster") and scene.ref.startswith(CLUSTER),
    ),
    Step(
        name="cluster",
        does="{follow} goes on to its endpoints",
        shows="References are links. {history_back} leads back, {referrers} shows who refers here.",
        is_here=lambda scene: _browses(scene, BUYER, "cluster"),
        is_done=lambda scene: _browses(scene, BUYER, "endpoint") and scene.is_part,
    ),
    Step(
        name="endpoint",
        does="{follow} goes on to the pod behind it",
        shows="The addresses that the cluster sends requests to, and how healthy they are.",
        is_here=lambda scene: _browses(scene, BUYER, "endpoint"),
        is_done=lambda scene: _browses(scene, STORE, "listener"),
    ),
    Step(
        name="other pod",
        does="{trace} traces a request that reaches it",
        shows="The sidecar at the other end, and its listener for what comes in.",
        is_here=lambda scene: _browses(scene, STORE),
        is_done=lambda scene: scene.view == "trace" and scene.sign == "good",
    ),
    Step(
        name="trace",
        does="{edit} goes to the fields of the request",
        shows="Its path, as Envoy decides. {follow} on a ▸ line unfolds what lost there, and why.",
        is_here=lambda scene: scene.view == "trace",
        is_done=lambda scene: scene.view == "trace" and scene.is_editing,
    ),
    Step(
        name="path",
        does="type /nope, and see it land elsewhere",
        shows="What you type is traced at every key.",
        is_here=lambda scene: scene.view == "trace" and scene.is_editing,
        is_done=lambda scene: scene.view == "trace" and scene.sign == "bad",
    ),
    Step(
        name="near miss",
        does="⏎, then {correct_1} takes the first way out",
        shows="Envoy itself answers now: 404. What would have fit is listed, one key away.",
        is_here=lambda scene: scene.view == "trace",
        is_done=lambda scene: scene.view == "trace" and scene.sign == "good",
    ),
    Step(
        name="problems",
        does="{history_back} back, {problems} lists what is wrong",
        shows="It arrives again. {copy_trace} copies the command, {save_test} saves it as a test.",
        is_here=lambda scene: scene.view in ("trace", "browse", "mesh"),
        is_done=lambda scene: scene.view == "problems",
    ),
    Step(
        name="compare",
        does="{command_line} pods ⏎, {mark}, {down}, {compare} compares two",
        shows="What is rejected, warming, unhealthy or expiring would be here: nothing is.",
        is_done=lambda scene: scene.view == "compare",
    ),
    Step(
        name="help",
        does="{help} shows all that can be done, esc closes",
        shows="What differs by meaning, not by order or version. {follow} opens one of them.",
        is_done=lambda scene: scene.dialog == "help",
    ),
)
"""All steps, in order."""

END = (
    "That was all. {tour} begins again, {quit} leaves",
    "Now your own: osmscope tui, or osmscope tui config_dump.json",
)
ELSEWHERE = (
    "{tour_next} leads back to the tour",
    "You went another way. Look around: the tour waits.",
)
"""What is said where the present step cannot be done."""

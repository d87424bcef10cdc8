"""The one registry of actions, behind keys, footer, help, palette and the user's keymap.

Decision: an action has a name, and keys are data beside it. A class that acts names its context
and has a method `action_NAME` for each action of that context; its bindings come from here alone.
A test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from textual.binding import BindingType


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Something a user can do."""

    name: str
    keys: tuple[str, ...]
    """Textual's names of keys; the first is the one that is shown."""
    label: str
    """One or two words, for the footer."""
    words: str
    """A sentence, for the help and the palette."""
    where: tuple[str, ...]
    """The contexts in which it can be done; see `CONTEXTS`."""
    in_footer: bool = False
    in_palette: bool = True
    is_priority: bool = False
    """Whether its keys win over what a focused field makes of them."""


class Context(msgspec.Struct, frozen=True):
    """Where actions are possible: a screen or a widget."""

    title: str
    module: str
    """Within `osmscope.tui`."""
    class_name: str
    around: tuple[str, ...] = ()
    """The contexts whose actions are possible there as well."""


_VIEW = ("app",)
_PANE = ("list", "mesh", "browse", "app")
CONTEXTS: Mapping[str, Context] = {
    "app": Context("Everywhere", "app", "ScopeApp"),
    "mesh": Context("The mesh", "mesh_screen", "MeshScreen", _VIEW),
    "browse": Context("One sidecar", "browse_screen", "BrowseScreen", _VIEW),
    "trace": Context("Tracing a request", "trace_screen", "TraceScreen", ("path", "list", "app")),
    "path": Context("The path of a request", "trace_list", "TraceList", ("list", "trace", "app")),
    "listing": Context("Lists of the mesh", "list_view", "ListView", _VIEW),
    "compare": Context("A and B", "compare_screen", "CompareScreen", ("listing", "app")),
    "list": Context("Lists", "line_list", "LineList", _PANE[1:]),
    "table": Context("Tables", "table_list", "TableList", _PANE),
    "tree": Context("The tree", "tree_list", "TreeList", _PANE),
    "detail": Context("The detail pane", "detail_pane", "DetailPane", _PANE),
    "help": Context("This help", "help_screen", "HelpScreen"),
    "query": Context("JMESPath", "query_screen", "QueryScreen"),
    "both": Context("A and B traced", "trace_both_screen", "TraceBothScreen"),
    "jump": Context("Jumping", "jump_screen", "JumpScreen"),
    "choice": Context("A choice", "choice_screen", "ChoiceScreen"),
}
"""All contexts by name."""

ACTIONS: tuple[Action, ...] = (
    # Everywhere
    Action(
        name="help", keys=("question_mark", "f1"), label="help",
        words="Show what can be done here, with its keys", where=("app",), in_footer=True,
    ),
    Action(
        name="palette", keys=("ctrl+p",), label="find",
        words="Find any resource and any command", where=("app",), in_footer=True,
        in_palette=False, is_priority=True,
    ),
    Action(
        name="command_line", keys=("colon",), label="go to",
        words="Go to a kind of resource by its name or alias, and to one of that name",
        where=("app",), in_footer=True,
    ),
    Action(
        name="history_back", keys=("left_square_bracket",), label="back",
        words="Go back to where you were", where=("app",),
    ),
    Action(
        name="history_forward", keys=("right_square_bracket",), label="forth",
        words="Go forth again", where=("app",),
    ),
    Action(
        name="leave", keys=("escape",), label="up",
        words="Close, stop, clear the filter, or go up, whichever comes first",
        where=("app",), in_palette=False,
    ),
    Action(
        name="theme", keys=("f2",), label="theme",
        words="Change the theme: dark, light, high contrast, 16 colours", where=("app",),
    ),
    Action(
        name="tour", keys=("f4",), label="tour",
        words="Take the tour of two minutes, from its first step", where=("app",),
    ),
    Action(
        name="tour_next", keys=("ctrl+n",), label="next step",
        words="Let the tour do its step, or lead back to it", where=("app",), in_palette=False,
        is_priority=True,
    ),
    Action(
        name="quit", keys=("q", "ctrl+q"), label="quit", words="Leave osmscope", where=("app",),
    ),
    # Lists
    Action(
        name="down", keys=("j", "down"), label="down", words="Go down a line", where=("list",),
        in_palette=False,
    ),
    Action(
        name="up", keys=("k", "up"), label="up", words="Go up a line", where=("list",),
        in_palette=False,
    ),
    Action(
        name="half_down", keys=("ctrl+d",), label="half a page down",
        words="Go down half a page", where=("list",), in_palette=False,
    ),
    Action(
        name="half_up", keys=("ctrl+u",), label="half a page up",
        words="Go up half a page", where=("list",), in_palette=False,
    ),
    Action(
        name="page_down", keys=("pagedown", "ctrl+f", "space"), label="page down",
        words="Go down a page", where=("list",), in_palette=False,
    ),
    Action(
        name="page_up", keys=("pageup", "ctrl+b"), label="page up", words="Go up a page",
        where=("list",), in_palette=False,
    ),
    Action(
        name="top", keys=("g", "home"), label="top", words="Go to the first line",
        where=("list",), in_palette=False,
    ),
    Action(
        name="bottom", keys=("G", "end"), label="bottom", words="Go to the last line",
        where=("list",), in_palette=False,
    ),
    Action(
        name="follow", keys=("enter", "o"), label="follow",
        words="Follow the reference: to what this leads to", where=("list",), in_footer=True,
    ),
    Action(
        name="next_match", keys=("n",), label="next match", words="Go to the next match",
        where=("list",), in_palette=False,
    ),
    Action(
        name="previous_match", keys=("N",), label="previous match",
        words="Go to the match before", where=("list",), in_palette=False,
    ),
    # Tables
    Action(
        name="wide", keys=("w",), label="wide",
        words="Show all columns, or those that matter and fit", where=("table",),
    ),
    Action(
        name="sort", keys=("s",), label="sort", words="Sort by the next column; after the last, "
        "in Envoy's order again", where=("table",),
    ),
    # The tree and the detail pane
    Action(
        name="expand", keys=("l", "right"), label="open", words="Open a branch, or go into it",
        where=("tree",), in_palette=False,
    ),
    Action(
        name="collapse", keys=("h", "left"), label="close",
        words="Close a branch, or go to what holds it", where=("tree",), in_palette=False,
    ),
    Action(
        name="scroll_right", keys=("l", "right"), label="right", words="Show what is to the right",
        where=("detail",), in_palette=False,
    ),
    Action(
        name="scroll_left", keys=("h", "left"), label="left", words="Show what is to the left",
        where=("detail",), in_palette=False,
    ),
    # Views
    Action(
        name="filter", keys=("slash",), label="filter",
        words="Filter: a regular expression, !inverse, -f fuzzy; in the detail pane, search",
        where=("mesh", "browse", "listing", "compare"), in_footer=True,
    ),
    Action(
        name="referrers", keys=("O",), label="who refers",
        words="Show who refers to this", where=("browse",), in_footer=True,
    ),
    Action(
        name="form", keys=("v",), label="words/YAML/JSON",
        words="Show the resource in words, as YAML or as JSON", where=("browse",), in_footer=True,
    ),
    Action(
        name="next_kind", keys=("tab",), label="next kind",
        words="Show the next kind of resource", where=("browse",), in_palette=False,
    ),
    Action(
        name="previous_kind", keys=("shift+tab",), label="kind before",
        words="Show the kind of resource before", where=("browse",), in_palette=False,
    ),
    Action(
        name="other_pane", keys=("ctrl+w", "i"), label="other pane",
        words="Go from the list to the detail pane and back",
        where=("browse", "listing", "compare"), in_footer=True,
    ),
    Action(
        name="zoom", keys=("z",), label="zoom",
        words="Give the detail pane the whole screen, half of it, or nothing", where=("browse",),
    ),
    Action(
        name="tree", keys=("0",), label="tree", words="Show the sidecar as a tree",
        where=("browse",),
    ),
    Action(
        name="query", keys=("J",), label="JMESPath",
        words="Ask the sidecar's dump a JMESPath question; the answer is live",
        where=("browse",),
    ),
    Action(
        name="refresh", keys=("r",), label="refresh", words="Read the sidecar again",
        where=("mesh", "browse"),
    ),
    Action(
        name="jump", keys=("asterisk",), label="jump",
        words="Jump: letters appear on everything that can be reached", where=("app",),
    ),
    Action(
        name="copy_name", keys=("y",), label="copy name",
        words="Copy the name (OSC 52: works over ssh)",
        where=("mesh", "browse", "listing", "compare"), in_footer=True,
    ),
    Action(
        name="copy_json", keys=("Y",), label="copy JSON", words="Copy the resource as JSON",
        where=("browse",),
    ),
    Action(
        name="copy_command", keys=("c",), label="copy command",
        words="Copy the command that lists the same in a shell", where=("mesh", "browse"),
    ),
    Action(
        name="open_pager", keys=("e",), label="pager",
        words="Open the resource's JSON in $PAGER", where=("browse",),
    ),
    # Comparing and collecting
    Action(
        name="mark", keys=("m",), label="mark A",
        words="Mark this as A, to compare it with another; again takes the mark away",
        where=("mesh", "browse"), in_footer=True,
    ),
    Action(
        name="compare", keys=("d",), label="compare with A",
        words="Compare A with this: what differs by meaning", where=("mesh", "browse"),
    ),
    Action(
        name="swap", keys=("x",), label="swap", words="Let A be B, and B be A",
        where=("compare",), in_footer=True,
    ),
    Action(
        name="trace_both", keys=("t",), label="trace both",
        words="Trace one request through A and through B: a target, or a curl command",
        where=("compare",), in_footer=True,
    ),
    Action(
        name="problems", keys=("exclamation_mark",), label="problems",
        words="List what is rejected, warming, dangling, unhealthy or expiring",
        where=("mesh", "browse"), in_footer=True,
    ),
    Action(
        name="certificates", keys=("X",), label="certificates",
        words="List the certificates by the time at which they expire",
        where=("mesh", "browse"),
    ),
    Action(
        name="updates", keys=("u",), label="changes",
        words="List what changed while it was looked at", where=("mesh", "browse"),
    ),
    Action(
        name="read_all", keys=("R",), label="read all",
        words="Read all sidecars, whole, one after another", where=("mesh",),
    ),
    # Tracing
    Action(
        name="trace", keys=("t",), label="trace",
        words="Trace a request: from a resource, one that reaches it",
        where=("mesh", "browse"), in_footer=True,
    ),
    Action(
        name="edit", keys=("i", "tab"), label="edit", words="Go to the fields of the request",
        where=("path",), in_footer=True, in_palette=False,
    ),
    Action(
        name="more_fields", keys=("m", "f3"), label="more fields",
        words="Show or hide the fields that are seldom needed", where=("trace",), in_footer=True,
    ),
    Action(
        name="unfold_all", keys=("w",), label="all losers",
        words="Show or hide the losers of all decisions", where=("trace",), in_footer=True,
    ),
    *(
        Action(
            name=f"correct_{number}", keys=(str(number),), label=f"correct {number}",
            words=f"Change the request as near miss {number} says", where=("trace",),
            in_palette=False,
        )
        for number in range(1, 6)
    ),
    Action(
        name="open_resource", keys=("b",), label="resource",
        words="Show the resource of this line among the others", where=("trace",), in_footer=True,
    ),
    Action(
        name="copy_trace", keys=("c",), label="copy command",
        words="Copy the `osmscope trace` command that asks the same", where=("trace",),
        in_footer=True,
    ),
    Action(
        name="copy_curl", keys=("C",), label="copy curl",
        words="Copy the request as a curl command", where=("trace",),
    ),
    Action(
        name="copy_request", keys=("J",), label="copy JSON",
        words="Copy the request as a line of --requests", where=("trace",),
    ),
    Action(
        name="save_test", keys=("s",), label="save test",
        words="Add the request and where it lands to a file of tests", where=("trace",),
        in_footer=True,
    ),
    Action(
        name="request_history", keys=("H",), label="history",
        words="Choose one of the requests that were asked before", where=("trace",),
        in_footer=True,
    ),
    Action(
        name="verify", keys=("V",), label="verify",
        words="Ask a real Envoy the same, and say whether it agrees", where=("trace",),
    ),
    # Dialogs
    Action(
        name="close", keys=("escape",), label="close", words="Close", in_footer=True,
        where=("help", "choice", "query", "jump", "both"), in_palette=False,
    ),
)  # fmt: skip
"""All actions."""

BY_NAME = {action.name: action for action in ACTIONS}
"""Actions by name, which is what a keymap refers to."""


def clash(keymap: Mapping[str, tuple[str, ...]]) -> tuple[str, str, str] | None:
    """Find a key that would mean two things in one place.

    Args:
        keymap: The keys of the actions that have others than their own.

    Returns:
        The key, and the names of two actions; None where there is none.
    """
    for name, context in CONTEXTS.items():
        places = {name, *context.around}
        taken: dict[str, str] = {}
        for action in ACTIONS:
            if not places & set(action.where):
                continue
            for key in keymap.get(action.name, action.keys):
                if taken.setdefault(key, action.name) != action.name:
                    return key, taken[key], action.name
    return None


def bindings(context: str) -> list[BindingType]:
    """Make the bindings of a context, for a class's BINDINGS."""
    from textual.binding import Binding

    return [
        Binding(
            ",".join(action.keys), action.name, action.label, id=action.name,
            show=action.in_footer, priority=action.is_priority, tooltip=action.words,
        )
        for action in ACTIONS
        if context in action.where
    ]  # fmt: skip

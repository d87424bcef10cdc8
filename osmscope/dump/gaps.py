"""What was not understood: a value that travels with every answer.

Decision: nothing that is new to us fails a load, and nothing is dropped without a word. Whoever
reads a part of a dump and meets something unknown records a `Gap` and goes on; whoever answers a
question shows the gaps that lie on its way.
"""

import msgspec


class Gap(msgspec.Struct, frozen=True):
    """Something in a dump that was not understood."""

    path: str
    """Where it stands, as "dynamic_listeners[2].active_state", or the name of a section."""
    what: str
    """What it is and what became of it, in words."""

"""One name for a dump, wherever it is: a file, standard input or an admin address."""

from osmscope.source.admin import DEADLINE, is_admin_address, read_admin
from osmscope.source.files import Source, read_bytes


def read_location(location: str, what: str, *, deadline: float = DEADLINE) -> Source:
    """Read what a user named.

    Args:
        location: A path, "-", or the admin address of an Envoy ("http://…", "unix://…").
        what: "config_dump" or "clusters": what to ask an Envoy for.
        deadline: Seconds for the answer of an Envoy.

    Raises:
        SourceError: It cannot be read.
    """
    if is_admin_address(location):
        return read_admin(location, what, deadline=deadline)
    return read_bytes(location)

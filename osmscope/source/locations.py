"""One name for a dump, wherever it is: a file, standard input or an admin address."""

from osmscope.source.admin import is_admin_address, read_admin
from osmscope.source.files import Source, read_bytes


def read_location(location: str, what: str) -> Source:
    """Read what a user named.

    Args:
        location: A path, "-", or the admin address of an Envoy ("http://…", "unix://…").
        what: "config_dump" or "clusters": what to ask an Envoy for.

    Raises:
        SourceError: It cannot be read.
    """
    return read_admin(location, what) if is_admin_address(location) else read_bytes(location)

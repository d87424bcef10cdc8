"""Server names: which of the `server_names` that filter chains ask for stand for an SNI.

What Envoy does: names are compared in lower case; `*.example.com` stands for every name below
`example.com`, over any number of labels, and not for `example.com` itself. The exact name is
looked up first, then the wildcards from the longest to the shortest.
Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from collections.abc import Iterator


def server_name_key(configured: str) -> str:
    """Return the key that a configured name is filed under: `.example.com` for `*.example.com`."""
    name = configured.lower()
    return name[1:] if name.startswith("*.") else name


def server_name_keys(server_name: str) -> Iterator[str]:
    """List the keys that stand for an SNI, in the order in which Envoy looks them up.

    Args:
        server_name: The SNI in lower case; "" where there is none, which no key stands for.
    """
    if not server_name:
        return
    yield server_name
    # A leading or trailing dot starts no wildcard.
    dot = server_name.find(".", 1)
    while 0 <= dot < len(server_name) - 1:
        yield server_name[dot:]
        dot = server_name.find(".", dot + 1)

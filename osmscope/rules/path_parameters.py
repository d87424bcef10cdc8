"""Path parameters: `;x=1` at the end of a path's segment.

What Envoy does: where a route configuration says `ignore_path_parameters_in_path_matching`, each
`;` with what follows it, up to the next `/`, is not looked at by path matchers; what is forwarded
keeps it. Checked against Envoy 1.40.0. Not modelled: Envoy before 1.38.4, which cut everything from
the first `;` on.
"""

import re

_PARAMETERS = re.compile(r";[^/]*")


def without_path_parameters(path: str) -> str:
    """Drop the path parameters: '/a;x=1/b;y' becomes '/a/b'."""
    return _PARAMETERS.sub("", path)

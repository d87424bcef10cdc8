"""Header mutations that run before the connection manager looks at the headers.

What Envoy does: the extensions run in order, before anything else that reads the headers: what
they add is sanitized like what a client sends.
Checked against Envoy 1.40.0. Not modelled: extensions of other types, which are assumed to change
nothing.
"""

from __future__ import annotations

from osmscope.resources.extension import decode_extension
from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.http_filters.header import EarlyHeaderMutation
from osmscope.rules.facts import Request
from osmscope.rules.mutation_rules import assumptions, mutate
from osmscope.rules.substitution_format import FormatContext


def mutate_early(hcm: HttpConnectionManager, request: Request) -> tuple[Request, tuple[str, ...]]:
    """Return the request after early mutations, and what had to be assumed."""
    assumed: list[str] = []
    for extension in hcm.early_header_mutation_extensions:
        config = decode_extension(extension)
        if not isinstance(config, EarlyHeaderMutation):
            assumed.append(f'the early header mutation "{extension.name}" changes nothing')
            continue
        mutated = mutate(config.mutations, FormatContext(request=request))
        request = request.with_headers(mutated.headers)
        assumed.extend(assumptions(mutated))
    return request, tuple(assumed)

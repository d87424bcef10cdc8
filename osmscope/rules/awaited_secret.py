"""TLS to an endpoint whose secret Envoy still waits for.

What Envoy does: a certificate, or a validation context, that comes by SDS and has not come leaves
the transport socket without TLS: each connection fails, 503 (UF), of a `tcp_proxy` UF,URX. A
cluster of the bootstrap does not wait for its secrets, one by CDS only for a while. The dump lists
such a secret as warming. Checked against Envoy 1.40.0. Not modelled: secrets inside other
transport sockets than TLS.
"""

from collections.abc import Callable, Iterator

from osmscope.resources.resource import Resource
from osmscope.resources.transport_socket import UpstreamTlsContext
from osmscope.rules.local_reply import LocalReply

_DETAILS = (
    "upstream_reset_before_response_started{remote_connection_failure"
    "|TLS_error:_Secret_is_not_supplied_by_SDS}"
)


def awaited_secrets(configuration: Resource, is_awaited: Callable[[str], bool]) -> Iterator[str]:
    """Name the secrets that a transport socket lacks.

    Args:
        configuration: What `transport_socket_of` chose.
        is_awaited: Tells of a name whether its secret is asked for and was not delivered.
    """
    if isinstance(configuration, UpstreamTlsContext):
        common = configuration.common_tls_context
        names = [secret.name for secret in common.tls_certificate_sds_secret_configs]
        names.append(common.validation_secret())
        yield from (name for name in names if name and is_awaited(name))


def without_secret(names: tuple[str, ...], *, of_request: bool) -> LocalReply:
    """Return what becomes of a request, or of a connection, whose endpoint lacks secrets."""
    listed = ", ".join(f'"{name}"' for name in names)
    reason = f"SDS has not delivered the secret {listed}: no TLS to the endpoint"
    if not of_request:
        return LocalReply(code=0, flags=("UF", "URX"), reason=reason)
    return LocalReply(code=503, flags=("UF",), details=_DETAILS, reason=reason)

"""TLS without its secrets, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.resource import Resource
from osmscope.resources.transport_socket import RawBuffer, UpstreamTlsContext
from osmscope.rules.awaited_secret import awaited_secrets, without_secret


def tls(**common: object) -> UpstreamTlsContext:
    return msgspec.convert({"common_tls_context": common}, UpstreamTlsContext)


CERTIFICATE = {"tls_certificate_sds_secret_configs": [{"name": "cert"}]}
AUTHORITY = {"validation_context_sds_secret_config": {"name": "ca"}}
COMBINED = {"combined_validation_context": AUTHORITY}


@pytest.mark.parametrize(
    ("configuration", "awaited", "missing"),
    [
        (RawBuffer(), {"cert"}, ()),
        (tls(), {"cert"}, ()),
        (tls(**CERTIFICATE), {"cert"}, ("cert",)),
        (tls(**CERTIFICATE), set(), ()),
        (tls(**AUTHORITY), {"ca"}, ("ca",)),
        (tls(**COMBINED), {"ca"}, ("ca",)),
        (tls(**CERTIFICATE, **AUTHORITY), {"ca", "cert"}, ("cert", "ca")),
        (tls(**CERTIFICATE, **AUTHORITY), {"ca"}, ("ca",)),
    ],
)
def test_secrets_that_are_awaited(
    configuration: Resource, awaited: set[str], missing: tuple[str, ...]
) -> None:
    assert tuple(awaited_secrets(configuration, awaited.__contains__)) == missing


@pytest.mark.parametrize(
    ("of_request", "code", "flags"), [(True, 503, ("UF",)), (False, 0, ("UF", "URX"))]
)
def test_what_fails_then(of_request: bool, code: int, flags: tuple[str, ...]) -> None:
    reply = without_secret(("cert", "ca"), of_request=of_request)
    assert (reply.code, reply.flags, bool(reply.details)) == (code, flags, of_request)
    assert 'the secret "cert", "ca"' in reply.reason

"""The handshake with a client, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.listener import FilterChain
from osmscope.resources.transport_socket import (
    CommonTlsContext,
    DownstreamTlsContext,
    Secret,
    TransportSocket,
)
from osmscope.rules.downstream_tls import handshake
from osmscope.rules.facts import ClientCertificate, Connection

TLS_TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
GOOD = ClientCertificate(dns_sans=("good.ns",))
FOREIGN = ClientCertificate(dns_sans=("good.ns",), trusted=False)
OTHER = ClientCertificate(dns_sans=("other.ns",))
PLAIN = Connection()
TLS = Connection(tls=True, server_name="a.org", alpn=("osm", "http/1.1", "h2"))


def socket(type_url: str, **fields: object) -> FilterChain:
    body = msgspec.json.encode({"@type": type_url, **fields})
    return FilterChain(
        name="c", transport_socket=TransportSocket(name="s", typed_config=msgspec.Raw(body))
    )


def tls(*, require: bool = False, alpn: tuple[str, ...] = (), **validation: object) -> FilterChain:
    common = {"validation_context": validation, "alpn_protocols": alpn}
    return socket(TLS_TYPE, common_tls_context=common, require_client_certificate=require)


def presenting(certificate: ClientCertificate | None) -> Connection:
    return msgspec.structs.replace(TLS, certificate=certificate)


def no_secrets(name: str) -> Secret | None:
    return None


RAW = FilterChain(name="c")
RAW_BUFFER = socket(
    "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
)
OLD_TLS = FilterChain(tls_context=DownstreamTlsContext(common_tls_context=CommonTlsContext()))


@pytest.mark.parametrize("connection", [PLAIN, TLS])
@pytest.mark.parametrize("chain", [RAW, RAW_BUFFER])
def test_a_raw_chain_passes_everything_on(chain: FilterChain, connection: Connection) -> None:
    result = handshake(chain, connection, no_secrets)
    assert result.connection is connection
    assert (result.failed, result.assumptions, result.alpn) == (None, (), "")


@pytest.mark.parametrize("chain", [tls(), OLD_TLS])
def test_a_tls_chain_ends_tls_and_refuses_plaintext(chain: FilterChain) -> None:
    assert handshake(chain, TLS, no_secrets).connection.terminated_tls
    refused = handshake(chain, PLAIN, no_secrets)
    assert refused.failed == "the client speaks plaintext, and the filter chain expects TLS"
    assert not refused.connection.terminated_tls


@pytest.mark.parametrize(
    ("preferred", "negotiated"),
    [
        ((), ""),
        (("h2", "http/1.1"), "h2"),
        (("http/1.1", "h2"), "http/1.1"),
        (("h3",), ""),
    ],
)
def test_alpn_is_the_first_of_the_servers_that_the_client_offers(
    preferred: tuple[str, ...], negotiated: str
) -> None:
    result = handshake(tls(alpn=preferred), TLS, no_secrets)
    assert (result.alpn, result.failed) == (negotiated, None)


@pytest.mark.parametrize(("server_name", "fails"), [("", True), ("a.org", False)])
def test_require_sni(server_name: str, fails: bool) -> None:
    chain = socket(TLS_TYPE, require_sni=True)
    connection = Connection(tls=True, server_name=server_name)
    assert (handshake(chain, connection, no_secrets).failed is not None) is fails


CA = {"trusted_ca": {"filename": "ca.crt"}}
SAN = {"match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": "good.ns"}}]}
HASH = {"verify_certificate_hash": ["aa"]}
ANY = {"trust_chain_verification": "ACCEPT_UNTRUSTED"}

NONE = "the client presents no certificate, and the filter chain requires one"
UNSIGNED = "the client's certificate is not signed by a CA that the filter chain trusts"
MISNAMED = (
    "the client's certificate is not for an accepted name: "
    'the certificate has no DNS name to equal "good.ns"'
)


@pytest.mark.parametrize(
    ("validation", "require", "certificate", "failed", "seen"),
    [
        ({}, False, None, None, False),
        ({}, False, GOOD, None, False),
        ({}, True, None, None, False),
        ({}, True, GOOD, None, False),
        (CA, False, None, None, False),
        (CA, False, GOOD, None, True),
        (CA, False, FOREIGN, UNSIGNED, False),
        (CA, True, None, NONE, False),
        (CA, True, GOOD, None, True),
        (CA, True, FOREIGN, UNSIGNED, False),
        ({**CA, **SAN}, False, None, NONE, False),
        ({**CA, **SAN}, False, GOOD, None, True),
        ({**CA, **SAN}, False, OTHER, MISNAMED, False),
        (HASH, False, None, NONE, False),
        (HASH, False, FOREIGN, None, True),
        (ANY, True, None, None, False),
        (ANY, False, FOREIGN, None, True),
        ({**CA, **ANY}, True, None, NONE, False),
        ({**CA, **ANY}, True, FOREIGN, None, True),
        ({**CA, **SAN, **ANY}, False, None, None, False),
    ],
)
def test_client_certificates(
    validation: dict[str, object],
    require: bool,
    certificate: ClientCertificate | None,
    failed: str | None,
    seen: bool,
) -> None:
    result = handshake(tls(require=require, **validation), presenting(certificate), no_secrets)
    assert result.failed == failed
    assert result.connection.peer_certificate == (certificate if seen else None)
    assert result.connection.terminated_tls is (failed is None)


def test_accept_untrusted_takes_a_misnamed_certificate_but_not_as_validated() -> None:
    result = handshake(tls(require=True, **CA, **SAN, **ANY), presenting(OTHER), no_secrets)
    assert result.failed is None
    assert result.connection.peer_certificate == msgspec.structs.replace(OTHER, trusted=False)


@pytest.mark.parametrize(
    ("validation", "certificate", "relied"),
    [(CA, GOOD, True), (CA, None, False), (HASH, GOOD, False), ({**CA, **ANY}, GOOD, False)],
)
def test_whether_the_answer_rests_on_the_certificate_being_trusted(
    validation: dict[str, object], certificate: ClientCertificate | None, relied: bool
) -> None:
    result = handshake(tls(**validation), presenting(certificate), no_secrets)
    assert result.relied_on_trust is relied


EMAIL = {"match_typed_subject_alt_names": [{"san_type": "EMAIL", "matcher": {"exact": "a@b"}}]}
CUSTOM = {"custom_validator_config": {"name": "spiffe"}}


@pytest.mark.parametrize(
    ("validation", "assumption"),
    [
        ({**CA, **EMAIL}, "the client's certificate is for an accepted name"),
        (HASH, "the client's certificate has one of the accepted hashes"),
        (
            {"verify_certificate_spki": ["aa"]},
            "the client's certificate has one of the accepted hashes",
        ),
        (CUSTOM, "the custom certificate validator accepts the client's certificate"),
    ],
)
def test_what_cannot_be_verified_is_assumed_and_named(
    validation: dict[str, object], assumption: str
) -> None:
    result = handshake(tls(**validation), presenting(GOOD), no_secrets)
    assert result.assumptions == (assumption,)
    assert result.connection.peer_certificate == GOOD


def by_secrets() -> FilterChain:
    common = {
        "tls_certificate_sds_secret_configs": [{"name": "cert"}],
        "validation_context_sds_secret_config": {"name": "root"},
    }
    return socket(TLS_TYPE, common_tls_context=common, require_client_certificate=True)


def test_a_secret_that_the_dump_lacks_is_assumed_and_named() -> None:
    result = handshake(by_secrets(), presenting(GOOD), no_secrets)
    assert result.assumptions == (
        'the secret "cert", which the dump lacks, holds a certificate',
        'the secret "root", which the dump lacks, accepts the client',
    )
    assert result.connection.peer_certificate == GOOD
    assert handshake(by_secrets(), TLS, no_secrets).failed == NONE


def test_a_secret_of_the_dump_is_taken() -> None:
    secret = msgspec.convert({"validation_context": {**CA, **SAN}}, Secret)
    result = handshake(by_secrets(), presenting(OTHER), lambda _: secret)
    assert (result.failed, result.assumptions) == (MISNAMED, ())


def test_another_transport_socket_is_assumed_to_pass_bytes_on() -> None:
    result = handshake(socket("type.googleapis.com/some.Tap"), TLS, no_secrets)
    assert result.connection is TLS
    assert result.assumptions == ("the transport socket some.Tap passes bytes on as they are",)


def test_an_upstream_socket_where_none_belongs_is_named_by_its_type() -> None:
    upstream = TLS_TYPE.replace("Downstream", "Upstream")
    result = handshake(socket(upstream), TLS, no_secrets)
    assert result.assumptions == (
        "the transport socket UpstreamTlsContext passes bytes on as they are",
    )

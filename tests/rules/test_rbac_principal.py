"""RBAC principals, as a table of what Envoy 1.40.0 does."""

import json

import msgspec
import pytest

from osmscope.resources.rbac import Principal
from osmscope.resources.resource import decode
from osmscope.rules.facts import ClientCertificate, Connection, Headers, Request
from osmscope.rules.matcher_input import MatcherInputs
from osmscope.rules.rbac_principal import match_principal
from osmscope.rules.result import Match, Outcome

CERTIFICATE = ClientCertificate(
    uri_sans=("spiffe://a", "spiffe://b"), dns_sans=("x.y",), subject="CN=s,O=org"
)
PLAINTEXT = Connection(source_ip="1.2.3.4", direct_source_ip="127.0.0.1")
WITHOUT = msgspec.structs.replace(PLAINTEXT, tls=True, terminated_tls=True)
MUTUAL = msgspec.structs.replace(WITHOUT, peer_certificate=CERTIFICATE)
UNTRUSTED = msgspec.structs.replace(
    WITHOUT, peer_certificate=msgspec.structs.replace(CERTIFICATE, trusted=False)
)
PASSED_THROUGH = msgspec.structs.replace(PLAINTEXT, tls=True)
MTLS = "type.googleapis.com/envoy.extensions.rbac.principals.mtls_authenticated.v3.Config"


def ask(config: dict[str, object], inputs: MatcherInputs) -> Match:
    return match_principal(decode(Principal, json.dumps(config).encode(), "test"), inputs)


def named(**matcher: object) -> dict[str, object]:
    return {"authenticated": {"principal_name": matcher}}


def mtls(**config: object) -> dict[str, object]:
    return {"custom": {"name": "m", "typed_config": {"@type": MTLS, **config}}}


def cidr(address: str, length: int) -> dict[str, object]:
    return {"address_prefix": address, "prefix_len": length}


@pytest.mark.parametrize(
    ("config", "connection", "fits"),
    [
        ({"any": True}, PLAINTEXT, True),
        ({}, PLAINTEXT, False),
        ({"and_ids": {"ids": [{"any": True}, {"authenticated": {}}]}}, PLAINTEXT, False),
        ({"and_ids": {"ids": [{"any": True}, {"authenticated": {}}]}}, MUTUAL, True),
        ({"or_ids": {"ids": [{"authenticated": {}}, {"any": True}]}}, PLAINTEXT, True),
        ({"or_ids": {}}, PLAINTEXT, False),
        ({"authenticated": {}}, PLAINTEXT, False),
        ({"authenticated": {}}, PASSED_THROUGH, False),
        ({"authenticated": {}}, WITHOUT, True),
        ({"not_id": {"authenticated": {}}}, PLAINTEXT, True),
        (named(exact="spiffe://a"), MUTUAL, True),
        (named(exact="spiffe://b"), MUTUAL, True),
        (named(exact="x.y"), MUTUAL, True),
        (named(exact="CN=s,O=org"), MUTUAL, True),
        (named(exact="other"), MUTUAL, False),
        (named(exact="spiffe://a"), UNTRUSTED, True),
        (named(exact="spiffe://a"), WITHOUT, False),
        (named(exact="spiffe://a"), PLAINTEXT, False),
        (named(safe_regex={"regex": ".*"}), WITHOUT, True),
        (named(safe_regex={"regex": ".*"}), PLAINTEXT, False),
        (named(exact=""), WITHOUT, True),
        ({"source_ip": cidr("1.2.3.0", 24)}, PLAINTEXT, True),
        ({"source_ip": cidr("127.0.0.1", 32)}, PLAINTEXT, False),
        ({"direct_remote_ip": cidr("127.0.0.1", 32)}, PLAINTEXT, True),
        ({"direct_remote_ip": cidr("1.2.3.0", 24)}, PLAINTEXT, False),
        ({"remote_ip": cidr("1.2.3.0", 24)}, PLAINTEXT, True),
        ({"source_ip": cidr("0.0.0.0", 0)}, Connection(is_ip=False), False),
        ({"filter_state": {"key": "k", "string_match": {"exact": "v"}}}, PLAINTEXT, False),
        (mtls(any_validated_client_certificate=True), MUTUAL, True),
        (mtls(any_validated_client_certificate=True), UNTRUSTED, False),
        (mtls(any_validated_client_certificate=True), WITHOUT, False),
        (mtls(san_matcher={"san_type": "URI", "matcher": {"exact": "spiffe://b"}}), MUTUAL, True),
        (mtls(san_matcher={"san_type": "DNS", "matcher": {"exact": "z"}}), MUTUAL, False),
    ],
)
def test_principal(config: dict[str, object], connection: Connection, fits: bool) -> None:
    match = ask(config, MatcherInputs(connection=connection))
    assert match.outcome is (Outcome.MATCH if fits else Outcome.NO_MATCH)


@pytest.mark.parametrize(
    ("config", "http"),
    [
        ({"header": {"name": "x", "string_match": {"exact": "1"}}}, True),
        ({"url_path": {"path": {"exact": "/a"}}}, True),
        ({"remote_ip": cidr("9.9.9.9", 32)}, True),
        ({"remote_ip": cidr("1.2.3.4", 32)}, False),
        ({"source_ip": cidr("1.2.3.4", 32)}, True),
        ({"metadata": {"filter": "n", "path": [{"key": "k"}], "value": {}}}, False),
        (
            {"sourced_metadata": {"metadata_matcher": {"filter": "n", "path": [{"key": "k"}]}}},
            False,
        ),
    ],
)
def test_principals_of_requests(config: dict[str, object], http: bool) -> None:
    request = Request(
        connection=PLAINTEXT,
        headers=Headers.of([(":path", "/a"), ("x", "1")]),
        remote_ip="9.9.9.9",
    )
    match = ask(config, MatcherInputs(connection=PLAINTEXT, request=request))
    assert match.outcome is (Outcome.MATCH if http else Outcome.NO_MATCH)


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        ({"source_ip": cidr("1.2.3.4", 32)}, "the source IP"),
        ({"remote_ip": cidr("1.2.3.4", 32)}, "the source IP"),
        ({"not_id": {"direct_remote_ip": cidr("1.2.3.4", 32)}}, "the direct source IP"),
        ({"custom": {"typed_config": {"@type": "t/a.B"}}}, "what the principal a.B decides"),
    ],
)
def test_unknown(config: dict[str, object], missing: str) -> None:
    match = ask(config, MatcherInputs(connection=Connection()))
    assert match.is_unknown
    assert match.missing == missing


def test_the_name_that_fits_is_told() -> None:
    config = {"or_ids": {"ids": [named(exact="z"), named(exact="x.y")]}}
    match = ask(config, MatcherInputs(connection=MUTUAL))
    assert match.reason == 'client certificate\'s DNS name "x.y" equals "x.y"'
    assert match.consulted == ("or_ids.ids[1].authenticated",)

"""`x-forwarded-client-cert`, as Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import ClientCertificate, Connection, Headers
from osmscope.rules.forwarded_client_cert import INCOMPLETE, NAME, forward_client_cert

MUTUAL = Connection(
    terminated_tls=True,
    peer_certificate=ClientCertificate(
        uri_sans=("spiffe://a", "spiffe://b"), dns_sans=("a.com",), subject='CN="a"'
    ),
)
PLAIN = Connection()


def hcm(mode: str, **details: bool) -> HttpConnectionManager:
    fields = {
        "forward_client_cert_details": mode,
        "set_current_client_cert_details": details or None,
    }
    return msgspec.convert(fields, HttpConnectionManager)


@pytest.mark.parametrize(
    ("mode", "connection", "value"),
    [
        ("SANITIZE", PLAIN, None),
        ("SANITIZE", MUTUAL, None),
        ("FORWARD_ONLY", PLAIN, None),
        ("FORWARD_ONLY", MUTUAL, "sent"),
        ("APPEND_FORWARD", PLAIN, None),
        ("APPEND_FORWARD", MUTUAL, "sent,URI=spiffe://a;URI=spiffe://b"),
        ("SANITIZE_SET", PLAIN, None),
        ("SANITIZE_SET", MUTUAL, "URI=spiffe://a;URI=spiffe://b"),
        ("ALWAYS_FORWARD_ONLY", PLAIN, "sent"),
    ],
)
def test_modes(mode: str, connection: Connection, value: str | None) -> None:
    sent = Headers.of([(NAME, "sent")])
    headers, assumptions = forward_client_cert(hcm(mode, uri=True), connection, sent)
    assert headers.first(NAME) == value
    assert assumptions == ((INCOMPLETE,) if "URI" in (value or "") else ())


def test_details_come_in_envoys_order() -> None:
    manager = hcm("SANITIZE_SET", subject=True, dns=True)
    headers, _ = forward_client_cert(manager, MUTUAL, Headers())
    assert headers.first(NAME) == 'Subject="CN=\\"a\\"";DNS=a.com'


def test_a_uri_that_a_certificate_lacks_is_empty_and_a_name_is_left_out() -> None:
    nameless = Connection(terminated_tls=True, peer_certificate=ClientCertificate())
    headers, _ = forward_client_cert(hcm("SANITIZE_SET", uri=True, dns=True), nameless, Headers())
    assert headers.first(NAME) == "URI="


def test_without_details_the_element_is_what_is_not_known() -> None:
    headers, assumptions = forward_client_cert(hcm("SANITIZE_SET"), MUTUAL, Headers())
    assert headers.first(NAME) == ""
    assert assumptions == (INCOMPLETE,)


@pytest.mark.parametrize(
    ("mode", "connection", "further"),
    [
        ("SANITIZE", PLAIN, ()),
        ("FORWARD_ONLY", MUTUAL, ()),
        ("ALWAYS_FORWARD_ONLY", PLAIN, ()),
        ("SANITIZE_SET", MUTUAL, (INCOMPLETE,)),
    ],
)
def test_a_matcher_may_say_otherwise(
    mode: str, connection: Connection, further: tuple[str, ...]
) -> None:
    manager = msgspec.structs.replace(hcm(mode, uri=True), forward_client_cert_matcher={})
    words = f"no entry of forward_client_cert_matcher says otherwise of {NAME}"
    assert forward_client_cert(manager, connection, Headers())[1] == (words, *further)

"""`x-forwarded-client-cert`, as Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.rules.facts import ClientCertificate, Connection, Headers, Request
from osmscope.rules.forwarded_client_cert import INCOMPLETE, NAME, forward_client_cert

MUTUAL = Connection(
    terminated_tls=True,
    peer_certificate=ClientCertificate(
        uri_sans=("spiffe://a", "spiffe://b"), dns_sans=("a.com",), subject='CN="a"'
    ),
)
PLAIN = Connection()


def sent(connection: Connection, *headers: tuple[str, str]) -> Request:
    return Request(connection=connection, headers=Headers.of(headers))


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
    asked = sent(connection, (NAME, "sent"))
    headers, assumptions = forward_client_cert(hcm(mode, uri=True), asked)
    assert headers.first(NAME) == value
    assert assumptions == ((INCOMPLETE,) if "URI" in (value or "") else ())


def test_details_come_in_envoys_order() -> None:
    manager = hcm("SANITIZE_SET", subject=True, dns=True)
    headers, _ = forward_client_cert(manager, sent(MUTUAL))
    assert headers.first(NAME) == 'Subject="CN=\\"a\\"";DNS=a.com'


def test_a_uri_that_a_certificate_lacks_is_empty_and_a_name_is_left_out() -> None:
    nameless = Connection(terminated_tls=True, peer_certificate=ClientCertificate())
    headers, _ = forward_client_cert(hcm("SANITIZE_SET", uri=True, dns=True), sent(nameless))
    assert headers.first(NAME) == "URI="


def test_without_details_the_element_is_what_is_not_known() -> None:
    headers, assumptions = forward_client_cert(hcm("SANITIZE_SET"), sent(MUTUAL))
    assert headers.first(NAME) == ""
    assert assumptions == (INCOMPLETE,)


HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
HEADER = "envoy.type.matcher.v3.HttpRequestHeaderMatchInput"


def matching(
    mode: str, then: dict[str, object], kind: str = "ForwardClientCertConfig", source: str = HEADER
) -> HttpConnectionManager:
    """A manager of this mode that appends URIs, and says otherwise of requests with `x: a`."""
    config = {"@type": f"t/{HCM}.{kind}", **then}
    read = {"@type": f"t/{source}", "header_name": "x"}
    on_match = {"action": {"name": "a", "typed_config": config}}
    tree = {
        "input": {"name": "i", "typed_config": read},
        "exact_match_map": {"map": {"a": on_match}},
    }
    fields = {
        "forward_client_cert_details": mode,
        "set_current_client_cert_details": {"uri": True},
        "forward_client_cert_matcher": {"matcher_tree": tree},
    }
    return msgspec.json.decode(msgspec.json.encode(fields), type=HttpConnectionManager)


SET = {"forward_client_cert_details": "SANITIZE_SET"}
SUBJECT = {**SET, "set_current_client_cert_details": {"subject": True}}
URIS = "URI=spiffe://a;URI=spiffe://b"


@pytest.mark.parametrize(
    ("mode", "then", "connection", "header", "value"),
    [
        ("SANITIZE", SUBJECT, MUTUAL, "a", 'Subject="CN=\\"a\\""'),
        ("SANITIZE", SUBJECT, MUTUAL, "b", None),
        ("SANITIZE", SUBJECT, PLAIN, "a", None),
        ("APPEND_FORWARD", SUBJECT, MUTUAL, "a", 'Subject="CN=\\"a\\""'),
        ("APPEND_FORWARD", SUBJECT, MUTUAL, "b", f"sent,{URIS}"),
        ("APPEND_FORWARD", SET, MUTUAL, "a", ""),
        ("APPEND_FORWARD", {}, MUTUAL, "a", None),
        ("SANITIZE", {"forward_client_cert_details": "ALWAYS_FORWARD_ONLY"}, PLAIN, "a", "sent"),
    ],
)
def test_a_matcher_takes_the_place_of_the_manager_s_details(
    mode: str, then: dict[str, object], connection: Connection, header: str, value: str | None
) -> None:
    asked = sent(connection, (NAME, "sent"), ("x", header))
    headers, assumptions = forward_client_cert(matching(mode, then), asked)
    assert headers.first(NAME) == value
    assert set(assumptions) <= {INCOMPLETE}


@pytest.mark.parametrize(
    ("kind", "source", "more"),
    [
        ("Else", HEADER, ""),
        ("ForwardClientCertConfig", "a.B", " (what the input a.B gives is not known)"),
    ],
)
def test_what_a_matcher_leads_to_may_not_be_known(kind: str, source: str, more: str) -> None:
    manager = matching("SANITIZE", SUBJECT, kind, source)
    words = f"no entry of forward_client_cert_matcher says otherwise of {NAME}{more}"
    headers, assumptions = forward_client_cert(manager, sent(MUTUAL, ("x", "a")))
    assert (headers.first(NAME), assumptions) == (None, (words,))

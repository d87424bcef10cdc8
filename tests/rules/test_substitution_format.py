"""Substitution format strings, as a table of what Envoy 1.40.0 does."""

import pytest

from osmscope.rules.facts import ClientCertificate, Connection, Headers, Request, StateObject
from osmscope.rules.substitution_format import FormatContext, Formatted, format_text

CONNECTION = Connection(
    source_ip="10.0.0.1",
    source_port=5000,
    direct_source_ip="10.0.0.1",
    destination_ip="fd00::1",
    destination_port=80,
    detected_server_name="sni.com",
    peer_certificate=ClientCertificate(
        uri_sans=("spiffe://a", "spiffe://b"), dns_sans=("a.com",), subject="CN=a"
    ),
)
HEADERS = Headers.of(
    [
        (":path", "/p?q=%41+b&e=&r&q=2"),
        (":authority", "h.com"),
        ("x-a", "A1"),
        ("x-a", "A2"),
        ("x-empty", ""),
        ("x-n", "12345"),
        ("x-far", "ééé"),
    ]
)
METADATA = {
    "f": {"s": "str", "o": {"k": "v", "a": [1, True, None]}, "b": True, "n": 1.5, "i": 3},
    "g": {"u": "<é"},
}


def context(**facts: object) -> FormatContext:
    request = {"connection": CONNECTION, "headers": HEADERS, "metadata": METADATA, **facts}
    return FormatContext(request=Request(**request), route_name="r", cluster="c")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        ("a%%b %REQ(x-a)%", "a%b A1"),
        ("100%", "100%"),
        ("%REQ(X-A)%", "A1"),
        ("%REQ(x-none)%", ""),
        ("%REQ(x-none?x-a)%", "A1"),
        ("%REQ(x-empty?x-a)%", ""),
        ("%REQ(x-n):3%", "123"),
        ("%REQ(x-far):3%", "é\ufffd"),
        ("%REQ(:authority)%%REQ(:path)%", "h.com/p?q=%41+b&e=&r&q=2"),
        ("%RESP(x-a)%", ""),
        ("%PATH%", "/p?q=%41+b&e=&r&q=2"),
        ("%PATH(WQ)%", "/p?q=%41+b&e=&r&q=2"),
        ("%PATH(NQ)%", "/p"),
        ("%PATH(NQ:PATH)%", "/p"),
        ("%PATH(NQ:ORIG)%", ""),
        ("%PATH(NQ:ORIG_OR_PATH)%", "/p"),
        ("%QUERY_PARAM(q)%", "A+b"),
        ("%QUERY_PARAM(e)%%QUERY_PARAM(r)%%QUERY_PARAM(z)%", ""),
        ("%PROTOCOL%", "HTTP/1.1"),
        ("%ROUTE_NAME%", "r"),
        ("%UPSTREAM_CLUSTER%/%UPSTREAM_CLUSTER_RAW%", "c/c"),
        ("%UPSTREAM_REQUEST_ATTEMPT_COUNT%", "1"),
        ("%REQUESTED_SERVER_NAME%", "sni.com"),
        ("%REQUESTED_SERVER_NAME(SNI_ONLY:HOST)%", "sni.com"),
        ("%REQUESTED_SERVER_NAME(SNI_FIRST)%", "sni.com"),
        ("%REQUESTED_SERVER_NAME(HOST_FIRST)%", "h.com"),
        ("%REQUESTED_SERVER_NAME(HOST_FIRST:HOST)%", "h.com"),
        ("%REQUESTED_SERVER_NAME(HOST_FIRST:ORIG)%", "sni.com"),
        ("%DOWNSTREAM_REMOTE_ADDRESS%", "10.0.0.1:5000"),
        ("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "10.0.0.1"),
        ("%DOWNSTREAM_REMOTE_PORT%", "5000"),
        ("%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%", "10.0.0.1"),
        ("%DOWNSTREAM_LOCAL_ADDRESS%", "[fd00::1]:80"),
        ("%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%", "fd00::1"),
        ("%DOWNSTREAM_LOCAL_PORT%", "80"),
        ("%DOWNSTREAM_PEER_URI_SAN%", "spiffe://a,spiffe://b"),
        ("%DOWNSTREAM_PEER_DNS_SAN%", "a.com"),
        ("%DOWNSTREAM_PEER_SUBJECT%", "CN=a"),
        ("%DYNAMIC_METADATA(f:s)%", "str"),
        ("%DYNAMIC_METADATA(f:s):2%", "st"),
        ("%DYNAMIC_METADATA(g)%", '{"u":"<é"}'),
        ("%DYNAMIC_METADATA(f:o)%", '{"a":[1,true,null],"k":"v"}'),
        ("%DYNAMIC_METADATA(f:o:k)%", "v"),
        ("%DYNAMIC_METADATA(f:s:k)%", ""),
        ("%DYNAMIC_METADATA(f:b)%", "true"),
        ("%DYNAMIC_METADATA(f:n)%", "1.5"),
        ("%DYNAMIC_METADATA(f:i)%", "3"),
        ("%DYNAMIC_METADATA(g:i)%", ""),
    ],
)
def test_command(template: str, text: str) -> None:
    formatted = format_text(template, context())
    assert (formatted.text, formatted.complete) == (text, True)


def test_absent_facts_can_have_a_stand_in() -> None:
    assert format_text("%REQ(x-none)%.com", context(), absent="-").text == "-.com"


def test_the_original_path_comes_first() -> None:
    headers = HEADERS.set("x-envoy-original-path", "/orig?z")
    formatted = format_text("%PATH% %PATH(NQ)% %PATH(WQ:PATH)%", context(headers=headers))
    assert formatted.text == "/orig?z /orig /p?q=%41+b&e=&r&q=2"


def test_the_original_host_comes_first() -> None:
    headers = HEADERS.set("x-envoy-original-host", "o:9")
    facts = context(headers=headers, connection=Connection())
    names = ("SNI_FIRST", "SNI_FIRST:ORIG", "HOST_FIRST:HOST")
    template = " ".join(f"%REQUESTED_SERVER_NAME({name})%" for name in names)
    assert format_text(template, facts).text == "o:9 o:9 h.com"


def test_the_client_s_address_and_port_are_those_that_were_found() -> None:
    facts = context(remote_ip="1.2.3.4", remote_port=0)
    assert format_text("%DOWNSTREAM_REMOTE_ADDRESS%", facts).text == "1.2.3.4:0"


def test_a_port_that_nobody_said_is_not_known() -> None:
    formatted = format_text("%DOWNSTREAM_REMOTE_PORT%", context(remote_ip="10.0.0.1"))
    assert formatted.missing == ("%DOWNSTREAM_REMOTE_PORT%",)


def test_response_headers_can_be_read_once_there_are_some() -> None:
    facts = FormatContext(
        request=context().request, response_headers=Headers.of([("x-b", "1")]), cluster="c"
    )
    assert format_text("%RESP(x-b)%", facts).text == "1"


@pytest.mark.parametrize(
    ("command", "text"),
    [("%REQ(x-empty)%", ""), ("%REQ(x-none)%", "-"), ("%UPSTREAM_CLUSTER%", "-")],
)
def test_an_empty_header_is_not_absent(command: str, text: str) -> None:
    request = context(headers=HEADERS.set("x-empty", "")).request
    facts = FormatContext(request=request)
    assert format_text(command, facts, absent="-").text == text


@pytest.mark.parametrize(
    ("command", "text", "missing"),
    [
        ("%FILTER_STATE(own:PLAIN)%", 'a"b', False),
        ("%FILTER_STATE(own:TYPED)%", '"a\\"b"', False),
        ("%FILTER_STATE(own)%", '"a\\"b"', False),
        ("%FILTER_STATE(far)%", '"\\u003cé"', False),
        ("%FILTER_STATE(own:FIELD:x)%", "", True),
        ("%FILTER_STATE(ip:PLAIN)%", "1.2.3.4:0", False),
        ("%FILTER_STATE(ip)%", "", True),
        ("%FILTER_STATE(unknown:PLAIN)%", "", True),
        ("%FILTER_STATE(other:PLAIN)%", "", False),
        ("%FILTER_STATE(envoy.other:PLAIN)%", "", True),
    ],
)
def test_filter_state(command: str, text: str, missing: bool) -> None:
    ip = StateObject("1.2.3.4:0", "envoy.network.ip")
    state = {"own": StateObject('a"b'), "ip": ip, "unknown": StateObject(None)}
    state["far"] = StateObject("<é")
    formatted = format_text(command, context(filter_state=state))
    assert formatted == Formatted(text, (command,) if missing else ())


@pytest.mark.parametrize(
    ("name", "text", "missing"), [("c", "c", False), ("", "-", False), (None, "", True)]
)
def test_the_name_of_the_filter_chain(name: str | None, text: str, missing: bool) -> None:
    asked = Request(connection=Connection(filter_chain_name=name), headers=Headers())
    formatted = format_text("%FILTER_CHAIN_NAME%", FormatContext(request=asked), absent="-")
    assert formatted == Formatted(text, ("%FILTER_CHAIN_NAME%",) if missing else ())


def test_before_the_response_its_code_is_0() -> None:
    facts = FormatContext(request=context().request, response_headers=Headers.of([]))
    assert format_text("%RESPONSE_CODE%", context()).text == "0"
    assert format_text("%RESPONSE_CODE%", facts).missing == ("%RESPONSE_CODE%",)


def test_a_reply_of_the_router_has_details_and_no_code_yet() -> None:
    own = FormatContext(
        request=context().request, response_headers=Headers.of([]), own_details="direct_response"
    )
    assert format_text("%RESPONSE_CODE% %RESPONSE_CODE_DETAILS%", own).text == "0 direct_response"
    assert format_text("%RESPONSE_CODE_DETAILS%", context()).missing == ("%RESPONSE_CODE_DETAILS%",)


def test_the_observability_name_stands_for_the_cluster() -> None:
    facts = FormatContext(request=context().request, cluster="c", observability_name="o")
    assert format_text("%UPSTREAM_CLUSTER% %UPSTREAM_CLUSTER_RAW%", facts).text == "o c"


@pytest.mark.parametrize(
    ("template", "facts", "text", "missing"),
    [
        ("%START_TIME% %REQ(x-a)%", {}, " A1", ("%START_TIME%",)),
        ("%ENVIRONMENT(X):3%", {}, "", ("%ENVIRONMENT(X):3%",)),
        ("%DOWNSTREAM_REMOTE_ADDRESS%", {"connection": Connection()}, "", None),
        ("%DOWNSTREAM_LOCAL_PORT%", {"connection": Connection()}, "", None),
        ("%DYNAMIC_METADATA(g:k)%", {"opaque_filters": ("lua",)}, "", None),
    ],
)
def test_what_is_not_known_is_named(
    template: str, facts: dict[str, object], text: str, missing: tuple[str, ...] | None
) -> None:
    formatted = format_text(template, context(**facts))
    assert not formatted.complete
    assert (formatted.text, formatted.missing) == (text, missing or (template,))

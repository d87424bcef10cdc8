"""Listener filters, as a table of what Envoy 1.40.0 does."""

import json

import msgspec
import pytest

from osmscope.resources.address import Address, SocketAddress
from osmscope.resources.listener import (
    FilterChain,
    Listener,
    ListenerFilter,
    ListenerFilterPredicate,
    PortRange,
)
from osmscope.rules.facts import Connection
from osmscope.rules.listener_filters import (
    ListenerFilterResult,
    Protocol,
    inspect,
    restores_destination,
    takes_proxy_header,
)


def listener_filter(
    name: str, *, disabled: ListenerFilterPredicate | None = None, **config: object
) -> ListenerFilter:
    type_name = "".join(part.title() for part in name.split("_"))
    body = {
        "@type": f"type.googleapis.com/envoy.extensions.filters.listener.{name}.v3.{type_name}",
        **config,
    }
    return ListenerFilter(
        name=name, typed_config=msgspec.Raw(json.dumps(body).encode()), filter_disabled=disabled
    )


TLS_INSPECTOR = listener_filter("tls_inspector")
HTTP_INSPECTOR = listener_filter("http_inspector")
ORIGINAL_DST = listener_filter("original_dst")
PROXY_PROTOCOL = listener_filter("proxy_protocol")

PLAIN = Connection(destination_ip="10.0.0.1", destination_port=3306, source_ip="10.0.0.2")
TLS = msgspec.structs.replace(PLAIN, tls=True, server_name="A.example.org", alpn=("h2", "osm"))


def listener(*filters: ListenerFilter, bound: bool = True, timeout: str | None = None) -> Listener:
    return Listener(
        address=Address(socket_address=SocketAddress(address="0.0.0.0", port_value=15001)),
        bind_to_port=bound,
        listener_filters=filters,
        listener_filters_timeout=timeout,
        continue_on_listener_filters_timeout=timeout is not None,
    )


def found(result: ListenerFilterResult) -> tuple[str, tuple[str, ...], str]:
    facts = result.connection
    return facts.transport_protocol, facts.application_protocols, facts.detected_server_name


NOTHING = ("raw_buffer", (), "")
HELLO = ("tls", ("h2", "osm"), "a.example.org")


@pytest.mark.parametrize(
    ("filters", "connection", "protocol", "expected"),
    [
        ((), TLS, "h2", NOTHING),
        ((), PLAIN, "http/1.1", NOTHING),
        ((TLS_INSPECTOR,), TLS, "h2", HELLO),
        ((TLS_INSPECTOR,), PLAIN, "http/1.1", NOTHING),
        ((HTTP_INSPECTOR,), PLAIN, "http/1.1", ("raw_buffer", ("http/1.1",), "")),
        ((HTTP_INSPECTOR,), PLAIN, "h2", ("raw_buffer", ("h2c",), "")),
        ((HTTP_INSPECTOR,), PLAIN, "tcp", NOTHING),
        ((HTTP_INSPECTOR,), TLS, "http/1.1", NOTHING),
        ((TLS_INSPECTOR, HTTP_INSPECTOR), TLS, "http/1.1", HELLO),
        ((HTTP_INSPECTOR, TLS_INSPECTOR), TLS, "http/1.1", HELLO),
        (
            (TLS_INSPECTOR, HTTP_INSPECTOR),
            PLAIN,
            "http/1.1",
            ("raw_buffer", ("http/1.1",), ""),
        ),
    ],
)
def test_what_inspectors_find(
    filters: tuple[ListenerFilter, ...],
    connection: Connection,
    protocol: Protocol,
    expected: tuple[str, tuple[str, ...], str],
) -> None:
    assert found(inspect(listener(*filters), connection, protocol)) == expected


def test_what_an_earlier_listener_found_stays_on_the_connection() -> None:
    first = inspect(listener(TLS_INSPECTOR), TLS, "h2").connection
    second = inspect(listener(HTTP_INSPECTOR, bound=False), first, "h2")
    assert found(second) == HELLO


def test_a_strict_tls_inspector_closes_plaintext() -> None:
    strict = listener_filter("tls_inspector", close_connection_on_client_hello_parsing_errors=True)
    result = inspect(listener(strict, HTTP_INSPECTOR), PLAIN, "http/1.1")
    assert result.closed == "tls_inspector closes connections that do not start with a ClientHello"
    assert result.steps == (result.closed,)
    assert inspect(listener(strict), TLS, "h2").closed is None


MYSQL = ListenerFilterPredicate(destination_port_range=PortRange(start=3306, end=3307))
OWN_PORT = ListenerFilterPredicate(destination_port_range=PortRange(start=15001, end=15002))


@pytest.mark.parametrize(
    ("before", "after", "predicate", "bound", "disabled"),
    [
        ((), (), MYSQL, True, True),
        ((), (), OWN_PORT, True, False),
        ((ORIGINAL_DST,), (), MYSQL, True, True),
        ((PROXY_PROTOCOL,), (), MYSQL, True, True),
        ((), (ORIGINAL_DST,), MYSQL, True, False),
        ((), (ORIGINAL_DST,), OWN_PORT, True, True),
        ((), (ORIGINAL_DST,), MYSQL, False, True),
    ],
    ids=[
        "not restored: connected directly",
        "not restored: own port is not the destination",
        "restored before",
        "restored before by a PROXY header",
        "restored later",
        "own port until restored",
        "handed over, restored already",
    ],
)
def test_filter_disabled_sees_the_port_of_that_moment(
    before: tuple[ListenerFilter, ...],
    after: tuple[ListenerFilter, ...],
    predicate: ListenerFilterPredicate,
    bound: bool,
    disabled: bool,
) -> None:
    guarded = listener_filter("http_inspector", disabled=predicate)
    result = inspect(listener(*before, guarded, *after, bound=bound), PLAIN, "http/1.1")
    assert result.connection.application_protocols == (() if disabled else ("http/1.1",))
    assert any("http_inspector is disabled: port" in step for step in result.steps) is disabled


def test_use_original_dst_restores_after_all_filters() -> None:
    guarded = listener_filter("tls_inspector", disabled=OWN_PORT)
    accepting = msgspec.structs.replace(listener(guarded), use_original_dst=True)
    assert found(inspect(accepting, TLS, "h2")) == NOTHING


def test_a_listener_without_a_port_of_its_own_is_asked_by_the_destination() -> None:
    guarded = listener_filter("tls_inspector", disabled=MYSQL)
    piped = msgspec.structs.replace(listener(guarded, ORIGINAL_DST), address=Address())
    assert found(inspect(piped, TLS, "h2")) == NOTHING


def test_a_filter_that_is_always_disabled_gives_no_reason() -> None:
    never = listener_filter("tls_inspector", disabled=ListenerFilterPredicate(any_match=True))
    assert inspect(listener(never), TLS, "h2").steps == ("tls_inspector is disabled",)


def test_an_unknown_destination_port_is_assumed_to_leave_the_filter_on() -> None:
    guarded = listener_filter("tls_inspector", disabled=MYSQL)
    result = inspect(listener(guarded), Connection(tls=True), "h2")
    assert result.assumptions == ("tls_inspector is not disabled for the destination port",)
    assert result.connection.transport_protocol == "tls"


NOT_HTTP = "the client's first bytes are not an HTTP request"


@pytest.mark.parametrize(
    ("filters", "timeout", "assumptions"),
    [
        ((HTTP_INSPECTOR,), "5s", (NOT_HTTP,)),
        (
            (HTTP_INSPECTOR,),
            None,
            (
                NOT_HTTP,
                "the client speaks first: http_inspector waits for its bytes, "
                "else Envoy would close after 15s",
            ),
        ),
        (
            (TLS_INSPECTOR,),
            "0s",
            (
                "the client speaks first: tls_inspector waits for its bytes, "
                "else it would wait for ever",
            ),
        ),
        ((TLS_INSPECTOR,), "5s", ()),
    ],
    ids=["continues", "closes", "waits for ever", "only delays"],
)
def test_what_is_assumed_of_a_client_that_speaks_neither_tls_nor_http(
    filters: tuple[ListenerFilter, ...], timeout: str | None, assumptions: tuple[str, ...]
) -> None:
    result = inspect(listener(*filters, timeout=timeout), PLAIN, "tcp")
    assert result.assumptions == assumptions


@pytest.mark.parametrize(
    ("unknown", "words"),
    [
        (
            listener_filter("local_ratelimit"),
            "local_ratelimit (envoy.extensions.filters.listener.local_ratelimit.v3.LocalRatelimit)",
        ),
        (ListenerFilter(name="my.filter"), "my.filter"),
        (ListenerFilter(), "a listener filter without a name"),
    ],
)
def test_an_unknown_filter_is_assumed_to_change_nothing(
    unknown: ListenerFilter, words: str
) -> None:
    result = inspect(listener(unknown), PLAIN, "http/1.1")
    assert result.connection == PLAIN
    assert result.assumptions == (
        f"the listener filter {words} lets the connection through unchanged",
    )


@pytest.mark.parametrize(
    ("one", "connection", "step"),
    [
        (ORIGINAL_DST, PLAIN, "original_dst restores the destination 10.0.0.1:3306"),
        (ORIGINAL_DST, Connection(), "original_dst restores the original destination"),
        (
            ORIGINAL_DST,
            Connection(destination_ip="::1"),
            "original_dst restores the destination [::1]:0",
        ),
        (
            PROXY_PROTOCOL,
            PLAIN,
            "proxy_protocol restores the source 10.0.0.2 and the destination 10.0.0.1:3306",
        ),
        (listener_filter("original_src"), PLAIN, "original_src decides nothing"),
        (TLS_INSPECTOR, PLAIN, "tls_inspector finds no TLS"),
        (
            TLS_INSPECTOR,
            TLS,
            'tls_inspector finds TLS, server name "a.example.org", ALPN h2, osm',
        ),
        (
            TLS_INSPECTOR,
            Connection(tls=True),
            "tls_inspector finds TLS, no server name, no ALPN",
        ),
        (HTTP_INSPECTOR, PLAIN, "http_inspector finds http/1.1"),
        (HTTP_INSPECTOR, TLS, "http_inspector finds no HTTP"),
    ],
)
def test_steps_say_what_each_filter_did(
    one: ListenerFilter, connection: Connection, step: str
) -> None:
    assert inspect(listener(one), connection, "http/1.1").steps == (step,)


def test_what_has_no_request_line_is_no_http() -> None:
    result = inspect(listener(HTTP_INSPECTOR), PLAIN, "no request line")
    assert result.steps == ("http_inspector finds no HTTP",)
    assert result.connection.application_protocols == PLAIN.application_protocols
    assert result.assumptions == ()


def test_http_inspector_leaves_tls_alone() -> None:
    steps = inspect(listener(TLS_INSPECTOR, HTTP_INSPECTOR), TLS, "h2").steps
    assert steps[1] == "http_inspector leaves TLS alone"


@pytest.mark.parametrize(
    ("asked", "takes"),
    [
        (listener(ORIGINAL_DST), False),
        (listener(ORIGINAL_DST, PROXY_PROTOCOL), True),
        (Listener(filter_chains=(FilterChain(use_proxy_proto=True),)), True),
        (Listener(filter_chains=(FilterChain(), FilterChain(use_proxy_proto=True))), False),
    ],
)
def test_a_proxy_header_is_taken_by_the_filter_or_as_the_first_chain_says(
    asked: Listener, takes: bool
) -> None:
    assert takes_proxy_header(asked) is takes


@pytest.mark.parametrize(
    ("asked", "restores"),
    [
        (listener(ORIGINAL_DST), True),
        (listener(PROXY_PROTOCOL), True),
        (Listener(use_original_dst=True), True),
        (listener(TLS_INSPECTOR), False),
        (Listener(), False),
    ],
)
def test_a_destination_is_restored_by_iptables_or_told_by_a_proxy_header(
    asked: Listener, restores: bool
) -> None:
    assert restores_destination(asked) is restores


def test_values_of_a_proxy_header_are_taken_to_be_none() -> None:
    kind = "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"
    body = json.dumps({"@type": kind, "rules": [{"tlv_type": 2}]}).encode()
    keeping = ListenerFilter(name="pp", typed_config=msgspec.Raw(body))
    result = inspect(Listener(listener_filters=(keeping,)), Connection(), "tcp")
    assert result.assumptions == ("the PROXY header has no value that the rules of pp keep",)


def setting(text: str, key: str = "k") -> ListenerFilter:
    source = {"text_format_source": {"inline_string": text}}
    value = {"object_key": key, "factory_key": "envoy.string", "format_string": source}
    config = {
        "@type": "type.googleapis.com/envoy.extensions.filters.listener.set_filter_state.v3.Config",
        "on_accept": [value],
    }
    return ListenerFilter(name="state", typed_config=msgspec.Raw(json.dumps(config).encode()))


PORT, NAME = "%DOWNSTREAM_LOCAL_PORT%", "%REQUESTED_SERVER_NAME%"


@pytest.mark.parametrize(
    ("filters", "connection", "text"),
    [
        ((setting("v"),), PLAIN, "v"),
        ((setting(PORT),), PLAIN, "3306"),
        ((ORIGINAL_DST, setting(PORT)), PLAIN, "3306"),
        ((setting(PORT), ORIGINAL_DST), PLAIN, None),
        ((TLS_INSPECTOR, setting(NAME)), TLS, "a.example.org"),
        ((setting(NAME), TLS_INSPECTOR), TLS, "-"),
        ((setting("a"), setting("b")), PLAIN, "b"),
    ],
)
def test_filter_state_is_made_in_order(
    filters: tuple[ListenerFilter, ...], connection: Connection, text: str | None
) -> None:
    result = inspect(listener(*filters), connection, "http/1.1")
    assert result.connection.filter_state["k"].text == text
    assert result.connection.destination_port == 3306
    assert result.assumptions == ()


def test_filter_state_that_envoy_itself_reads_is_named() -> None:
    result = inspect(listener(setting("v", "envoy.network.transport_socket.x")), PLAIN, "tcp")
    assert "changes nothing" in result.assumptions[0]

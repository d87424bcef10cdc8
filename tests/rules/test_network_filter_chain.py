"""The network filters of a chain in order, as a table of what Envoy 1.40.0 does."""

import msgspec
import pytest

from osmscope.resources.http_connection_manager import HttpConnectionManager
from osmscope.resources.listener import FilterChain, NetworkFilter
from osmscope.resources.matcher import TypedExtensionConfig
from osmscope.resources.network_filters import TcpProxy
from osmscope.rules.facts import ClientCertificate, Connection
from osmscope.rules.network_filter_chain import NetworkFilterOutcome, run

NETWORK = "type.googleapis.com/envoy.extensions.filters.network"


def network_filter(name: str, message: str, **fields: object) -> NetworkFilter:
    body = msgspec.json.encode({"@type": f"{NETWORK}.{message}", **fields})
    return NetworkFilter(name=name, typed_config=msgspec.Raw(body))


def authorization(name: str, **rules: object) -> NetworkFilter:
    return network_filter(name, "rbac.v3.RBAC", rules=rules)


def policy(principal: dict[str, object]) -> dict[str, object]:
    return {"permissions": [{"any": True}], "principals": [principal]}


TCP = network_filter("tcp", "tcp_proxy.v3.TcpProxy", cluster="c")
HCM = network_filter("hcm", "http_connection_manager.v3.HttpConnectionManager")
DENY = authorization("deny")
DENY_NAMED = authorization("named", action="DENY", policies={"a b": policy({"any": True})})
ALLOW = authorization("allow", policies={"all": policy({"any": True})})
UNKNOWN = authorization(
    "unknown",
    policies={"some": policy({"source_ip": {"address_prefix": "10.0.0.0", "prefix_len": 8}})},
)
RESPOND = network_filter("respond", "direct_response.v3.Config", response={"inline_string": "hi"})
ECHO = network_filter("echo", "echo.v3.Echo")
LIMIT = network_filter("limit", "connection_limit.v3.ConnectionLimit", max_connections=5)
SNI = network_filter("sni", "sni_cluster.v3.SniCluster")
EXT_AUTHZ = network_filter("authz", "ext_authz.v3.ExtAuthz")
REDIS = network_filter("redis", "redis_proxy.v3.RedisProxy")
DISCOVERED = NetworkFilter(name="found", config_discovery={})


def outcome(*filters: NetworkFilter, connection: Connection | None = None) -> NetworkFilterOutcome:
    def discovered(name: str) -> TypedExtensionConfig | None:
        return TCP if name == "found" else None

    return run(FilterChain(filters=filters), connection or Connection(), discovered)


@pytest.mark.parametrize(
    ("filters", "terminal", "when_new", "on_data"),
    [
        ((TCP,), TcpProxy, False, None),
        ((HCM,), HttpConnectionManager, False, None),
        ((ALLOW, TCP), TcpProxy, False, None),
        ((DENY, TCP), TcpProxy, False, "rbac_access_denied_matched_policy[none]"),
        ((DENY_NAMED, HCM), HttpConnectionManager, False, "rbac_access_denied_matched_policy[a_b]"),
        ((DENY, DENY_NAMED, TCP), TcpProxy, False, "rbac_access_denied_matched_policy[none]"),
        ((RESPOND,), None, True, None),
        ((DENY, RESPOND), None, True, "rbac_access_denied_matched_policy[none]"),
        ((DENY, ECHO), None, False, "rbac_access_denied_matched_policy[none]"),
        ((DISCOVERED,), TcpProxy, False, None),
        ((NetworkFilter(name="lost", config_discovery={}), TCP), None, True, None),
        ((), None, True, None),
    ],
    ids=[
        "tcp_proxy",
        "connection manager",
        "allowed",
        "denied after tcp_proxy dialled",
        "denied by a policy, before HTTP",
        "the first denial counts",
        "direct_response",
        "direct_response comes before the data that would be denied",
        "denied before anything is echoed",
        "a discovered filter",
        "a filter that was not discovered",
        "no filters",
    ],
)
def test_what_ends_a_connection_and_when(
    filters: tuple[NetworkFilter, ...], terminal: type | None, when_new: bool, on_data: str | None
) -> None:
    result = outcome(*filters)
    assert type(result.terminal) is (terminal or type(None))
    assert (result.closed_when_new is not None) is when_new
    assert (result.closed_on_data and result.closed_on_data.details) == on_data


def test_echo_ends_a_connection_upon_its_first_bytes() -> None:
    closed = outcome(ECHO).closed_on_data
    assert closed is not None
    assert (closed.flags, closed.details) == ((), None)


CLUSTER = "envoy.tcp_proxy.cluster"


def setting(moment: str, key: str, text: str, factory: str = "envoy.string") -> NetworkFilter:
    source = {"text_format_source": {"inline_string": text}}
    value = {"object_key": key, "factory_key": factory, "format_string": source}
    return network_filter("state", "set_filter_state.v3.Config", **{moment: [value]})


def holds(key: str, text: str) -> NetworkFilter:
    principal = {"filter_state": {"key": key, "string_match": {"exact": text}}}
    return authorization("state", policies={"p": policy(principal)})


NEW, DONE, DATA = "on_new_connection", "on_downstream_tls_handshake", "on_downstream_data"
PEER = "%DOWNSTREAM_PEER_SUBJECT%"
NAMED = Connection(detected_server_name="a.com")
TLS = Connection(terminated_tls=True, peer_certificate=ClientCertificate(subject="CN=s"))


@pytest.mark.parametrize(
    ("filters", "connection", "cluster"),
    [
        ((SNI, TCP), NAMED, "a.com"),
        ((SNI, TCP), Connection(), None),
        ((TCP,), NAMED, None),
        ((setting(NEW, CLUSTER, "b", CLUSTER), SNI, TCP), NAMED, "a.com"),
        ((SNI, setting(NEW, CLUSTER, "b", CLUSTER), TCP), NAMED, "b"),
        ((setting(NEW, CLUSTER, "b", CLUSTER), TCP), Connection(), "b"),
        ((setting(DONE, CLUSTER, "b", CLUSTER), TCP), Connection(), "b"),
        ((setting(DONE, CLUSTER, "b", CLUSTER), TCP), TLS, None),
        ((setting(DATA, CLUSTER, "b", CLUSTER), TCP), Connection(), None),
        ((setting(NEW, CLUSTER, PEER, CLUSTER), TCP), TLS, "-"),
    ],
)
def test_tcp_proxy_sees_what_was_there_when_the_connection_was_new(
    filters: tuple[NetworkFilter, ...], connection: Connection, cluster: str | None
) -> None:
    state = outcome(*filters, connection=connection).connection.filter_state
    assert (state[CLUSTER].text if CLUSTER in state else None) == cluster


@pytest.mark.parametrize(
    ("moments", "connection", "seen"),
    [
        ((NEW,), Connection(), "new"),
        ((DONE,), TLS, "done"),
        ((NEW, DONE, DATA), TLS, "data"),
        ((NEW, DONE), Connection(), "done"),
        ((DATA,), Connection(), "data"),
    ],
)
def test_requests_see_all_that_was_left(
    moments: tuple[str, ...], connection: Connection, seen: str
) -> None:
    texts = {NEW: "new", DONE: "done", DATA: "data"}
    filters = [setting(moment, "k", texts[moment]) for moment in moments]
    result = outcome(*filters, HCM, connection=connection)
    assert result.connection.filter_state["k"].text == seen
    assert result.connection.peer_certificate == connection.peer_certificate


@pytest.mark.parametrize(
    ("filters", "denied"),
    [
        ((setting(NEW, "k", "v"), holds("k", "v"), TCP), False),
        ((holds("k", "v"), setting(NEW, "k", "v"), TCP), False),
        ((holds("k", "v"), setting(DATA, "k", "v"), TCP), True),
        ((setting(DATA, "k", "v"), holds("k", "v"), TCP), False),
        ((holds("k", "v"), TCP), True),
    ],
)
def test_rbac_sees_what_is_there_upon_the_first_bytes(
    filters: tuple[NetworkFilter, ...], denied: bool
) -> None:
    assert (outcome(*filters).closed_on_data is not None) is denied


def test_filter_state_that_envoy_itself_reads_is_named() -> None:
    result = outcome(setting(NEW, "envoy.tcp_proxy.disable_tunneling", "true"), TCP)
    assert "disable_tunneling" in result.assumptions[0]
    assert result.steps[0].reason.startswith("the filter state holds")
    assert outcome(setting(NEW, "k", ""), TCP).steps[0].reason == 'the filter state holds "k"'


def test_what_cannot_be_evaluated_is_assumed_to_let_the_connection_go_on() -> None:
    result = outcome(LIMIT, EXT_AUTHZ, TCP)
    assert result.terminal is not None
    assert result.assumptions == (
        "connection_limit has fewer than 5 connections open",
        "the network filter ext_authz is told by its service to allow the connection",
    )


def test_a_modelled_message_that_is_no_network_filter_is_opaque_as_well() -> None:
    body = b'{"@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"}'
    stray = NetworkFilter(name="stray", typed_config=msgspec.Raw(body))
    assert outcome(stray, TCP).assumptions == (
        "the network filter stray lets the connection go on unchanged",
    )


def test_a_terminal_filter_that_is_not_modelled_is_unknown() -> None:
    result = outcome(ALLOW, REDIS)
    assert result.terminal is None
    assert result.missing == 'what the network filter "redis" does'


def test_an_unknown_verdict_of_rbac_is_passed_on() -> None:
    assert "source IP" in outcome(UNKNOWN, TCP).missing
    assert "source IP" in outcome(UNKNOWN, REDIS).missing
    known = Connection(source_ip="10.1.1.1")
    assert outcome(UNKNOWN, TCP, connection=known).missing == ""


def test_steps_name_each_filter_that_was_asked() -> None:
    steps = outcome(SNI, ALLOW, DENY, DENY_NAMED, RESPOND).steps
    assert [step.name for step in steps] == ["sni", "allow", "deny", "respond"]
    assert [step.verdict is not None for step in steps] == [False, True, True, False]
    assert steps[-1].reason == 'direct_response sends "hi" and closes'

"""How a real Envoy connects to endpoints, TLS or plaintext and with which SNI: a table."""

from typing import Any

import pytest

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.trace.tracer import Tracer
from tests.oracle.agreement import trace_request, verdicts
from tests.oracle.case import Case
from tests.oracle.envoy_batch import Batch, Oracle
from tests.oracle.envoy_files import endpoint
from tests.oracle.upstream_cases import (
    EXTENSIONS,
    action,
    aggregate,
    composite,
    options,
    own,
    request,
)

pytestmark = pytest.mark.envoy

Json = dict[str, Any]

SOCKETS = f"{EXTENSIONS}.transport_sockets"
INPUTS = f"{EXTENSIONS}.matching.common_inputs.transport_socket.v3"
MATCHED = "envoy.transport_socket_match"


def socket(kind: str, **fields: Any) -> Json:
    return {"name": "s", "typed_config": {"@type": f"{SOCKETS}.{kind}", **fields}}


def tls(sni: str) -> Json:
    return socket("tls.v3.UpstreamTlsContext", sni=sni)


RAW = socket("raw_buffer.v3.RawBuffer")


def named(name: str, match: Json | None = None) -> Json:
    """An entry whose SNI is its name; `raw` is plaintext."""
    own_socket = RAW if name == "raw" else tls(name)
    return {"name": name, "transport_socket": own_socket} | ({"match": match} if match else {})


def metadata(fields: Json | None, namespace: str = "envoy.lb") -> Json:
    found = {"metadata": {"filter_metadata": {namespace: fields}}}
    return {} if fields is None else found


def asking(
    endpoint_fields: Json | None = None, locality: Json | None = None, **fields: Any
) -> Case:
    """A case with one endpoint; metadata is of the namespace that `fields` are about."""
    namespace = "envoy.lb" if "transport_socket_matcher" in fields else MATCHED
    group = {
        "locality": {"zone": "z"},
        "lb_endpoints": [endpoint("127.8.3.1", **metadata(endpoint_fields, namespace))],
        **metadata(locality, namespace),
    }
    cluster = own(load_assignment={"endpoints": [group]}, **fields)
    return action(cluster, requests=[request()])


def reading(*path: str, kind: str = "EndpointMetadataInput", **fields: str) -> Json:
    keys = {"path": [{"key": key} for key in path]} if path else {}
    return {"name": "i", "typed_config": {"@type": f"{INPUTS}.{kind}", **keys, **fields}}


def naming(name: str) -> Json:
    config = {"@type": f"{INPUTS}.TransportSocketNameAction", "name": name}
    return {"action": {"name": "a", "typed_config": config}}


def matcher(source: Json, **names: str) -> Json:
    """Entries `a` and `raw`, chosen by the text of an input."""
    found = {"map": {text: naming(name) for text, name in names.items()}}
    tree = {"matcher_tree": {"input": source, "exact_match_map": found}}
    return {
        "transport_socket_matcher": tree,
        "transport_socket_matches": [named("a"), named("raw", {"k": "x"})],
    }


def texts(value: object, text: str) -> Case:
    return asking({"k": value}, **matcher(reading("k"), **{text: "a"}))


ENTRIES = [named("a", {"k": "x"}), named("b", {"n": 1, "t": True}), named("raw", {"k": "raw"})]
CASES: dict[str, Case] = {
    "none": asking(),
    "the cluster's own": asking(transport_socket=tls("own")),
    "metadata": asking({"k": "x"}, transport_socket_matches=ENTRIES),
    "more metadata": asking({"k": "x", "z": 1}, transport_socket_matches=ENTRIES),
    "typed metadata": asking({"n": 1, "t": True}, transport_socket_matches=ENTRIES),
    "metadata of another type": asking({"n": "1", "t": True}, transport_socket_matches=ENTRIES),
    "nothing fits": asking({"k": "z"}, transport_socket_matches=ENTRIES,
                           transport_socket=tls("own")),
    "an empty match": asking(transport_socket_matches=[*ENTRIES, named("all")]),
    "the order": asking({"k": "x"}, transport_socket_matches=[named("all"), *ENTRIES]),
    "the locality": asking(None, {"k": "x"}, transport_socket_matches=ENTRIES),
    "the endpoint before the locality": asking(
        {"n": 1, "t": True}, {"k": "x"}, transport_socket_matches=ENTRIES),
    "an empty match before the locality": asking(
        None, {"k": "x"}, transport_socket_matches=[*ENTRIES, named("all")]),
    "a wrapped socket": asking(transport_socket=socket(
        "tcp_stats.v3.Config", transport_socket=tls("inner"))),
    "a matcher": asking({"k": "x"}, **matcher(reading("k"), x="a")),
    "a matcher ignores matches": asking({"k": "x"}, **matcher(reading("k"), x="raw")),
    "a matcher without a match": asking(
        {"k": "x"}, **matcher(reading("k"), y="raw"), transport_socket=tls("own")),
    "a matcher with a wrong name": asking(
        {"k": "x"}, **matcher(reading("k"), x="gone"), transport_socket=tls("own")),
    "a matcher of the locality": asking(
        None, {"k": "x"}, **matcher(reading("k", kind="LocalityMetadataInput"), x="a")),
    "a missing key": asking({"k": "x"}, **matcher(reading("gone"), null="a")),
    "no metadata": asking(**matcher(reading("gone"), null="a")),
    "no path": asking({"k": "x"}, **matcher(reading(), null="a")),
    "an empty text": texts("", ""),
    "a number": texts(1, "1"),
    "a large number": texts(100000, "1e+05"),
    "a thousand": texts(1000, "1000"),
    "a small number": texts(0.0001, "1e-04"),
    "a truth": texts(True, "true"),
    "a list": texts([1, "a"], '[1,"a"]'),
    "a struct": texts({"b": 1, "a": 2}, '{"a":2,"b":1}'),
}  # fmt: skip
BY_AUTHORITY = options(upstream_http_protocol_options={"auto_sni": True})
for _kind in (aggregate, composite):
    _of, _name = _kind("m"), f" of {_kind.__name__}"
    CASES |= {
        f"a member{_name}": action(_of, own(name="m", transport_socket=tls("m"))),
        f"the cluster{_name}": action(_of | {"transport_socket": tls("own")}, own(name="m")),
        f"a member by authority{_name}": action(
            _of, own(name="m", transport_socket=tls("m"), **BY_AUTHORITY)
        ),
        f"the cluster by authority{_name}": action(
            _of | BY_AUTHORITY, own(name="m", transport_socket=tls("m"))
        ),
    }
SHARED = asking(**matcher(reading(kind="FilterStateInput", key="k"), x="a"))
UNKNOWN = asking(transport_socket=socket(
    "http_11_proxy.v3.Http11ProxyUpstreamTransport", transport_socket=RAW))  # fmt: skip


@pytest.fixture(scope="module")
def batch(envoy_oracle: Oracle) -> Batch:
    return envoy_oracle.ask([*CASES.values(), SHARED, UNKNOWN])


@pytest.mark.parametrize("name", CASES)
def test_envoy_connects_as_told(batch: Batch, name: str) -> None:
    result = batch.results[list(CASES).index(name)]
    outcome = result.outcomes[0]
    (received,) = outcome.received
    dump = Dump.read(batch.config_dump, where="config_dump")
    tracer = Tracer(Proxy(dump, read_clusters(batch.clusters, where="clusters")))
    asked = trace_request(result, outcome.request, batch.node_ip)
    answer, explanation = tracer.explain(asked)
    assert answer.exact, answer.assumptions
    (step,) = [one for one in explanation.steps if one.kind == "upstream_tls"]
    assert step.chosen.startswith("TLS") is ("tls" in received)
    if "tls" in received:
        assert step.reason.startswith(f"SNI {received['tls']['sni']}")


def test_the_rest_is_named(batch: Batch) -> None:
    shared, unknown = list(verdicts(batch))[-2:]
    assert (shared.difference, shared.answer.exact) == ("", True)  # the endpoint is the same
    assert "Http11ProxyUpstreamTransport" in unknown.answer.assumptions[0]
    assert not unknown.answer.exact

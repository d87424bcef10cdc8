"""What ``osmscope trace`` says of a request, held against what its two sidecars really did.

Every fact is compared that a log line tells. That an endpoint could not be reached, or ended the
connection, is not the tracing sidecar's decision: a line that names an endpoint says "forwarded",
and what the other side did of it is for the other side's trace. That one gets the request as the
first trace says it was sent on, so that the two together are held against what the application
received and what came back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.resources.address import split_host_port
from osmscope.resources.proxy import Proxy
from osmscope.rules.hosts import Host
from osmscope.rules.transport_socket import UpstreamTls, transport_socket_of, upstream_tls
from osmscope.trace.answer import Answer, OutcomeAnswer
from osmscope.trace.request import CertificateFacts, TraceRequest
from osmscope.trace.tracer import Tracer
from tests.mesh.record import ADMIN_PAGES
from tests.mesh.running import RunningMesh

Json = dict[str, Any]
Tracers = Mapping[str, Tracer]
"""``namespace/pod`` → its sidecar's tracer."""

NEW_EACH_TIME = {"connection", "content-length", "transfer-encoding", "x-request-id"}
_DECIDED = ("filter_chain", "virtual_host", "route", "cluster", "verdict", "response", "endpoint")


@dataclass(frozen=True, slots=True)
class Held:
    """A trace beside the log line of the sidecar that it is about."""

    answer: Answer
    outcome: OutcomeAnswer
    """What happened, of all that the trace says can happen; else the nearest to it."""
    difference: str
    """The first fact that is otherwise; "" where the two agree."""


def recorded_tracers(folder: Path) -> Tracers:
    """The tracers of a recorded mesh."""
    manifest = json.loads((folder / "manifest.json").read_text())
    return {
        f"{pod['namespace']}/{pod['name']}": _tracer(
            *((folder / pod["folder"] / name).read_bytes() for name in _PAGES)
        )
        for pod in manifest["pods"]
    }


def live_tracers(running: RunningMesh) -> Tracers:
    """The tracers of a running mesh, of what its sidecars say now."""
    return {
        f"{each.pod.namespace}/{each.pod.name}": _tracer(
            *(each.admin(ADMIN_PAGES[name]).encode() for name in _PAGES)
        )
        for each in running.pods.values()
    }


_PAGES = ("config_dump.json", "clusters.json")


def _tracer(dump: bytes, clusters: bytes) -> Tracer:
    return Tracer(Proxy(Dump.read(dump, where="dump"), read_clusters(clusters, where="clusters")))


def client_held(tracers: Tracers, happening: Json) -> Held:
    """The trace of a request in its client's sidecar, which must have logged it."""
    request = msgspec.convert(happening["request"], TraceRequest)
    return _held(tracers[happening["pod"]].answer(request), happening["client"])


def server_held(tracers: Tracers, happening: Json) -> Held:
    """The trace of a request in its server's sidecar, as the client's trace says it arrives."""
    request = server_request(tracers, happening)
    return _held(tracers[happening["server"]["pod"]].answer(request), happening["server"])


def server_request(tracers: Tracers, happening: Json) -> TraceRequest:
    """The request that arrives at the server's sidecar.

    Of the log only the addresses are taken, and whom the client's certificate names; TLS is what
    the client's cluster says, the rest what the client's trace says that it sends.
    """
    client = client_held(tracers, happening).outcome
    server, sent = happening["server"], happening["request"]
    source, source_port = split_host_port(server["downstream_remote"])
    destination, port = split_host_port(server["downstream_local"])
    tls = _tls(tracers[happening["pod"]], client.cluster, happening["client"]["endpoint"])
    facts: Json = {"direction": "inbound", "dst_ip": destination, "dst_port": port}
    facts |= {"src_ip": source, "src_port": source_port, "protocol": sent["protocol"], "tls": False}
    if tls is not None:
        certificate = CertificateFacts(dns_sans=(server["peer"],), trusted=True)
        facts |= {"tls": True, "sni": tls.sni, "alpn": tls.alpn, "client_certificate": certificate}
    if sent["protocol"] == "tcp":
        return TraceRequest(**facts)
    received = _as_sent_on(sent, client)
    # Sidecars of OSM speak HTTP/2 with each other, and say ALPN "osm".
    facts["protocol"] = "http/1.1" if tls is None else "h2"
    return TraceRequest(
        **facts,
        method=received["method"],
        host=received["host"],
        path=received["path"],
        headers={name: tuple(values) for name, values in received["headers"].items()},
    )


def differences(tracers: Tracers, happening: Json) -> Iterator[str]:
    """Yield everything that is otherwise than traced, at the client, the server and both ends."""
    if happening["client"]:
        yield from _named("client", client_held(tracers, happening).difference)
        if happening["server"]:
            yield from _named("server", server_held(tracers, happening).difference)
            yield from _named("server", sni_difference(tracers, happening))
        yield from _named("answer", answer_difference(tracers, happening))


def _named(side: str, difference: str) -> Iterable[str]:
    return (f"{side}: {difference}",) if difference else ()


def sni_difference(tracers: Tracers, happening: Json) -> str:
    """Say where the server name of the client's cluster is not the one that the server saw."""
    expected = server_request(tracers, happening).sni
    return _unequal("sni", expected, happening["server"]["sni"])


def answer_difference(tracers: Tracers, happening: Json) -> str:
    """Say where what the applications saw is not what the traces of both sidecars make of it."""
    client = client_held(tracers, happening).outcome
    server = server_held(tracers, happening).outcome if happening["server"] else None
    answer = happening["answer"]
    unseen = client.verdict == "forwarded" and server is None
    if happening["request"]["protocol"] == "tcp" or unseen:
        return ""
    if difference := _unequal("code", _expected_code(client, server), answer.get("code")):
        return difference
    body = answer.get("body")
    if server is None or not isinstance(body, dict):
        return ""
    expected = _as_sent_on(happening["request"], client, server)
    return "; ".join(_received_differences(expected, body))


def _expected_code(client: OutcomeAnswer, server: OutcomeAnswer | None) -> int | None:
    """The status that the calling application sees; None where its connection just ends."""
    if client.verdict == "responded":
        return client.response and client.response.code
    if server is None:
        return None
    if server.verdict == "responded":
        return server.response and server.response.code
    if server.verdict == "forwarded":
        return 200
    # The client's sidecar answers for a server that ends the connection, if it speaks HTTP itself.
    return 503 if client.virtual_host else None


def _received_differences(expected: Json, body: Json) -> Iterator[str]:
    for name in ("method", "host", "path"):
        if difference := _unequal(name, expected[name], body[name]):
            yield difference
    for name in sorted((set(expected["headers"]) | set(body["headers"])) - NEW_EACH_TIME):
        values = [each["headers"].get(name) for each in (expected, body)]
        if difference := _unequal(f"header {name}", *values):
            yield difference


def _as_sent_on(sent: Json, *hops: OutcomeAnswer) -> Json:
    """The request after the sidecars that it went through."""
    headers = {name.lower(): [value] for name, value in sent["headers"].items()}
    received = {**sent, "headers": headers}
    for hop in hops:
        changed = hop.upstream_request
        if changed is None:  # a TCP proxy passes every byte on
            continue
        for name in changed.removed_headers:
            headers.pop(name, None)
        headers.update({name: list(values) for name, values in changed.headers.items()})
        received |= {"method": changed.method, "host": changed.host, "path": changed.path}
    return received


def _tls(tracer: Tracer, cluster_name: str | None, endpoint: str) -> UpstreamTls | None:
    cluster = tracer.proxy.cluster(cluster_name or "")
    assert cluster is not None
    host = Host(address=endpoint)
    return upstream_tls(cluster, host, transport_socket_of(cluster, host).configuration)


def _held(answer: Answer, log: Json) -> Held:
    total = sum(outcome.probability for outcome in answer.outcomes)
    assert abs(total - 1) < 1e-9
    differences = [(_difference(outcome, log), outcome) for outcome in answer.outcomes]
    difference, outcome = max(differences, key=lambda each: _depth(each[0]))
    return Held(answer, outcome, difference)


def _depth(difference: str) -> int:
    """How far down the path two ways agree."""
    name = difference.partition(":")[0]
    return len(_DECIDED) if not difference else _DECIDED.index(name)


def _difference(outcome: OutcomeAnswer, log: Json) -> str:
    response = outcome.response
    said: Json = {
        "filter_chain": outcome.filter_chain or None,
        "virtual_host": outcome.virtual_host,
        "route": outcome.route,
        "cluster": outcome.cluster,
        "verdict": outcome.verdict,
        "response": response and (response.code, list(response.flags), response.details),
    }
    for name, value in _logged(log).items():
        if difference := _unequal(name, said[name], value):
            return difference
    addresses = [endpoint.address for endpoint in outcome.endpoints]
    if log["endpoint"] and log["endpoint"] not in addresses:
        return f"endpoint: {addresses!r}, Envoy {log['endpoint']!r}"
    return ""


def _logged(log: Json) -> Json:
    facts: Json = {name: log[name] for name in ("filter_chain", "virtual_host", "route", "cluster")}
    if log["endpoint"] and not log["term"]:
        return {**facts, "verdict": "forwarded", "response": None}
    verdict = "responded" if log["logger"] == "http" else "closed"
    response = (log["code"], log["flags"], log["term"] or log["details"])
    return {**facts, "verdict": verdict, "response": response}


def _unequal(name: str, said: object, happened: object) -> str:
    return "" if said == happened else f"{name}: {said!r}, Envoy {happened!r}"


def share_differences(tracers: Tracers, shares: Json) -> Iterable[str]:
    """Yield each cluster and endpoint whose count is too far from the share that a trace gives it.

    Too far is further than five standard deviations of a binomial distribution.
    """
    (tracer,) = (each for name, each in tracers.items() if name.endswith(f"/{shares['pod']}"))
    answer = tracer.answer(msgspec.convert(shares["request"], TraceRequest))
    expected: dict[str, dict[str, float]] = {"clusters": {}, "endpoints": {}}
    for outcome in answer.outcomes:
        expected["clusters"][str(outcome.cluster)] = outcome.probability
        for endpoint in outcome.endpoints:
            share = outcome.probability * endpoint.probability
            expected["endpoints"][endpoint.address] = share
    for kind, parts in expected.items():
        counts = shares[kind]
        for name in sorted(set(parts) | set(counts)):
            share, count = parts.get(name, 0.0), counts.get(name, 0)
            deviation = (share * (1 - share) * shares["sent"]) ** 0.5
            if abs(count - share * shares["sent"]) > 5 * deviation:
                yield f"{kind} {name}: {count} of {shares['sent']}, expected {share:.1%}"

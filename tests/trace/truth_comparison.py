"""Holds an answer against what a real Envoy logged and what its endpoint received."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.trace.answer import Answer, OutcomeAnswer
from osmscope.trace.request import TraceRequest
from osmscope.trace.tracer import Tracer

TRUTH = Path(__file__).parents[3] / "shared" / "truth"

IGNORED = {
    "host", "connection", "x-request-id", "content-length", "transfer-encoding", "x-case-id",
    "keep-alive", "proxy-connection", "upgrade", "te",
    "traceparent", "tracestate", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-parentspanid",
}  # fmt: skip
"""New for each request, of the connection alone, or the harness's own."""

NODE_IP = "192.0.2.2"
"""The address of the machine on which all of it was recorded, as its Envoys call it themselves: the
one fact that neither dumps nor requests hold, and that one who asks about his own sidecar knows."""

TIME_DEPENDENT = re.compile(r"local_rate_limited|upstream_reset|overflow")

Json = dict[str, Any]


class Case:
    """One sidecar with requests and what happened to each."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            text = zstandard.ZstdDecompressor().stream_reader(file).read()
        case = json.loads(text)
        self.name = path.name.removesuffix(".json.zst")
        self.requests: list[Json] = case["requests"]
        dump = Dump.read(json.dumps(case["config_dump"]).encode(), where=self.name)
        clusters = read_clusters(json.dumps(case["clusters"]).encode(), where=self.name)
        self.tracer = Tracer(Proxy(dump, clusters))

    @property
    def group(self) -> str:
        """`eg`, `osm`, `fuzz-chains`, …"""
        parts = self.name.split("-")
        return "-".join(parts[:2]) if parts[0] == "fuzz" else parts[0]

    def comparisons(self, node_ip: str | None = None) -> Iterator[tuple[Json, Answer, str]]:
        """Yield each request with its answer and the first difference, "" where they agree.

        Args:
            node_ip: What a caller says of Envoy's own address, which no dump holds.
        """
        for request in self.requests:
            truth = request["truth"]
            if not truth or TIME_DEPENDENT.search(truth.get("details") or ""):
                continue
            fields = {k: v for k, v in request.items() if k not in ("truth", "observed")}
            # The TCP peer was always the one that wrote the PROXY header.
            fields.setdefault("direct_src_ip", "127.0.0.1")
            fields.setdefault("node_ip", node_ip)
            answer = self.tracer.answer(msgspec.convert(fields, TraceRequest))
            yield request, answer, difference(request, answer)


def case_paths() -> list[Path]:
    """List the cases; empty where the folder is absent."""
    return sorted(TRUTH.glob("*.json.zst"))


def difference(request: Json, answer: Answer) -> str:
    """Say where the best outcome differs from what happened; "" where one agrees."""
    total = sum(outcome.probability for outcome in answer.outcomes)
    if abs(total - 1) > 1e-6:
        return f"probabilities add up to {total}"
    for field in ("filter_chain", "route"):
        if len({getattr(outcome, field) for outcome in answer.outcomes}) > 1:
            return f"several values of {field}"
    differences = [_outcome_difference(request, outcome) for outcome in answer.outcomes]
    if "" in differences:
        return ""
    return max(differences, key=_depth)


ORDER = (
    "filter_chain", "verdict", "route", "cluster", "code", "flags", "details", "location",
    "endpoint", "path", "host", "method", "header",
)  # fmt: skip


def _depth(text: str) -> int:
    return ORDER.index(text.split(":")[0].split(" ")[0])


def _outcome_difference(request: Json, outcome: OutcomeAnswer) -> str:
    truth = request["truth"]
    wanted = _wanted(truth)
    have = _have(outcome)
    denied = bool(outcome.response and outcome.response.details)
    if truth["kind"] == "tcp" and wanted["verdict"] == "forwarded" and not denied:
        # tcp_proxy had dialled: its log line is the same where the handshake fails after that.
        del wanted["verdict"]
    for field, value in wanted.items():
        if have[field] != value:
            return f"{field}: {have[field]!r}, Envoy {value!r}"
    addresses = [endpoint.address for endpoint in outcome.endpoints]
    # What overflows had picked its endpoint, but is not sent there.
    endpoint = None if _overflows(truth) else truth.get("endpoint")
    if endpoint and endpoint not in addresses:
        return f"endpoint: {addresses!r}, Envoy {endpoint!r}"
    response = request["observed"].get("response")
    if response and response.get("upstream"):
        return _upstream_difference(request, outcome, response["upstream"])
    return ""


def _overflows(truth: Json) -> bool:
    details = truth.get("details") or ""
    return "{overflow}" in details or "Secret_is_not_supplied_by_SDS" in details


def _wanted(truth: Json) -> Json:
    flags = [] if truth.get("flags", "-") == "-" else truth["flags"].split(",")
    refused = truth.get("term") or _overflows(truth)
    forwarded = bool(truth.get("endpoint")) and not refused
    wanted: Json = {
        "filter_chain": truth.get("filter_chain", ""),
        "verdict": "forwarded",
        "route": truth.get("route"),
        "cluster": truth.get("cluster"),
    }
    if not forwarded:
        wanted["verdict"] = "responded" if truth["kind"] == "http" else "closed"
        wanted |= {
            "code": truth.get("code", 0),
            "flags": flags,
            "details": truth.get("term") or truth.get("details") or None,
            "location": truth.get("location"),
        }
    return wanted


def _have(outcome: OutcomeAnswer) -> Json:
    response = outcome.response
    return {
        "filter_chain": outcome.filter_chain or "",
        "verdict": outcome.verdict,
        "route": outcome.route,
        "cluster": outcome.cluster,
        "code": response and response.code,
        "flags": list(response.flags) if response else [],
        "details": response and response.details,
        "location": response and response.location,
    }


def _upstream_difference(request: Json, outcome: OutcomeAnswer, upstream: Json) -> str:
    sent = outcome.upstream_request
    if sent is None:
        return "path: no upstream request"
    received: dict[str, list[str]] = {}
    for name, value in upstream["headers"]:
        received.setdefault(name.lower(), []).append(value)
    hosts = [endpoint.host or sent.host for endpoint in outcome.endpoints]
    for name, have, value in (
        ("method", [sent.method], upstream["method"]),
        ("path", [sent.path], upstream["path"]),
        ("host", hosts, received.get("host", [""])[0]),
    ):
        if value not in have:
            return f"{name}: {have!r}, Envoy {value!r}"
    expected = _expected_headers(request, outcome)
    names = (set(expected) | set(received)) - IGNORED
    for name in sorted(names):
        if expected.get(name) != received.get(name):
            return f"header {name}: {expected.get(name)!r}, Envoy {received.get(name)!r}"
    return ""


def _expected_headers(request: Json, outcome: OutcomeAnswer) -> Mapping[str, list[str]]:
    expected: dict[str, list[str]] = {}
    for name, values in (request.get("headers") or {}).items():
        lines = [values] if isinstance(values, str) else values
        if lines and not name.startswith(":"):
            expected.setdefault(name.lower(), []).extend(lines)
    sent = outcome.upstream_request
    assert sent is not None
    for name in sent.removed_headers:
        expected.pop(name, None)
    expected.update({name: list(values) for name, values in sent.headers.items()})
    return expected

"""The real dumps beside the checkout, and how a test asks them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.trace.answer import Answer, OutcomeAnswer
from osmscope.trace.completion import Completion
from osmscope.trace.inference import Destinations
from osmscope.trace.request import TraceRequest
from osmscope.trace.tracer import Tracer

Json = dict[str, Any]

MESH_NAME = "httpbin.httpbin.svc.cluster.local"


def read(shared: Path, name: str) -> Json:
    """Read a real dump by name; the caller may change what it gets."""
    (path,) = shared.glob(f"*-dumps/{name}.json")
    content: Json = json.loads(path.read_bytes())
    return content


def proxy_of(dump: Json) -> Proxy:
    return Proxy(Dump.read(json.dumps(dump).encode(), where="dump"))


def trace(dump: Json, **facts: object) -> tuple[Answer, OutcomeAnswer]:
    """Trace a request that has one outcome, completed as the command line does."""
    proxy = proxy_of(dump)
    request, _ = Completion(Destinations(proxy)).complete(msgspec.convert(facts, TraceRequest))
    answer, explanation = Tracer(proxy).explain(request)
    assert explanation.steps
    (outcome,) = answer.outcomes
    return answer, outcome


def end(outcome: OutcomeAnswer) -> str:
    """Say in a word or two how a request ends."""
    if outcome.response is None:
        addresses = [endpoint.address for endpoint in outcome.endpoints]
        return " ".join([outcome.verdict, *addresses])
    return f"{outcome.response.code} {outcome.response.details}"


def inbound(**changes: object) -> Json:
    """The request of the pair's client, as it arrives at the server."""
    return {
        "direction": "inbound",
        "dst_ip": "10.244.0.9",
        "dst_port": 14001,
        "sni": MESH_NAME,
        "alpn": ("osm",),
        "client_certificate": {"dns_sans": ["curl.curl.cluster.local"], "trusted": True},
        "protocol": "h2",
        "host": "httpbin.httpbin:14001",
        **changes,
    }

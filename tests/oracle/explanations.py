"""Whether what an answer assumed is the reason why it differs from Envoy.

That an answer is not exact is no excuse by itself. Each assumption that may cost agreement has its
check here: the answer has to agree once the assumed fact is replaced by what Envoy did. All others
explain nothing, so an answer that rests on them has to agree.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from osmscope.dump.clusters import read_clusters
from osmscope.dump.sections import Dump
from osmscope.resources.proxy import Proxy
from osmscope.trace.answer import Answer, OutcomeAnswer, UpstreamRequest
from osmscope.trace.tracer import Tracer
from tests.oracle.agreement import Verdict, recorded, trace_request
from tests.oracle.case import Json
from tests.oracle.envoy_batch import Batch
from tests.trace.truth_comparison import difference

_CERTIFICATE_TEXTS = re.compile(r'(?:By|Hash|Cert|Chain)=(?:"[^"]*"|[^;]*)(?:;|$)')

_OF_TOKENS = r"jwt_authn_access_denied\{.*\}|via_upstream|route_not_found"
_HEADER = re.compile('header "([^"]*)" names the client')
_COMMAND = re.compile("(?:the header command|a header is set without) (%.*%)(?: is|, which is) ")
_NOTHING = UpstreamRequest(method="", host=None, path="", headers={})
_CHAIN = re.compile("Envoy takes this filter chain, though ([a-z_]*prefix_ranges) of one")


def unexplained(verdict: Verdict, batch: Batch) -> bool:
    """Whether an answer differs for no reason that it gives."""
    if not verdict.difference:
        return False
    if verdict.answer.exact:
        return True
    explains = [
        check(verdict, batch)
        for words, check in _CHECKS.items()
        if any(words in text for text in verdict.answer.assumptions)
    ]
    return not any(explains)


def _of_the_chain(verdict: Verdict, batch: Batch) -> bool:
    """An empty field and one that holds every address are the same key: Envoy takes one of both."""
    return _agrees_one_way(verdict, batch, verdict.answer, json.loads(batch.config_dump))


def _agrees_one_way(verdict: Verdict, batch: Batch, answer: Answer, dump: Json) -> bool:
    found = next(filter(None, map(_CHAIN.match, answer.assumptions)), None)
    if found is None:
        return not difference(recorded(verdict.outcome, answer), answer)
    ways = [copy.deepcopy(dump), copy.deepcopy(dump)]
    for way, is_empty in zip(ways, (True, False), strict=True):
        _leave_out(way, verdict.result.listener, found[1], is_empty)
    return any(_agrees_one_way(verdict, batch, _ask(verdict, batch, way), way) for way in ways)


def _leave_out(dump: Json, listener: str, field: str, is_empty: bool) -> None:
    """Take the chains whose field is empty out of a listener, or those with every address in it."""
    config = next(
        entry["active_state"]["listener"]
        for section in dump["configs"]
        for entry in section.get("dynamic_listeners", ())
        if entry.get("name") == listener
    )
    kept = []
    for chain in config["filter_chains"]:
        match = chain.setdefault("filter_chain_match", {})
        ranges = match.get(field, [])
        if ranges and not is_empty:
            match[field] = [one for one in ranges if one.get("prefix_len")]
        if match.get(field) or (not is_empty and not ranges):
            kept.append(chain)
    config["filter_chains"] = kept


def _ask(verdict: Verdict, batch: Batch, dump: Json) -> Answer:
    clusters = read_clusters(batch.clusters, where="clusters")
    proxy = Proxy(Dump.read(json.dumps(dump).encode(), where="config_dump"), clusters)
    request = trace_request(verdict.result, verdict.outcome.request, batch.node_ip)
    return Tracer(proxy).answer(request)


def _of_the_certificate(verdict: Verdict, batch: Batch) -> bool:
    """The answer agrees once the texts that nobody knows are taken out of what was received."""
    truth = copy.deepcopy(recorded(verdict.outcome, verdict.answer))
    response = truth["observed"]["response"] or {}
    for pair in (response.get("upstream") or {}).get("headers", ()):
        if pair[0] == "x-forwarded-client-cert":
            sent, comma, appended = pair[1].rpartition(",")
            known = _CERTIFICATE_TEXTS.sub("", appended).rstrip(";")
            pair[1] = sent + comma + known if known else sent
    return not difference(truth, verdict.answer)


def _by_details(pattern: str) -> Callable[[Verdict, Batch], bool]:
    """The filter itself says in the details of its reply that it refuses what was assumed."""

    def check(verdict: Verdict, batch: Batch) -> bool:
        details = (verdict.outcome.truth or {}).get("details") or ""
        return re.fullmatch(pattern, details) is not None

    return check


def _of_one_header(verdict: Verdict, batch: Batch) -> bool:
    """The answer agrees but for a header that it names as not known."""
    named = [_HEADER.match(text) for text in verdict.answer.assumptions]
    names = {found[1] for found in named if found is not None}
    return _agrees_but_for(names, verdict)


def _agrees_but_for(names: set[str], verdict: Verdict) -> bool:
    """Whether an answer agrees once headers are left out of both."""
    truth = copy.deepcopy(recorded(verdict.outcome, verdict.answer))
    sent = truth.get("headers", {})
    truth["headers"] = {name: value for name, value in sent.items() if name.lower() not in names}
    upstream = (truth["observed"]["response"] or {}).get("upstream") or {}
    received = upstream.get("headers", [])
    received[:] = [pair for pair in received if pair[0] not in names]
    if "host" in names:
        received.append(["host", (verdict.answer.outcomes[0].upstream_request or _NOTHING).host])
    outcomes = tuple(_without(outcome, names) for outcome in verdict.answer.outcomes)
    return not difference(truth, msgspec.structs.replace(verdict.answer, outcomes=outcomes))


def _but_for(*names: str) -> Callable[[Verdict, Batch], bool]:
    """Only the headers differ that the assumption is about."""

    def check(verdict: Verdict, batch: Batch) -> bool:
        return _agrees_but_for(set(names), verdict)

    return check


def _of_the_session(verdict: Verdict, batch: Batch) -> bool:
    """Envoy did not take the endpoint that the session names: it refused, or balanced."""
    truth = recorded(verdict.outcome, verdict.answer)
    if truth["truth"].get("details") == "no_healthy_upstream":
        return True
    headers = verdict.outcome.request.get("headers", {})
    kept = {name: headers[name] for name in headers if name not in ("x-session", "cookie")}
    outcome = msgspec.structs.replace(
        verdict.outcome, request=verdict.outcome.request | {"headers": kept}
    )
    other = msgspec.structs.replace(verdict, outcome=outcome)
    truth["observed"] = {"response": None, "error": None}
    return not difference(truth, _ask(other, batch, json.loads(batch.config_dump)))


def _of_a_command(verdict: Verdict, batch: Batch) -> bool:
    """The answer agrees but for headers that hold a command that it names as not known."""
    named = [found[1] for found in map(_COMMAND.match, verdict.answer.assumptions) if found]
    names = {
        option["key"].lower()
        for option in _objects(verdict.result.case.listener, "key")
        if any(command in option.get("value", "") for command in named)
    }
    actions = _objects(verdict.result.case.listener, "host_rewrite_header")
    if any(action["host_rewrite_header"].lower() in names for action in actions):
        names.add("host")
    return _agrees_but_for(names, verdict)


def _objects(tree: Any, name: str) -> Iterator[Json]:
    """Yield every object that has a text of this name."""
    if isinstance(tree, dict) and isinstance(tree.get(name), str):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(part, dict | list):
            yield from _objects(part, name)


def _without(outcome: OutcomeAnswer, names: set[str]) -> OutcomeAnswer:
    if outcome.upstream_request is None:
        return outcome
    headers = outcome.upstream_request.headers
    kept = {name: values for name, values in headers.items() if name not in names}
    sent = msgspec.structs.replace(outcome.upstream_request, headers=kept)
    return msgspec.structs.replace(outcome, upstream_request=sent)


def _of_equal_keys(verdict: Verdict, batch: Batch) -> bool:
    """Another endpoint with the key of the one that Envoy took is in the answer."""
    truth = copy.deepcopy(recorded(verdict.outcome, verdict.answer))
    keys = {
        f"{address['address']}:{batch.endpoint_port}": _hash_keys(endpoint)
        for cluster in verdict.result.case.clusters
        for locality in cluster["load_assignment"]["endpoints"]
        for endpoint in locality["lb_endpoints"]
        for address in [endpoint["endpoint"]["address"]["socket_address"]]
    }
    taken = keys[truth["truth"]["endpoint"]]
    for address, own in keys.items():
        truth["truth"]["endpoint"] = address
        if own & taken and not difference(truth, verdict.answer):
            return True
    return False


def _hash_keys(endpoint: Json) -> set[str]:
    metadata = endpoint["metadata"]["filter_metadata"]["envoy.lb"]
    return {metadata.get("hash_key"), endpoint["endpoint"].get("hostname")} - {None}


_CHECKS = {
    "the host was asked for before": _by_details(r"cares_success:.*"),
    ", for which Envoy asks DNS is not known": _by_details(r"dns_resolution_failure\{.*\}"),
    "the endpoint answers before the time of grpc-timeout": _by_details("max_duration_timeout"),
    "the header command": _of_a_command,
    "a header is set without": _of_a_command,
    "of endpoints with the same hash key": _of_equal_keys,
    "that the session names is": _of_the_session,
    "writes the tags in the order": _but_for("x-envoy-ip-tags", "x-tags"),
    "the request has a body, which": _but_for("content-encoding"),
    "the OAuth2 session of": _by_details(r"oauth\.missing_credentials"),
    "the rate limit service of": _by_details("rate_limiter_error"),
    "has a token left in": _by_details("local_rate_limited"),
    "Envoy takes this filter chain, though": _of_the_chain,
    "the API key is one that": _by_details("unknown_api_key|client_not_allowed"),
    "the user and password in": _by_details("invalid_credential_for_basic_auth"),
    "Envoy looks at the request's tokens in the order": _by_details(_OF_TOKENS),
    "of the providers that have the same issuer": _by_details(_OF_TOKENS),
    "the signature of the token": _by_details("jwt_authn_access_denied{Jwt_verification_fails}"),
    "names the client, who is not known": _of_one_header,
    "x-forwarded-client-cert has By, Hash and certificate texts too": _of_the_certificate,
}

"""Holds what osmscope says of a request beside where it goes against what Envoy did.

Retries, copies, redirects, protocols and limits of time are steps of the explanation: each is read
as a user reads it, and has to be what the endpoints received and the access log says.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator

import msgspec

from osmscope.trace.answer import Answer, Step
from osmscope.trace.sidecar import Sidecar
from tests.oracle.case import Case, Json, Outcome

ASKING = "x-answer"
"""The header that tells the stand-in what to answer."""

UNREACHABLE = 1
"""A port on which nobody listens."""


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """One request, with what osmscope says of it and what happened."""

    case: Case
    outcome: Outcome
    sidecar: Sidecar
    answer: Answer
    steps: tuple[Step, ...]

    @property
    def truth(self) -> Json:
        """Envoy's access log."""
        return self.outcome.truth or {}

    @property
    def asked(self) -> Json:
        """What the stand-in was told to answer."""
        wanted: Json = json.loads(self.outcome.request.get("headers", {}).get(ASKING, "{}"))
        return wanted

    @property
    def is_refused(self) -> bool:
        """Whether nobody listens where it goes."""
        return (self.truth.get("endpoint") or "").endswith(f":{UNREACHABLE}")

    def of(self, kind: str) -> list[Step]:
        """The steps of a kind."""
        return [step for step in self.steps if step.kind == kind]


class Checked(msgspec.Struct, frozen=True):
    """What was compared."""

    rule: str
    """The rule that says it, as a path within `osmscope/rules`."""
    difference: str = ""


Check = Callable[[Explained], Iterator[Checked]]


def check_retries(one: Explained) -> Iterator[Checked]:
    """The request is tried as often as the step says, where its conditions hold."""
    if "attempts" not in one.truth or one.truth.get("upstream_protocol") == "HTTP/2":
        return
    steps = one.of("retries")
    expected = 1
    if steps and _is_retried(steps[0], one):
        expected += int(steps[0].chosen.removeprefix("up to "))
    attempts = int(one.truth["attempts"])
    words = f"attempts: {expected} by {steps}, Envoy {attempts}"
    yield Checked("retry_policy.py", "" if attempts == expected else words)


_COVERING = {
    500: {"5xx"},
    502: {"5xx", "gateway-error"},
    503: {"5xx", "gateway-error"},
    409: {"retriable-4xx"},
}
_GRPC = {"1": "cancelled", "4": "deadline-exceeded", "13": "internal", "8": "resource-exhausted",
         "14": "unavailable"}  # fmt: skip
_REFUSED = {"5xx", "gateway-error", "connect-failure", "reset", "reset-before-request"}


def _is_retried(step: Step, one: Explained) -> bool:
    """Whether the answer that the endpoint gives is one of those that a step names."""
    if step.chosen == "none" or "the circuit breaker lets none run at a time" in step.notes:
        return False
    conditions = set(step.reason.removeprefix("on ").split(", "))
    if one.is_refused:
        return bool(conditions & _REFUSED)
    code = one.asked.get("code", 200)
    headers = one.asked.get("headers", {})
    covering = _COVERING.get(code, set()) | {_GRPC.get(headers.get("grpc-status", ""), "")}
    for note in step.notes:
        listed = re.fullmatch(r"retriable_status_codes (.*)", note)
        if listed and str(code) in listed[1].split(", "):
            covering.add("retriable-status-codes")
        listed = re.fullmatch(r"retriable_headers of the response: (.*)", note)
        if listed and set(listed[1].split(", ")) & headers.keys():
            covering.add("retriable-headers")
    return bool(conditions & covering)


def check_redirects(one: Explained) -> Iterator[Checked]:
    """The endpoint's redirects are followed as often as the step says, and no others."""
    headers = one.asked.get("headers", {})
    answered = one.truth.get("details") in ("via_upstream", "internal_redirect")
    if "location" not in headers or not answered or one.truth.get("attempts") != 1:
        return
    followed = len([sent for sent in one.outcome.received if not _is_copy(sent)]) - 1
    most = 0
    step = next(iter(one.of("internal_redirect")), None)
    if step is not None and _is_followed(step, one.asked["code"], headers["location"]):
        most = int(step.chosen.removeprefix("up to "))
    words = f"redirects: {most} by {step}, Envoy {followed}"
    yield Checked("internal_redirect.py", "" if followed == most else words)


def _is_followed(step: Step, code: int, location: str) -> bool:
    listed = re.search("follows ([0-9, ]+) of the endpoint", step.reason)
    assert listed is not None
    scheme = location.partition("://")[0]
    is_allowed = scheme == "http" or "also to another scheme" in step.notes
    return str(code) in listed[1].split(", ") and "://" in location and is_allowed


def check_mirrors(one: Explained) -> Iterator[Checked]:
    """Each cluster of a step gets its copy, and no other one does."""
    if one.truth.get("details") == "internal_redirect":
        return  # each of the redirected requests is copied again
    sent = Counter(_host_of(copy) for copy in one.outcome.received if _is_copy(copy))
    steps = [step for step in one.of("mirror") if "no copy" not in step.reason]
    told = [(step.chosen.rpartition("-")[0], *_copied_as(step)) for step in steps]
    least = Counter((name, host) for name, host, is_certain in told if is_certain)
    most = Counter((name, host) for name, host, _ in told)
    words = f"copies: {told}, Envoy {dict(sent)}"
    yield Checked("request_mirror.py", "" if least <= sent <= most else words)


def _copied_as(step: Step) -> tuple[str, bool]:
    found = re.fullmatch("gets a copy as (.*?)( in [0-9.]+ %)?; its answer is dropped", step.reason)
    assert found is not None, step.reason
    return found[1], found[2] is None


COPIES = {"127.9.101.1": "mirror", "127.9.102.1": "other"}
"""The endpoints of clusters that get copies alone."""


def _is_copy(sent: Json) -> bool:
    return sent["address"].partition(":")[0] in COPIES


def _host_of(copy: Json) -> tuple[str, str]:
    headers = {name.lower(): value for name, value in copy["headers"]}
    return COPIES[copy["address"].partition(":")[0]], headers.get("host", "")


def check_protocol(one: Explained) -> Iterator[Checked]:
    """The endpoint is spoken to with the protocol that the step names, HTTP/1.1 where none."""
    steps = one.of("upstream_tls")
    spoken = one.truth.get("upstream_protocol")
    if not steps or spoken is None:
        return
    told = "HTTP/2" if "HTTP/2" in steps[0].reason else "HTTP/1.1"
    words = f"protocol: {told} by {steps[0].reason!r}, Envoy {spoken}"
    yield Checked("upstream_protocol.py", "" if told == spoken else words)


def check_policies(one: Explained) -> Iterator[Checked]:
    """All of what becomes of a forwarded request."""
    if one.truth.get("endpoint"):
        yield from check_retries(one)
        yield from check_redirects(one)
        yield from check_mirrors(one)
        yield from check_protocol(one)


def check_time_limits(one: Explained) -> Iterator[Checked]:
    """The shortest limit of time is the one that ends the request, or the connection."""
    steps = one.of("time_limits")
    if not steps or not one.asked.get("silent") or one.is_refused:
        return
    is_tcp = one.truth["kind"] == "tcp"
    limits = [note.split(": ", 1)[1] for note in steps[0].notes if not note.startswith(_UNTIMED)]
    told = min(limits, key=_milliseconds).partition(", then ")[2]
    flags = "" if one.truth.get("flags", "-") == "-" else f"({one.truth['flags']}) "
    code = "closed" if is_tcp else one.truth.get("code")
    details = one.truth.get("local_close" if is_tcp else "details", "")
    ended = f"{code} {flags}{details}"
    rule = "tcp_time_limits.py" if is_tcp else "time_limits.py"
    yield Checked(rule, "" if told == ended else f"limit: {told!r} of {limits}, Envoy {ended!r}")


_UNTIMED = ("connecting", "a try that takes too long")
"""What the notes of limits say beside them, or of what is not slow here."""


def _milliseconds(words: str) -> float:
    number, unit = words.split(" ")[:2]
    return float(number) * {"ms": 1, "s": 1000, "min": 60_000}[unit]


def check_dials(one: Explained) -> Iterator[Checked]:
    """A `tcp_proxy` dials as often as the step says where nobody listens."""
    if one.truth["kind"] == "tcp" and "attempts" in one.truth:
        steps = one.of("retries")
        most = int(steps[0].chosen.removeprefix("up to ")) if steps else 1
        told, attempts = most if one.is_refused else 1, int(one.truth["attempts"])
        words = f"dials: {told} by {steps}, Envoy {attempts}"
        yield Checked("tcp_time_limits.py", "" if told == attempts else words)


def check_limits(one: Explained) -> Iterator[Checked]:
    """Both of it."""
    yield from check_time_limits(one)
    yield from check_dials(one)


def check_tls(one: Explained) -> Iterator[Checked]:
    """The endpoint that the step is about is offered the name and protocols that it says."""
    steps = one.of("upstream_tls")
    endpoints = one.answer.outcomes[0].endpoints
    sent = [sent for sent in one.outcome.received if endpoints[:1] and
            sent["address"] == endpoints[0].address]  # fmt: skip
    if not steps or not sent:
        return
    spoken = sent[0].get("tls")
    told: Json | None = None
    if steps[0].chosen.startswith("TLS"):
        words = re.fullmatch(r"(no SNI|SNI (.*?))(, ALPN ([^;]*))?(; HTTP/.*)?", steps[0].reason)
        assert words is not None, steps[0].reason
        told = {"sni": words[2] or "", "alpn": words[4].split(", ") if words[4] else []}
    difference = f"tls: {told} by {steps[0]}, Envoy {spoken}"
    # Connections are shared by requests whose names differ by case alone.
    agrees = json.dumps(told).lower() == json.dumps(spoken).lower()
    yield Checked("transport_socket.py", "" if agrees else difference)


_LIMITED_BY = "x-ratelimit-limit"


def check_buckets(one: Explained) -> Iterator[Checked]:
    """A request is counted in a bucket that is named, or in none; a service is asked if named."""
    if one.truth.get("details") == _UNASKED or one.outcome.response is None:
        return
    told = [text for text in one.answer.assumptions if text.startswith("the local rate limit")]
    sizes = [size for text in told for size in re.findall(r"\(([0-9]+) tokens", text)]
    headers = dict(one.outcome.response["headers"])
    size = headers[_LIMITED_BY].partition(",")[0] if _LIMITED_BY in headers else None
    agrees = size in sizes or (size is None and not sizes)
    words = f"bucket: {told}, Envoy {size}"
    for rule in ("rate_limit_descriptors.py", "http_filters/local_ratelimit.py"):
        yield Checked(rule, "" if agrees else words)
    told = [text for text in one.answer.assumptions if text.startswith("the rate limit service")]
    if one.truth.get("details") == "local_rate_limited":
        return
    words = f"service: {told}, Envoy did not ask"
    for rule in ("rate_limit_descriptors.py", "http_filters/ratelimit.py"):
        yield Checked(rule, words if told else "")


_UNASKED = "rate_limiter_error"
"""What is answered where the service has to be asked, which is not there."""

"""What a trace answers: the stable JSON form, and the explanation beside it.

`Answer` without its explanation is one output line of the batch contract, schema 1.
"""

from typing import Literal

import msgspec

SCHEMA = 1

Verdict = Literal["forwarded", "responded", "closed", "unknown"]


class EndpointShare(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One endpoint and how likely it is picked, within its outcome."""

    address: str
    probability: float
    priority: int
    health: str
    host: str | None = None
    """The authority it receives, where `auto_host_rewrite` makes it differ by endpoint."""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What Envoy answers or logs by itself, as its access log prints it."""

    code: int
    flags: tuple[str, ...] = ()
    details: str | None = None
    location: str | None = None
    reason: str | None = None
    """Why, in words."""


class UpstreamRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the endpoint receives."""

    method: str
    host: str | None
    path: str
    headers: dict[str, tuple[str, ...]]
    """Every header that it receives and that the client did not send like that."""
    removed_headers: tuple[str, ...] = ()


class OutcomeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One way the request can go."""

    probability: float
    verdict: Verdict
    listener: str | None = None
    filter_chain: str | None = None
    route_config: str | None = None
    virtual_host: str | None = None
    route: str | None = None
    route_index: int | None = None
    cluster: str | None = None
    endpoints: tuple[EndpointShare, ...] = ()
    response: Response | None = None
    upstream_request: UpstreamRequest | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One that was not chosen, and the one reason why."""

    name: str
    reason: str
    fields: tuple[str, ...] = ()
    """The fields that decided, as paths within the candidate."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One decision on the path."""

    kind: str
    """`inference`, `interception`, `listener`, `listener_filters`, `filter_chain`, `tls`,
    `network_filter`, `connection_manager`, `route_config`, `virtual_host`, `route`,
    `http_filter`, `time_limits`, `retries`, `internal_redirect`, `mirror`, `cluster`, `endpoint`,
    `upstream_tls`, `upstream_filter`, `upstream_request` or `response`."""
    chosen: str
    """The name of what was chosen; "" where nothing was."""
    reason: str = ""
    """By which criterion, in words."""
    fields: tuple[str, ...] = ()
    losers: tuple[Candidate, ...] = ()
    more_losers: int = 0
    """How many further losers are not listed."""
    notes: tuple[str, ...] = ()
    outcome: int | None = None
    """The index of the outcome it belongs to; None where it belongs to all."""
    failed: bool = False
    """Whether the path ends here without an endpoint."""


class NearMiss(msgspec.Struct, frozen=True, kw_only=True):
    """Something close that the request would hit with one change."""

    what: str
    """The candidate: 'virtual host "bookstore"'."""
    change: str
    """What to change in the request, in the imperative: 'use host "bookstore:14001"'."""
    request: dict[str, object] = {}
    """The change as fields of a request line."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All outcomes of one request, and what they rest on."""

    schema: int = SCHEMA
    id: str | int | None
    exact: bool
    assumptions: tuple[str, ...]
    outcomes: tuple[OutcomeAnswer, ...]
    intercepted: bool | msgspec.UnsetType = msgspec.UNSET
    """False where the request goes past the sidecar; not there where it does not, or nobody
    knows."""


class Counter(msgspec.Struct, frozen=True):
    """Something that a sidecar counts on the way of a request."""

    scope: str
    """What its name starts with, as "cluster.a"."""
    metric: str
    """The rest of its name, as "upstream_cx_connect_fail"."""
    words: str
    """What it counts."""

    @property
    def name(self) -> str:
        """As the sidecar's `/stats` names it."""
        return f"{self.scope}.{self.metric}"


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why: every decision with its losers, and what is close where the request misses."""

    steps: tuple[Step, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    counters: tuple[Counter, ...] = ()
    """What is counted on the way, in its order."""


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a line that could not be read."""

    schema: int = SCHEMA
    id: str | int | None
    error: str
